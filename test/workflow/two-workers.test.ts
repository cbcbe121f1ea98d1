import { asc, eq, like } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { auditEvents, commands, contactMethods, deliveries, escalations } from '#db/schema/index.ts';
import { ask } from '../support/ask.ts';
import { buildCaseWorld } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { answerJson, startLoopbackServer } from '../support/loopback-server.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

/** Two workers with a relay each, one in this process and one of its own, on the same servers. */
let vigil: TestVigil;
let other: WorkerProcess;
let phone: LoopbackServer;
let world: CaseWorld;
const phones = new FakePhones();

beforeAll(async () => {
  phone = await startLoopbackServer((response) => answerJson(response, {}));
  vigil = await startTestVigil({ channels: phones.channels });
  world = await buildCaseWorld(vigil.db);
  await vigil.db.update(contactMethods).set({ address: `${phone.url}/phones/someone` });
  other = await startWorkerProcess(vigil, phone.hostPort);
});
afterAll(async () => {
  await other?.kill();
  await vigil.stop();
  await phone[Symbol.asyncDispose]();
});

const storm = 40;
const key = (index: number): string => `storm-${index}`;

const ofStorm = () =>
  vigil.db.select().from(escalations).where(like(escalations.dedupKey, 'storm-%')).orderBy(asc(escalations.id));

it('tell every escalation once, page once, and end each, whoever of them does what', async () => {
  const { db } = vigil;
  await Promise.all(
    Array.from({ length: storm }, (_, index) =>
      db.transaction((tx) =>
        acceptTrigger(tx, {
          serviceId: world.serviceId,
          dedupKey: key(index),
          severity: 1,
          title: 'Disk',
          reportedBy: 'test',
        }),
      ),
    ),
  );
  await eventually(
    'all are paged',
    async () => {
      const rows = await db.select().from(deliveries);
      return rows.filter((row) => row.kind === 'rung' && row.settledAt !== null).length >= storm ? rows : null;
    },
    60_000,
  );

  // Half are acknowledged by a person while the source ends the other half.
  const rows = await ofStorm();
  await Promise.all(
    rows.map((row, index) =>
      index % 2 === 0
        ? ask(vigil, world.people.oncall, 'escalation', row.id, 'acknowledge').then(({ outcome }) =>
            expect(outcome.status).toBe('done'),
          )
        : db.transaction((tx) =>
            acceptResolve(tx, { serviceId: world.serviceId, dedupKey: row.dedupKey, reportedBy: 'test' }),
          ),
    ),
  );
  await eventually(
    'all are settled',
    async () => {
      const now = await ofStorm();
      return now.every((row, index) => (index % 2 === 0 ? row.status === 'acknowledged' : row.closedAt !== null));
    },
    60_000,
  );
  await eventually('every command is done', async () => {
    const open = await db.select().from(commands).where(eq(commands.status, 'pending'));
    return open.length === 0;
  });

  for (const row of rows) {
    const events = await db
      .select({ version: auditEvents.version })
      .from(auditEvents)
      .where(eq(auditEvents.aggregateId, row.id))
      .orderBy(asc(auditEvents.seq));
    const versions = events.flatMap(({ version }) => (version === null ? [] : [version]));
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    const pages = await db.select().from(deliveries).where(eq(deliveries.escalationId, row.id));
    expect(pages.filter(({ kind }) => kind === 'rung')).toMatchObject([{ attempts: 1, possibleDuplicate: false }]);
  }
  const here = phones.log.filter(({ message }) => message.kind === 'page').length;
  const there = phone.received.filter(({ body }) => (JSON.parse(body) as { kind: string }).kind === 'page').length;
  expect(here + there).toBe(storm);
  expect(here).toBeGreaterThan(0);
  expect(there).toBeGreaterThan(0);
});
