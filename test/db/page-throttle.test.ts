import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nextDue } from '#domain/escalation/due.ts';
import { defaultThrottle } from '#domain/escalation/ladder-parts.ts';
import type { Severity } from '#domain/severity.ts';
import { minuteMs } from '#domain/time.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { settleDelivery, startDelivery } from '#db/repositories/deliveries.ts';
import { disablePrincipal } from '#db/repositories/people.ts';
import { acceptReceipt } from '#db/repositories/receipts.ts';
import { commands, contactMethods, deliveries, escalations } from '#db/schema/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { readLedger } from '../support/ladder-ledger.ts';
import { ladderInput, person, policy } from '../support/ladder-story.ts';
import { RacedLadder } from '../support/raced-ladder.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';

let database: TestDatabase;
let db: Database;
let teamId: string;
let serviceId: string;
let personId: string;
/** A quiet contact method and a loud one. */
let methods: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 16,
    applicationName: 'vigil-test',
    statementTimeoutMs: 20_000,
    onIdleError: () => undefined,
  });
  teamId = await seedTeam(db);
});
afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});

beforeEach(async () => {
  personId = await seedPerson(db, { name: 'ann', delaysMinutes: [0, 5] });
  const rungs = [{ targets: [{ kind: 'person' as const, personId }], ackWithinMs: 30 * minuteMs }];
  serviceId = await seedService(db, teamId, personId, { rungs, catchAllPersonId: personId });
  const rows = await db
    .select()
    .from(contactMethods)
    .where(eq(contactMethods.personId, personId))
    .orderBy(asc(contactMethods.id));
  methods = rows.map(({ id }) => id);
});

const openedAt = Date.UTC(2026, 0, 5, 9);

interface Opening {
  readonly severity?: Severity;
  readonly at?: number;
  /** Minutes after which each contact method is used. */
  readonly delays?: readonly number[];
  readonly whenHeld?: (deliveryId: string) => Promise<void>;
}

async function openLadder({ severity = 1, at = openedAt, delays = [0, 5], whenHeld }: Opening = {}) {
  const escalationId = newId('escalation');
  await db.insert(escalations).values({
    id: escalationId,
    serviceId,
    teamId,
    dedupKey: escalationId,
    title: 'The disk is full',
    severity,
    status: 'opening',
    firstTriggerSeq: 1,
    lastTriggerSeq: 1,
  });
  const rungs = [{ targets: [{ kind: 'person' as const, personId }], ackWithinMs: 30 * minuteMs }];
  const frozen = policy({ rungs, catchAllPersonId: personId });
  const rules = delays.map((delay, index) => ({
    ruleId: `nrl_${index}`,
    contactMethodId: methods[index] ?? '',
    channel: 'webhook',
    delayMs: delay * minuteMs,
  }));
  const ladder = new RacedLadder(db, ladderInput({ escalationId, serviceId, teamId, severity, policy: frozen }), at, {
    jitter: () => Promise.resolve(),
    triesOf: () => [],
    people: () => [{ personId, source: { kind: 'person' }, shadow: false, rules }],
    ...(whenHeld ? { whenHeld } : {}),
  });
  ladder.hear({ type: 'opened' });
  return ladder;
}

/** Lets the time of the next rule come. */
function pass(ladder: RacedLadder): void {
  ladder.now = nextDue(ladder.state) ?? 0;
  ladder.hear({ type: 'due' });
}

const rest = (ladders: readonly RacedLadder[]) => Promise.all(ladders.map((ladder) => ladder.rest()));

const pagesOf = (personOf: string) =>
  db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.personId, personOf), sql`kind <> 'resolved'`))
    .orderBy(asc(deliveries.startedAt));

/** Whatever was not sent is told of by a message that was, to the same contact method. */
async function expectAccounted(): Promise<void> {
  const pages = await pagesOf(personId);
  const byId = new Map(pages.map((page) => [page.id, page]));
  expect(pages.filter(({ status }) => status === 'held' || status === 'started')).toEqual([]);
  for (const page of pages.filter(({ status }) => status === 'bundled')) {
    const into = byId.get(page.bundledInto ?? '');
    expect(into?.status).toBe('sent');
    expect(into?.contactMethodId).toBe(page.contactMethodId);
    expect(into?.names).toContain(page.escalationId);
    expect(page.attempts).toBe(0);
  }
}

/** Time passes for pages that wait: their rows and those that they wait for grow older. */
const growOlder = (seconds: number) =>
  db
    .update(deliveries)
    .set({ startedAt: sql`started_at - ${seconds} * interval '1 second'` })
    .where(eq(deliveries.personId, personId));

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

