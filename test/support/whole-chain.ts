import { and, asc, eq, isNotNull } from 'drizzle-orm';
import { expect } from 'vitest';
import type { Database } from '#db/client.ts';
import { auditEvents, escalations } from '#db/schema/index.ts';

/** Every version of an escalation stands in its chain once, in order, and its row is as new as the chain: at one moment. */
export async function expectWholeChain(db: Database, escalationId: string): Promise<void> {
  const { versions, row } = await db.transaction(
    async (tx) => ({
      versions: await tx
        .select({ version: auditEvents.version })
        .from(auditEvents)
        .where(and(eq(auditEvents.aggregateId, escalationId), isNotNull(auditEvents.version)))
        .orderBy(asc(auditEvents.seq)),
      row: await tx.select({ version: escalations.version }).from(escalations).where(eq(escalations.id, escalationId)),
    }),
    { isolationLevel: 'repeatable read' },
  );
  expect(versions).toEqual(versions.map((_, index) => ({ version: index + 1 })));
  expect(row).toEqual([{ version: versions.length }]);
}
