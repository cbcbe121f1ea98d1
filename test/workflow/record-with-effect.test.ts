import { Context } from '@temporalio/activity';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { commands, deliveries, escalations } from '#db/schema/index.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { settled, workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { buildCaseWorld } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { fastForward } from '../support/temporal.ts';
import { expectWholeChain } from '../support/whole-chain.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let world: CaseWorld;
const phones = new FakePhones();
/** What goes wrong: before the record of a page; with look-ups in a workflow task; after the record that comes before one. */
const faults: { page?: () => void; lookUp?: () => Promise<void>; brokenLookUp?: true } = {};
/** What was to be recorded, as the activities were told. */
const records: RecordInput[] = [];
/** Calls that began: what other tests of this file have opened goes on beside. */
const calls: { readonly name: string; readonly of: string | undefined }[] = [];
const note = (name: string): void => {
  const { isLocal, workflowExecution } = Context.current().info;
  calls.push({ name: isLocal ? `${name} at once` : name, of: workflowExecution?.workflowId });
};
const callsOf = (id: string): string[] =>
  calls.filter(({ of }) => of === workflowId('escalation', id)).map(({ name }) => name);

const wrap = ({ store, paging, ...rest }: Activities): Activities => ({
  ...rest,
  store: {
    ...store,
    async recordTransitions(record) {
      note('recordTransitions');
      records.push(record);
      await store.recordTransitions(record);
    },
    async resolveRung(...asked) {
      note('resolveRung');
      if (Context.current().info.isLocal) await faults.lookUp?.();
      return store.resolveRung(...asked);
    },
    async recordThenResolveRung(record, effect, ...asked) {
      note('recordThenResolveRung');
      records.push(record);
      // The real look-up fails on this, after the record.
      const asksFor = faults.brokenLookUp ? { ...effect, targets: null as never } : effect;
      return store.recordThenResolveRung(record, asksFor, ...asked);
    },
  },
  paging: {
    ...paging,
    async sendPage(...asked) {
      note('sendPage');
      return paging.sendPage(...asked);
    },
    async recordThenPage(record, ...asked) {
      note('recordThenPage');
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
});
afterEach(() => {
  delete faults.page;
  delete faults.lookUp;
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
const isPaged = ({ counts }: Ladder) => counts.sent > 0;

const failing = (): Promise<void> => Promise.reject(new Error('Connection terminated unexpectedly'));

/** Opens an escalation whose first page is with a provider that says nothing until `answer` is called. */
async function openHanging(): Promise<{ readonly id: string; readonly answer: () => void }> {
  const hangs = Promise.withResolvers<void>();
  phones.answer = async ({ address }) => {
    if (address.includes('oncall')) await hangs.promise;
    return { outcome: 'sent' };
  };
  const id = await open();
  await eventually('the call is out', () =>
    Promise.resolve(phones.log.some(({ message }) => message.escalationId === id)),
  );
  return { id, answer: hangs.resolve };
}

describe('a version that its effect takes along', () => {
  it('spares three activities of five on the way to a phone', async () => {
    const id = await open();
    await stateWhen(id, isPaged);
    expect(callsOf(id)).toEqual(['resolveRung at once', 'recordThenPage', 'recordTransitions']);
    await expectWholeChain(vigil.db, id);
  });

  it('holds up nobody who answers while a provider hangs', async () => {
    const { id, answer } = await openHanging();
    const { outcome } = await ask(vigil, world.people.oncall, 'escalation', id, 'acknowledge');
    expect(outcome.status).toBe('done');
    expect(await rowOf(id)).toMatchObject({ status: 'acknowledged' });
    answer();
    await stateWhen(id, isPaged);
    await expectWholeChain(vigil.db, id);
  });

  it('is recorded at once for whoever asks whether it is, while a provider hangs', async () => {
    const { id, answer } = await openHanging();
    const { version } = await vigil.temporal.workflow
      .getHandle(workflowId('escalation', id))
      .executeUpdate(settled, { args: ['recorded'] });
    expect((await rowOf(id)).version).toBe(version);
    expect(version).toBe(2);
    expect(callsOf(id).at(-1)).toBe('recordTransitions');
    answer();
    await stateWhen(id, isPaged);
    await expectWholeChain(vigil.db, id);
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
    expect(callsOf(id).slice(-3)).toEqual(['recordTransitions', 'sendPage', 'recordTransitions']);
    const sent = await vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id));
    expect(sent).toMatchObject([{ status: 'sent', attempts: 1, possibleDuplicate: false }]);
    await expectWholeChain(vigil.db, id);
  });

  it('is started for the relay before its page is out, and recorded only with that', async () => {
    const { id, answer } = await openHanging();
    const command = await eventually('the start is done', async () => {
      const [row] = await vigil.db.select().from(commands).where(eq(commands.aggregateId, id));
      return row?.status === 'done' ? row : null;
    });
    expect(command.mode).toBe('start');
    expect(callsOf(id)).toEqual(['resolveRung at once', 'recordThenPage']);
    answer();
    await stateWhen(id, isPaged);
    await expectWholeChain(vigil.db, id);
  });

  it('waits for a look-up that hangs a second at most, and so does an acknowledgement', async () => {
    const hangs = Promise.withResolvers<void>();
    faults.lookUp = () => hangs.promise;
    const id = await open();
    await eventually('the look-up is out', () => Promise.resolve(callsOf(id).length > 0));
    const { outcome } = await ask(vigil, world.people.oncall, 'escalation', id, 'acknowledge');
    expect(outcome.status).toBe('done');
    hangs.resolve();
    expect(await rowOf(id)).toMatchObject({ status: 'acknowledged' });
    expect(callsOf(id).filter((name) => name.includes('Page'))).toEqual([]);
    await expectWholeChain(vigil.db, id);
  });

  it('goes to a phone although the look-up before it hangs', async () => {
    const hangs = Promise.withResolvers<void>();
    faults.lookUp = () => hangs.promise;
    const id = await open();
    await stateWhen(id, isPaged);
    expect(callsOf(id)).toEqual([
      'resolveRung at once',
      'recordThenResolveRung',
      'recordThenPage',
      'recordTransitions',
    ]);
    hangs.resolve();
    await expectWholeChain(vigil.db, id);
  });

  it('is recorded although the look-up after it fails, which is then asked again', async () => {
    faults.lookUp = failing;
    faults.brokenLookUp = true;
    const id = await open();
    await stateWhen(id, isPaged);
    expect(callsOf(id).slice(0, 4)).toEqual([
      'resolveRung at once',
      'recordThenResolveRung',
      'recordTransitions',
      'resolveRung',
    ]);
    await expectWholeChain(vigil.db, id);
  });

  it('is recorded, and its rung looked up, although a page of before hangs and the look-up fails', async () => {
    const { id, answer } = await openHanging();
    // Recorded apart, so that the next version can be taken along while the page is still out.
    await ask(vigil, world.people.oncall, 'escalation', id, 'acknowledge');
    await ask(vigil, world.people.oncall, 'escalation', id, 'unacknowledge');
    faults.lookUp = failing;
    faults.brokenLookUp = true;
    calls.length = 0;
    const { outcome } = await ask(vigil, world.people.oncall, 'escalation', id, 'escalateNow');
    expect(outcome.status).toBe('done');
    expect(callsOf(id).slice(0, 3)).toEqual(['resolveRung at once', 'recordThenResolveRung', 'recordTransitions']);
    await eventually('somebody else is to be paged', () =>
      Promise.resolve(callsOf(id).some((name) => name.endsWith('Page'))),
    );
    expect(callsOf(id)).toContain('resolveRung');
    answer();
    await stateWhen(id, isPaged);
    await expectWholeChain(vigil.db, id);
  });

  it('takes nothing along but the version: what a record is told is the same whoever carries it', async () => {
    const id = await open();
    await stateWhen(id, isPaged);
    const keys = ['id', 'kind', 'runId', 'transitions', 'workflowId'];
    const told = records.filter((record) => record.id === id);
    expect(told.map((record) => Object.keys(record).toSorted())).toEqual([keys, keys]);
    expect(told.map(({ transitions }) => transitions.map(({ version }) => version))).toEqual([[1, 2], [3]]);
  });

  it('is not sent for once more when its channel was asked in vain for the whole time', async () => {
    phones.answer = () => ({ outcome: 'failed_transient', retryAfterMs: null, refused: 'busy' });
    const id = await open();
    await eventually('the first try', () => Promise.resolve(callsOf(id).includes('recordThenPage')));
    await fastForward(vigil.temporal, workflowId('escalation', id), 4 * 60);
    const state = await stateWhen(id, ({ counts }) => counts.failed_transient > 0);
    expect(state).toMatchObject({ counts: { sent: 0 } });
    expect(callsOf(id).slice(-2)).toEqual(['recordThenPage', 'recordTransitions']);
    expect(callsOf(id)).not.toContain('sendPage');
    await expectWholeChain(vigil.db, id);
  });
});
