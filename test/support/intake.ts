import { randomUUID } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import { emptyDocument } from '#domain/intake/integration.ts';
import type { Sender } from '#domain/intake/integration.ts';
import type { FiringGroup, SourceReport } from '#domain/intake/report.ts';
import type { Severity } from '#domain/severity.ts';
import { createIntake } from '#api/intake/intake.ts';
import type { Intake, IntakeOptions } from '#api/intake/intake.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { alertEvents, commands, escalations, firingAlerts } from '#db/schema/index.ts';
import { createTestDatabase } from './database.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';

export const trigger = (dedupKey: string, more: Partial<SourceReport & { action: 'trigger' }> = {}): SourceReport => ({
  action: 'trigger',
  dedupKey,
  labels: {},
  severity: 3,
  title: 'Disk',
  details: null,
  group: null,
  ...more,
});
export const resolve = (dedupKey: string, group: FiringGroup | null = null): SourceReport => ({
  action: 'resolve',
  dedupKey,
  labels: {},
  group,
});
export const acknowledge = (dedupKey: string): SourceReport => ({ action: 'acknowledge', dedupKey, labels: {} });
export const groupOf = (more: Partial<FiringGroup>): FiringGroup => ({ firing: [], resolved: [], leftOut: 0, ...more });

/** A service, a sender of it, and the intake over a database of the test file's own. */
export async function startIntakeWorld(options: Omit<Partial<IntakeOptions>, 'db'> = {}) {
  const database = await createTestDatabase();
  const db = connectDatabase({
    url: database.appUrl,
    size: 16,
    applicationName: 'vigil-test-intake',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  const teamId = await seedTeam(db);
  const personId = await seedPerson(db, { name: 'owner' });
  const newService = (rePage: { onFiringCountAbove?: number } = {}): Promise<string> =>
    seedService(db, teamId, personId, {
      rungs: [{ targets: [{ kind: 'person', personId }], ackWithinMs: 60_000 }],
      catchAllPersonId: personId,
      rePage,
    });
  const serviceId = await newService();
  const sender = (more: Partial<Sender> = {}): Sender => ({
    id: null,
    serviceId,
    teamId,
    principalId: 'test',
    document: emptyDocument,
    ...more,
  });
  // On a busy machine a transaction may take long: here nobody is turned away for it.
  const intake = createIntake({ db, waitAtMostMs: 60_000, ...options });
  return {
    db,
    ownerUrl: database.ownerUrl,
    intake,
    teamId,
    personId,
    serviceId,
    newService,
    sender,
    /** An integration's name, as reports carry it. */
    via: () => newId('integration'),
    key: () => `key-${randomUUID()}`,
    ...looks(db),
    async stop() {
      await intake.close();
      await db.$client.end();
      await database.drop();
    },
  };
}
export type IntakeWorld = Awaited<ReturnType<typeof startIntakeWorld>>;

/** What came of a key. */
function looks(db: Database) {
  return {
    escalationsOf: (dedupKey: string) =>
      db.select().from(escalations).where(eq(escalations.dedupKey, dedupKey)).orderBy(asc(escalations.openedAt)),
    factsOf: async (dedupKey: string) =>
      (await db.select().from(alertEvents).where(eq(alertEvents.dedupKey, dedupKey)).orderBy(asc(alertEvents.seq))).map(
        ({ action, disposition }) => `${action} ${disposition}`,
      ),
    firingOf: async (dedupKey: string) =>
      (await db.select().from(firingAlerts).where(eq(firingAlerts.dedupKey, dedupKey)))
        .filter(({ startedAt, endedAt }) => endedAt === null || startedAt > endedAt)
        .map(({ fingerprint }) => fingerprint)
        .toSorted(),
    /** What its ladder is told, in order. */
    async toldOf(escalationId: string | null) {
      const rows = await db
        .select()
        .from(commands)
        .where(eq(commands.aggregateId, escalationId ?? ''))
        .orderBy(asc(commands.seq));
      return rows.map(({ name, input }) => {
        const { kind, severity, firingCount } = input as { kind?: string; severity: Severity; firingCount: number };
        return name === 'open' ? `open ${severity} ${firingCount}` : `${kind} ${severity} ${firingCount}`;
      });
    },
    /** As the recorder does it when a ladder has ended. */
    close: (escalationId: string | null) =>
      db
        .update(escalations)
        .set({ closedAt: new Date(), status: 'resolved' })
        .where(eq(escalations.id, escalationId ?? '')),
  };
}

export const accept = (intake: Intake, sender: Sender, ...reports: SourceReport[]) => intake.accept(sender, reports);
