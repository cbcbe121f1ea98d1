import { eq } from 'drizzle-orm';
import type { CanaryRun } from '#domain/detection/canary.ts';
import { minuteMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { insertCanaryRun } from '#db/repositories/canary-runs.ts';
import { leaveCommand } from '#db/repositories/commands.ts';
import { canaryRuns } from '#db/schema/index.ts';
import type { CaseWorld } from './case-world.ts';
import { eventually } from './vigil.ts';

export interface PlantedCanary {
  readonly canaryId: string;
  readonly accountRef: string;
  readonly detector: string;
}

/** Starts a canary for a detector version as the API does, with a quarter of an hour, and waits for its event. */
export async function plantCanary(
  world: CaseWorld,
  detector: string,
  launchId: string | null = null,
): Promise<PlantedCanary> {
  const { db, productId, teamId } = world;
  const canaryId = newId('canary');
  const run = { launchId, productId, detectorVersionId: detector };
  await db.transaction(async (tx) => {
    await insertCanaryRun(tx, { id: canaryId, ...run, teamId });
    await leaveCommand(tx, {
      mode: 'start',
      name: 'open',
      kind: 'canary',
      aggregateId: canaryId,
      idempotencyKey: `open:${canaryId}`,
      priority: 2,
      input: { canaryId, ...run, deadlineMs: 15 * minuteMs, requirementId: 'RS-04' },
    });
  });
  const { accountRef } = await canaryWhen(world, canaryId, ({ reachedAt }) => reachedAt.injected !== null);
  return { canaryId, accountRef, detector };
}

type Row = Omit<typeof canaryRuns.$inferSelect, 'state'> & { readonly state: CanaryRun };

/** Waits until a canary run is as wanted. */
export const canaryWhen = (
  world: CaseWorld,
  canaryId: string,
  is: (run: CanaryRun, row: Row) => boolean,
): Promise<Row> =>
  eventually(`canary ${canaryId}: ${is.toString()}`, async () => {
    const [row] = await world.db.select().from(canaryRuns).where(eq(canaryRuns.id, canaryId));
    const known = row?.state ? ({ ...row, state: row.state } as Row) : null;
    return known && is(known.state, known) ? known : null;
  });
