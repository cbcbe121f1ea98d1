import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import { minuteMs } from '#domain/time.ts';
import { insertSchedule } from '#db/repositories/schedules.ts';
import { alertEvents, escalations } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { readLedger } from '../support/ladder-ledger.ts';
import { seedService, seedTeam } from '../support/seed.ts';
import { acknowledge, forward, ladderWhen, resolve, seedTwoRungs, trigger } from '../support/two-rungs.ts';
import type { TwoRungs } from '../support/two-rungs.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

/** Stops what comes to it until it is opened. */
class Gate {
  private isOpen = true;
  private waiting: (() => void)[] = [];
  private arrivals = 0;

  get isClosed(): boolean {
    return !this.isOpen;
  }

  close(): void {
    this.isOpen = false;
    this.arrivals = 0;
  }

  open(): void {
    this.isOpen = true;
    for (const release of this.waiting.splice(0)) release();
  }

  async pass(): Promise<void> {
    this.arrivals++;
    if (!this.isOpen) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  reached = (): Promise<unknown> => eventually('somebody is at the gate', () => Promise.resolve(this.arrivals > 0));
}

let vigil: TestVigil;
const phones = new FakePhones();
/** Before a page's ledger row; before it is looked up who is on a rung; while a provider is asked. */
const [beforeRow, beforeLookUp, atProvider] = [new Gate(), new Gate(), new Gate()];

let team: TwoRungs;

const gated = (activities: Activities): Activities => ({
  ...activities,
  store: {
    ...activities.store,
    resolveRung: async (...args) => {
      await beforeLookUp.pass();
      return activities.store.resolveRung(...args);
    },
    recordThenResolveRung: async (record, ...args) => {
      // As it answers when the look-up takes long; the one without the record then waits.
      if (!beforeLookUp.isClosed) return activities.store.recordThenResolveRung(record, ...args);
      await activities.store.recordTransitions(record);
      return null;
    },
  },
  paging: {
    ...activities.paging,
    sendPage: async (...args) => {
      await beforeRow.pass();
      return activities.paging.sendPage(...args);
    },
    recordThenPage: async (record, ...args) => {
      await activities.store.recordTransitions(record);
      await beforeRow.pass();
      return activities.paging.recordThenPage(record, ...args);
    },
  },
});

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels }, { wrap: gated });
});
afterAll(() => vigil?.stop());

beforeEach(async () => {
  for (const gate of [beforeRow, beforeLookUp, atProvider]) gate.open();
  phones.answer = async ({ kind }) => {
    if (kind === 'page') await atProvider.pass();
    return { outcome: 'sent' };
  };
  team = await seedTwoRungs(vigil);
});

describe('case 9: an acknowledgement while the page activity is in flight', () => {
  it('case 9: before its ledger row, the page is superseded: nobody is called', async () => {
    beforeRow.close();
    const id = await trigger(vigil, team.service);
    await beforeRow.reached();
    const { outcome } = await acknowledge(vigil, id, team.first);
    expect(outcome).toMatchObject({
      status: 'done',
      answer: { status: 'acknowledged', pagesInFlight: 1, pagesSent: 0 },
    });
    beforeRow.open();
    await ladderWhen(vigil, id, ({ counts }) => counts.superseded === 1 && counts.in_flight === 0);
    await forward(vigil, id, 24 * 60);
    const ledger = await readLedger(vigil.db, id);
    expect(ledger.deliveries).toEqual([]);
    expect(phones.received(team.firstPhone)).toEqual([]);
  });

  it('case 9: when the call is out already, the page counts as sent, and is the last one', async () => {
    atProvider.close();
    const id = await trigger(vigil, team.service);
    await atProvider.reached();
    const [page] = (await ladderWhen(vigil, id, ({ pages }) => pages.length === 1)).pages;
    const { outcome } = await acknowledge(vigil, id, team.first, { asOfDeliveryKey: page?.key ?? '' });
    expect(outcome).toMatchObject({ status: 'done', answer: { pagesInFlight: 1, stoppedRung: { pass: 0, rung: 0 } } });
    atProvider.open();
    await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1 && counts.in_flight === 0);
    await forward(vigil, id, 24 * 60);
    const { deliveries, ladder } = await readLedger(vigil.db, id);
    expect(deliveries).toMatchObject([{ status: 'sent', attempts: 1, possibleDuplicate: false }]);
    expect(ladder.status).toBe('acknowledged');
    expect(phones.received(team.firstPhone)).toHaveLength(1);
    expect(phones.received(team.secondPhone)).toEqual([]);
  });
});

describe('an acknowledgement after a call whose answer was lost', () => {
  it('leaves the page unknown, since it may have left, and its receiver is told when it is over', async () => {
    let isLost = false;
    phones.answer = async ({ kind }) => {
      if (kind === 'resolved') return { outcome: 'sent' };
      isLost = true;
      throw new Error('the connection broke');
    };
    beforeRow.open();
    const id = await trigger(vigil, team.service);
    await eventually('the call was made', () => Promise.resolve(isLost));
    beforeRow.close();
    await acknowledge(vigil, id, team.first);
    beforeRow.open();
    await ladderWhen(vigil, id, ({ counts }) => counts.in_flight === 0);
    const { deliveries } = await readLedger(vigil.db, id);
    expect(deliveries).toMatchObject([{ status: 'unknown', kind: 'rung' }]);
    await resolve(vigil, team.service);
    await phones.next(team.firstPhone, 1, 'resolved');
  });
});

