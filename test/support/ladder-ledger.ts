import { and, asc, eq } from 'drizzle-orm';
import { expect } from 'vitest';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { Database } from '#db/client.ts';
import { neverLeft } from '#db/repositories/deliveries.ts';
import { carrierFailed } from '#db/repositories/receipts.ts';
import { auditEvents, deliveries, escalations } from '#db/schema/index.ts';

/** One escalation as the tables hold it. */
export interface LadderLedger {
  readonly ladder: Ladder;
  readonly events: readonly (typeof auditEvents.$inferSelect)[];
  readonly deliveries: readonly (typeof deliveries.$inferSelect)[];
  /** The audit events of pages, each written just before the call. */
  readonly started: readonly (typeof auditEvents.$inferSelect)[];
}

/** Reads an escalation and asserts that its state, its log and its pages tell the same. */
export async function readLedger(db: Database, escalationId: string): Promise<LadderLedger> {
  const events = await db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.aggregateKind, 'escalation'), eq(auditEvents.aggregateId, escalationId)))
    .orderBy(asc(auditEvents.seq));
  const pages = await db
    .select()
    .from(deliveries)
    .where(eq(deliveries.escalationId, escalationId))
    .orderBy(asc(deliveries.startedAt));
  const [row] = await db.select().from(escalations).where(eq(escalations.id, escalationId));
  const ladder = row?.state as Ladder;

  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const versions = events.flatMap(({ version }) => (version === null ? [] : [version]));
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  expect(row).toMatchObject({ version: ladder.version, status: ladder.status });
  expect(ladder.version).toBe(versions.at(-1));

  const started = events.filter(({ action }) => action === 'escalation.pageStarted');
  const ofPages = pages.filter(({ kind }) => kind !== 'resolved');
  const wasStarted = ({ status, errorCode }: (typeof ofPages)[number]) =>
    status !== 'held' && status !== 'bundled' && errorCode !== neverLeft && errorCode !== carrierFailed;
  expect(started.map(({ cause }) => cause ?? '').toSorted()).toEqual(
    ofPages
      .filter(wasStarted)
      .map((page) => page.effectKey)
      .toSorted(),
  );
  const { in_flight: inFlight, sent, superseded, bundled, started: ordered } = ladder.counts;
  const failed = ladder.counts.failed_permanent + ladder.counts.failed_transient;
  const elsewhere = superseded + bundled;
  expect(inFlight + sent + ladder.counts.delivered + ladder.counts.unknown + elsewhere + failed).toBe(ordered);
  expect(ofPages.filter(({ status }) => status === 'sent')).toHaveLength(sent);
  for (const page of ladder.pages.filter(({ result }) => result !== 'in_flight')) {
    const ledger = ofPages.find(({ effectKey }) => effectKey === page.key);
    const result = page.result.startsWith('failed') ? 'failed' : page.result;
    expect(ledger?.status ?? 'superseded', page.key).toBe(result);
  }
  return { ladder, events, deliveries: pages, started };
}

/** Pages that started after the record of that version: none may, of a complete stop. */
export const startedAfter = ({ events, started }: LadderLedger, version: number) => {
  const seq = events.find((event) => event.version === version)?.seq;
  if (seq === undefined) throw new Error(`version ${version} is not recorded`);
  return started.filter((event) => event.seq > seq);
};
