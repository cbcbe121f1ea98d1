import { eq, sql } from 'drizzle-orm';
import type { CanaryRun } from '#domain/detection/canary.ts';
import type { Project } from '../repositories/record.ts';
import { canaryRuns } from '../schema/index.ts';
import { newest } from './newest.ts';

/** A canary run's row. */
export const projectCanary: Project = async (tx, id, transitions) => {
  const run = newest(transitions).state as unknown as CanaryRun;
  await tx
    .update(canaryRuns)
    .set({
      version: run.version,
      status: run.status,
      state: run,
      updatedAt: sql`now()`,
      ...(run.status === 'done' ? { closedAt: sql`coalesce(${canaryRuns.closedAt}, now())` } : {}),
    })
    .where(eq(canaryRuns.id, id));
};