describe('case 10: opened and resolved', () => {
  it('case 10: before the first page has started, nobody is paged and nobody is told', async () => {
    beforeLookUp.close();
    const id = await trigger(vigil, team.service);
    await beforeLookUp.reached();
    expect(await resolve(vigil, team.service)).toBe(id);
    await ladderWhen(vigil, id, ({ status }) => status === 'resolved');
    beforeLookUp.open();
    await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).result();
    expect((await readLedger(vigil.db, id)).deliveries).toEqual([]);
    expect(phones.log.filter(({ phone }) => [team.firstPhone, team.secondPhone].includes(phone))).toEqual([]);
  });

  it('case 10: after it, whoever was paged is told at once', async () => {
    const id = await trigger(vigil, team.service);
    await phones.next(team.firstPhone);
    await resolve(vigil, team.service);
    await phones.next(team.firstPhone, 1, 'resolved');
    await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).result();
    const { deliveries } = await readLedger(vigil.db, id);
    expect(deliveries.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['rung sent', 'resolved sent']);
  });

  it('case 10: while the call is out, whoever was called is told once it is known', async () => {
    atProvider.close();
    const id = await trigger(vigil, team.service);
    await atProvider.reached();
    await resolve(vigil, team.service);
    await ladderWhen(vigil, id, ({ status }) => status === 'resolved');
    expect(phones.received(team.firstPhone, 'resolved')).toEqual([]);
    atProvider.open();
    await phones.next(team.firstPhone, 1, 'resolved');
    expect((await readLedger(vigil.db, id)).ladder.counts).toMatchObject({ sent: 1, in_flight: 0 });
  });

  it('case 10: both at once, before Temporal heard of either: whoever was paged was told, and it is closed', async () => {
    await vigil.pause();
    const id = await trigger(vigil, team.service);
    await resolve(vigil, team.service);
    await vigil.resume();
    await ladderWhen(vigil, id, ({ status }) => status === 'resolved');
    await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).result();
    const { deliveries, ladder } = await readLedger(vigil.db, id);
    expect(ladder.status).toBe('resolved');
    const kinds = deliveries.map(({ kind, status }) => `${kind} ${status}`);
    expect([[], ['rung sent', 'resolved sent']]).toContainEqual(kinds);
  });
});

describe('case 11: one key', () => {
  it('case 11: 100 triggers at once are one escalation, count 100, one page', async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, () => trigger(vigil, team.service)));
    expect(new Set(ids).size).toBe(1);
    const [id = ''] = ids;
    await phones.next(team.firstPhone);
    await forward(vigil, id, 4);
    const rows = await vigil.db.select().from(escalations).where(eq(escalations.serviceId, team.service));
    expect(rows).toMatchObject([{ id, alertCount: 100, status: 'triggered' }]);
    expect((await readLedger(vigil.db, id)).deliveries).toHaveLength(1);
    expect(phones.received(team.firstPhone)).toHaveLength(1);
    const events = await vigil.db
      .select()
      .from(alertEvents)
      .where(eq(alertEvents.escalationId, id))
      .orderBy(asc(alertEvents.seq));
    expect(events.filter(({ disposition }) => disposition === 'opened')).toHaveLength(1);
  });
});

describe('case 14: rungs with nobody on them', () => {
  /** A service whose first rungs are schedules without layers: nobody is ever on call. */
  async function withEmptyRungs(last: readonly string[], repeat: number): Promise<string> {
    const teamId = await seedTeam(vigil.db);
    const document = { zone: 'UTC', layers: [], overrides: [], temporarySchedules: [], marks: [] };
    const schedule = await insertSchedule(vigil.db, {
      teamId,
      key: `empty-${repeat}`,
      name: 'empty',
      document,
    });
    const empty = {
      targets: [{ kind: 'schedule' as const, scheduleId: schedule?.id ?? '' }],
      ackWithinMs: 15 * minuteMs,
    };
    const rungs = last.map((personId) => ({
      targets: [{ kind: 'person' as const, personId }],
      ackWithinMs: 15 * minuteMs,
    }));
    const policy = { rungs: [empty, ...rungs, empty], repeat, catchAllPersonId: team.second };
    return seedService(vigil.db, teamId, team.first, policy);
  }

  it('case 14: an empty first rung is no wait: the next one is paged at once', async () => {
    const id = await trigger(vigil, await withEmptyRungs([team.first], 0));
    await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
    const { events, ladder } = await readLedger(vigil.db, id);
    expect(ladder.walk).toMatchObject({ rung: 1, emptyRungs: [0] });
    // Far less than the rung's quarter of an hour, however busy the machine is.
    expect(Number(ladder.firstAttemptAt) - ladder.openedAt).toBeLessThan(minuteMs);
    expect(events.length).toBeLessThan(8);
  });

  it('case 14: all of them empty, with repeats: the catch-all is paged once, in few events, and the state says so', async () => {
    const id = await trigger(vigil, await withEmptyRungs([], 9));
    await phones.next(team.secondPhone);
    await forward(vigil, id, 24 * 60);
    const { deliveries, ladder } = await readLedger(vigil.db, id);
    expect(ladder).toMatchObject({ status: 'exhausted', noOneReached: true });
    expect(deliveries.map(({ kind, personId }) => [kind, personId])).toEqual([['catch_all', team.second]]);
    const { historyLength } = await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).describe();
    expect(historyLength).toBeLessThan(100);
  });
});
