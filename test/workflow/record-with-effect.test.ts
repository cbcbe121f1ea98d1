import { asc, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { auditEvents, deliveries, escalations } from '#db/schema/index.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { settled, workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { buildCaseWorld } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let world: CaseWorld;
const phones = new FakePhones();
/** What goes wrong with the calls that record first: before the record of a page, or after that of a look-up. */
const faults: { page?: () => void; brokenLookUp?: true } = {};
/** What was to be recorded, as the activities were told. */
const records: RecordInput[] = [];
/** Calls that began, by name. */
const calls: string[] = [];

const wrap = ({ store, paging, ...rest }: Activities): Activities => ({
  ...rest,
  store: {
    ...store,
    async recordTransitions(record) {
      calls.push('recordTransitions');
      records.push(record);
      await store.recordTransitions(record);
    },
    async resolveRung(...asked) {
      calls.push('resolveRung');
      return store.resolveRung(...asked);
    },
    async recordThenResolveRung(record, effect, ...asked) {
      calls.push('recordThenResolveRung');
      records.push(record);
      // The real look-up fails on this, after the record.
      const asksFor = faults.brokenLookUp ? { ...effect, targets: null as never } : effect;
      return store.recordThenResolveRung(record, asksFor, ...asked);
    },
  },
  paging: {
    ...paging,
    async sendPage(...asked) {
      calls.push('sendPage');
      return paging.sendPage(...asked);
    },
    async recordThenPage(record, ...asked) {
      calls.push('recordThenPage');
      records.push(record);
      faults.page?.();
      return paging.recordThenPage(record, ...asked);
    },
  },
});

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels }, { wrap });
});
beforeEach(async () => {
  world = await buildCaseWorld(vigil.db, { suffix: `-${Math.random()}` });
  calls.length = 0;
  records.length = 0;
});
afterEach(() => {
  delete faults.page;
  delete faults.brokenLookUp;
  phones.answer = () => ({ outcome: 'sent' });
});
afterAll(() => vigil?.stop());

async function open(): Promise<string> {
  const alert = {
    serviceId: world.serviceId,
    dedupKey: 'disk',
    severity: 1,
    title: 'Disk',
    reportedBy: 'test',
  } as const;
  return (await vigil.db.transaction((tx) => acceptTrigger(tx, alert))).escalationId;
}

const rowOf = async (id: string) => {
  const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
  if (!row) throw new Error(`no escalation ${id}`);
  return row;
};
const stateWhen = (id: string, is: (state: Ladder) => boolean) =>
  eventually(`escalation ${id}: ${is.toString()}`, async () => {
    const { state } = await rowOf(id);
    return state !== null && is(state as Ladder) ? state : null;
  });
const isCalled = (id: string): boolean => phones.log.some(({ message }) => message.escalationId === id);
const isPaged = ({ counts }: Ladder) => counts.sent > 0;

/** Every version once, in order, and a row as new as the chain. */
async function expectWholeChain(id: string): Promise<void> {
  const rows = await vigil.db
    .select({ version: auditEvents.version })
    .from(auditEvents)
    .where(eq(auditEvents.aggregateId, id))
    .orderBy(asc(auditEvents.seq));
  const versions = rows.flatMap(({ version }) => (version === null ? [] : [version]));
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  expect((await rowOf(id)).version).toBe(versions.length);
}