describe('the throttle over all escalations', () => {
  it('50 at once: the first page of each goes, the later ones become one message that tells of the others', async () => {
    const ladders = await Promise.all(Array.from({ length: 50 }, () => openLadder({ whenHeld: soon })));
    await rest(ladders);
    expect(ladders.map(({ state }) => state.counts)).toEqual(
      ladders.map(() => expect.objectContaining({ started: 1, sent: 1, bundled: 0 })),
    );
    expect((await pagesOf(personId)).map(({ status }) => status)).toEqual(ladders.map(() => 'sent'));

    for (const ladder of ladders) pass(ladder);
    await rest(ladders);
    const later = (await pagesOf(personId)).filter(({ contactMethodId }) => contactMethodId === methods[1]);
    const sent = later.filter(({ status }) => status === 'sent');
    expect(sent).toHaveLength(1);
    expect(sent[0]?.names).toHaveLength(49);
    expect(later.filter(({ status }) => status === 'bundled')).toHaveLength(49);
    await expectAccounted();
    for (const ladder of ladders) {
      const { ladder: recorded } = await readLedger(db, ladder.state.escalationId);
      expect(recorded).toEqual(ladder.state);
      expect(recorded.walk.reached).toBe(2);
    }
    const bundled = ladders.filter(({ state }) => state.counts.bundled === 1);
    expect(bundled).toHaveLength(49);
    expect(bundled[0]?.state.responders).toMatchObject([{ personId, heldBack: 1 }]);
  });

  it('low urgency: beyond the number, one a minute goes for all that wait, and none is lost', async () => {
    const held = new Set<string>();
    const whenHeld = async (id: string) => {
      held.add(id);
      await soon();
    };
    // At one instant everything waits for the minute after the last; the test lets it pass once all wait.
    const ladders = await Promise.all(
      Array.from({ length: 20 }, () => openLadder({ severity: 4, delays: [0], whenHeld })),
    );
    while ((await pagesOf(personId)).length < 20) await soon();
    const before = (await pagesOf(personId)).filter(({ status }) => status !== 'held');
    expect(before.length).toBeLessThan(20);
    await growOlder(61);
    await rest(ladders);
    const pages = await pagesOf(personId);
    expect(held.size).toBe(20 - before.length);
    expect(pages.filter(({ status }) => status === 'sent')).toHaveLength(before.length + 1);
    expect(pages.filter(({ status }) => status === 'bundled')).toHaveLength(19 - before.length);
    await expectAccounted();
    expect(ladders.every(({ state }) => state.walk.reached === 1)).toBe(true);
  });

  it('a page that waits goes by itself after 90 s, though the message that names it is still on its way', async () => {
    await haveMany();
    const carrier = await stuckMessage();
    const times: number[] = [];
    const ladder = await openLadder({
      severity: 4,
      delays: [0],
      whenHeld: async () => {
        times.push(1);
        await growOlder(50);
        // The message stays young, so that only the long wait lets the page go.
        await db
          .update(deliveries)
          .set({ startedAt: sql`now()`, orderedAt: new Date(openedAt) })
          .where(eq(deliveries.id, carrier));
        await db
          .update(deliveries)
          .set({ names: [ladder.state.escalationId] })
          .where(eq(deliveries.id, carrier));
      },
    });
    await ladder.rest();
    expect(times).toHaveLength(2);
    expect(ladder.state.counts).toMatchObject({ sent: 1, bundled: 0 });
  });

  it('a message that failed stands for nobody', async () => {
    await haveMany();
    const carrier = await stuckMessage();
    const ladder = await openLadder({
      severity: 4,
      delays: [0],
      whenHeld: async () => {
        await db
          .update(deliveries)
          .set({ names: [ladder.state.escalationId] })
          .where(eq(deliveries.id, carrier));
        await settleDelivery(db, carrier, 'failed', 'http_410');
      },
    });
    await ladder.rest();
    expect(ladder.state.counts).toMatchObject({ sent: 1, bundled: 0 });
  });

  it('a receipt that says that a message did not arrive says so of every page that was left to it', async () => {
    const ladders = await Promise.all(Array.from({ length: 10 }, () => openLadder({ whenHeld: soon })));
    await rest(ladders);
    for (const ladder of ladders) pass(ladder);
    await rest(ladders);
    const later = (await pagesOf(personId)).filter(({ contactMethodId }) => contactMethodId === methods[1]);
    const carrier = later.find(({ status }) => status === 'sent');
    expect(later.filter(({ bundledInto }) => bundledInto === carrier?.id)).toHaveLength(9);

    const receipt = { deliveryId: carrier?.id ?? '', providerRef: 'SM1', errorCode: 'twilio_30005' };
    expect(await acceptReceipt(db, { ...receipt, result: 'failed_permanent' })).toBe(true);
    for (const ladder of ladders) {
      const [told, ...more] = await db
        .select()
        .from(commands)
        .where(and(eq(commands.aggregateId, ladder.state.escalationId), eq(commands.name, 'pageSettled')));
      expect(more).toEqual([]);
      expect(told).toMatchObject({ mode: 'signal', priority: 1 });
      ladder.hear({
        type: 'pageSettled',
        ...(told?.input as { effectKey: string; result: 'failed_permanent'; deliveryId: string }),
      });
    }
    await rest(ladders);
    for (const ladder of ladders) {
      const { ladder: recorded } = await readLedger(db, ladder.state.escalationId);
      expect(recorded.counts).toMatchObject({ sent: 1, bundled: 0, failed_permanent: 1 });
      expect(recorded.walk.reached).toBe(1);
    }
  });

  it('a page is not left to a message whose failure is being written just then', async () => {
    await haveMany();
    const carrier = await stuckMessage();
    let receipt: Promise<unknown> = Promise.resolve();
    const ladder = await openLadder({
      severity: 4,
      delays: [0],
      whenHeld: async () => {
        await db
          .update(deliveries)
          .set({ names: [ladder.state.escalationId] })
          .where(eq(deliveries.id, carrier));
        await settleDelivery(db, carrier, 'sent', null);
        await new Promise<void>((locked) => {
          receipt = db.transaction(async (tx) => {
            await tx.select().from(deliveries).where(eq(deliveries.id, carrier)).for('update');
            locked();
            // Until the page waits for this transaction.
            for (let waits = 0; waits === 0;) {
              const { rows } = await db.execute<{ count: number }>(
                sql`SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
              );
              waits = rows[0]?.count ?? 0;
            }
            await tx.update(deliveries).set({ status: 'failed' }).where(eq(deliveries.id, carrier));
          });
        });
      },
    });
    await ladder.rest();
    await receipt;
    expect(ladder.state.counts).toMatchObject({ sent: 1, bundled: 0 });
  });

  it('an acknowledgement stops a page that waits, and it was never sent', async () => {
    await haveMany();
    await stuckMessage();
    let acknowledged = false;
    const ladder = await openLadder({
      severity: 4,
      delays: [0],
      whenHeld: async () => {
        if (acknowledged) return;
        acknowledged = true;
        const by = person(personId);
        const step = ladder.hear({ type: 'acknowledge', by }, by);
        if (step.outcome === 'moved') await ladder.recorded(step.state.version);
      },
    });
    await ladder.rest();
    expect(ladder.state.counts).toMatchObject({ superseded: 1, sent: 0 });
    const { deliveries: rows, events } = await readLedger(db, ladder.state.escalationId);
    expect(rows).toMatchObject([{ status: 'superseded', attempts: 0, errorCode: 'held_back' }]);
    expect(events.map(({ action }) => action)).toContain('escalation.pageHeldBack');
  });

  it('the same pages at another hour are none too many', async () => {
    await haveMany();
    const ladder = await openLadder({
      severity: 4,
      delays: [0],
      at: openedAt + defaultThrottle.perPersonWindowMs + 1,
    });
    await ladder.rest();
    expect(ladder.state.counts).toMatchObject({ sent: 1, held_back: 0 });
  });

  /** As many pages as the throttle allows, by another contact method. */
  async function haveMany(): Promise<void> {
    const ladders = await Promise.all(
      Array.from({ length: defaultThrottle.maxPagesPerWindow }, () => openLadder({ delays: [0, 999] })),
    );
    await rest(ladders);
    await db
      .update(deliveries)
      .set({ contactMethodId: methods[1] ?? '' })
      .where(
        inArray(
          deliveries.escalationId,
          ladders.map(({ state }) => state.escalationId),
        ),
      );
  }

  /** A message to the first contact method whose call has not come back. */
  async function stuckMessage(): Promise<string> {
    const ladder = await openLadder({ delays: [0, 999] });
    await ladder.rest();
    const ofIt = eq(deliveries.escalationId, ladder.state.escalationId);
    const [row] = await db.update(deliveries).set({ status: 'started', settledAt: null }).where(ofIt).returning();
    return row?.id ?? '';
  }
});

it('a person who was disabled after a page was ordered has no address any more', async () => {
  const ladder = await openLadder({ delays: [0] });
  await ladder.rest();
  const [page] = ladder.state.pages;
  if (!page) throw new Error('nobody was paged');
  const more = { type: 'page', ruleId: 'nrl_0', urgency: 'high', bundled: 1, sensitive: false } as const;
  const start = () => startDelivery(db, ladder.state.escalationId, { ...page, ...more });
  expect((await start())?.address).toMatch(/./);
  await disablePrincipal(db, personId);
  expect((await start())?.address).toBeNull();
});

describe('a page whose sender never came back', () => {
  it.each([
    ['may have left', { status: 'started', errorCode: null }, { status: 'unknown', errorCode: 'given_up' }],
    [
      'did not leave',
      { status: 'started', errorCode: 'not_taken' },
      { status: 'failed', errorCode: 'retries_exhausted' },
    ],
    ['was held back', { status: 'held', errorCode: null }, { status: 'superseded', errorCode: 'held_back' }],
    ['is known to be sent', { status: 'sent', errorCode: null }, { status: 'sent', errorCode: null }],
  ])('%s, as far as the ledger says once the ladder has given it up', async (_what, before, after) => {
    const ladder = await openLadder({ delays: [0] });
    await ladder.rest();
    const ofIt = eq(deliveries.escalationId, ladder.state.escalationId);
    await db
      .update(deliveries)
      .set({ ...before, settledAt: null })
      .where(ofIt);
    const effectKey = ladder.state.pages[0]?.key ?? '';
    ladder.hear({ type: 'pageSettled', effectKey, result: 'failed_transient', deliveryId: null });
    await ladder.rest();
    expect((await db.select().from(deliveries).where(ofIt))[0]).toMatchObject(after);
  });
});