describe('a version that its effect takes along', () => {
  it('spares two activities of five on the way to a phone', async () => {
    const id = await open();
    await stateWhen(id, isPaged);
    expect(calls).toEqual(['recordThenResolveRung', 'recordThenPage', 'recordTransitions']);
    await expectWholeChain(id);
  });

  it('holds up nobody who answers while a provider hangs', async () => {
    const hangs = Promise.withResolvers<void>();
    phones.answer = async () => {
      await hangs.promise;
      return { outcome: 'sent' };
    };
    const id = await open();
    await eventually('the call is out', () => Promise.resolve(isCalled(id)));
    const { outcome } = await ask(vigil, world.people.oncall, 'escalation', id, 'acknowledge');
    expect(outcome.status).toBe('done');
    expect(await rowOf(id)).toMatchObject({ status: 'acknowledged' });
    hangs.resolve();
    await stateWhen(id, isPaged);
    await expectWholeChain(id);
  });

  it('is recorded at once for whoever asks whether it is, while a provider hangs', async () => {
    const hangs = Promise.withResolvers<void>();
    phones.answer = async () => {
      await hangs.promise;
      return { outcome: 'sent' };
    };
    const id = await open();
    await eventually('the call is out', () => Promise.resolve(isCalled(id)));
    const { version } = await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).executeUpdate(settled);
    expect((await rowOf(id)).version).toBe(version);
    expect(version).toBe(2);
    expect(calls.at(-1)).toBe('recordTransitions');
    hangs.resolve();
    await stateWhen(id, isPaged);
    await expectWholeChain(id);
  });

  it('is recorded apart, and its page sent, when the call was given up', async () => {
    let refusals = 0;
    faults.page = () => {
      refusals++;
      throw new Error('Connection terminated unexpectedly');
    };
    const id = await open();
    await eventually('the first try', () => Promise.resolve(refusals > 0));
    await fastForward(vigil.temporal, workflowId('escalation', id), 4 * 60);
    await stateWhen(id, isPaged);
    expect(refusals).toBeGreaterThan(5);
    expect(calls.slice(-3)).toEqual(['recordTransitions', 'sendPage', 'recordTransitions']);
    const sent = await vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id));
    expect(sent).toMatchObject([{ status: 'sent', attempts: 1, possibleDuplicate: false }]);
    await expectWholeChain(id);
  });

  it('is recorded although the look-up after it fails, which is then asked again', async () => {
    faults.brokenLookUp = true;
    const id = await open();
    await stateWhen(id, isPaged);
    expect(calls.slice(0, 3)).toEqual(['recordThenResolveRung', 'recordTransitions', 'resolveRung']);
    await expectWholeChain(id);
  });

  it('is recorded, and its rung looked up, although a page of before hangs and the look-up fails', async () => {
    const hangs = Promise.withResolvers<void>();
    phones.answer = async ({ address }) => {
      if (address.includes('oncall')) await hangs.promise;
      return { outcome: 'sent' };
    };
    const id = await open();
    await eventually('the call is out', () => Promise.resolve(isCalled(id)));
    // Recorded apart, so that the next version can be taken along while the page is still out.
    await ask(vigil, world.people.oncall, 'escalation', id, 'acknowledge');
    await ask(vigil, world.people.oncall, 'escalation', id, 'unacknowledge');
    faults.brokenLookUp = true;
    calls.length = 0;
    const { outcome } = await ask(vigil, world.people.oncall, 'escalation', id, 'escalateNow');
    expect(outcome.status).toBe('done');
    expect(calls.slice(0, 2)).toEqual(['recordThenResolveRung', 'recordTransitions']);
    await eventually('somebody else is to be paged', () =>
      Promise.resolve(calls.some((name) => name.endsWith('Page'))),
    );
    expect(calls).toContain('resolveRung');
    hangs.resolve();
    await stateWhen(id, isPaged);
    await expectWholeChain(id);
  });

  it('takes nothing along but the version: what a record is told is the same whoever carries it', async () => {
    const id = await open();
    await stateWhen(id, isPaged);
    const keys = ['id', 'kind', 'runId', 'transitions', 'workflowId'];
    expect(records.map((record) => Object.keys(record).toSorted())).toEqual([keys, keys, keys]);
  });

  it('is not sent for once more when its channel was asked in vain for the whole time', async () => {
    phones.answer = () => ({ outcome: 'failed_transient', retryAfterMs: null, refused: 'busy' });
    const id = await open();
    await eventually('the first try', () => Promise.resolve(calls.includes('recordThenPage')));
    await fastForward(vigil.temporal, workflowId('escalation', id), 4 * 60);
    const state = await stateWhen(id, ({ counts }) => counts.failed_transient > 0);
    expect(state).toMatchObject({ counts: { sent: 0 } });
    expect(calls.slice(-2)).toEqual(['recordThenPage', 'recordTransitions']);
    expect(calls).not.toContain('sendPage');
    await expectWholeChain(id);
  });
});
