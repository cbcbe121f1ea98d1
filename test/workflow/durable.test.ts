import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { asc, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import type { Person } from '#domain/actor.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { chainHead } from '#db/repositories/audit-events.ts';
import { ForkedHistoryError, recordTransitions } from '#db/repositories/record.ts';
import { auditEvents, commands, deliveries, escalations } from '#db/schema/index.ts';
import { deliver } from '#gateway/deliver.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask, refusalOf } from '../support/ask.ts';
import { buildCaseWorld } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { runStatement } from '../support/run-statement.ts';
import { runsOf } from '../support/runs.ts';
import { expectWholeChain } from '../support/whole-chain.ts';
import { eventually, renewAt, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let world: CaseWorld;
const phones = new FakePhones();

/** What the test does to the record of versions: before it is written, between it and the page that took it along, and after. */
const faults: Partial<Record<'before' | 'between' | 'after', (input: RecordInput) => Promise<void>>> = {};

const wrap = (activities: Activities): Activities => ({
  ...activities,
  store: {
    ...activities.store,
    async recordTransitions(input) {
      await faults.before?.(input);
      await activities.store.recordTransitions(input);
      await faults.after?.(input);
    },
    async recordThenResolveRung(record, ...effect) {
      await faults.before?.(record);
      const answer = await activities.store.recordThenResolveRung(record, ...effect);
      await faults.after?.(record);
      return answer;
    },
  },
  paging: {
    ...activities.paging,
    async recordThenPage(record, ...effect) {
      await faults.before?.(record);
      if (faults.between) {
        await activities.store.recordTransitions(record);
        await faults.between(record);
      }
      const answer = await activities.paging.recordThenPage(record, ...effect);
      await faults.after?.(record);
      return answer;
    },
  },
});

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels }, { wrap, settings: renewAt(60) });
});
beforeEach(async () => {
  world = await buildCaseWorld(vigil.db);
});
afterEach(() => {
  delete faults.before;
  delete faults.between;
  delete faults.after;
});
afterAll(() => vigil.stop());

/** Opens an escalation and waits until its first person was paged, and its ladder knows. */
async function open(dedupKey = 'disk'): Promise<string> {
  const { escalationId } = await trigger(dedupKey);
  await rowWhen(escalationId, (row) => row.status === 'triggered');
  await eventually('the first page', async () => {
    const { counts } = (await rowOf(escalationId)).state as Ladder;
    return counts.sent === 1 && counts.in_flight === 0;
  });
  return escalationId;
}
const trigger = (dedupKey: string) =>
  vigil.db.transaction((tx) =>
    acceptTrigger(tx, { serviceId: world.serviceId, dedupKey, severity: 1, title: 'Disk', reportedBy: 'test' }),
  );
type Row = typeof escalations.$inferSelect;
const rowOf = async (id: string): Promise<Row> => {
  const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
  if (!row) throw new Error(`no escalation ${id}`);
  return row;
};
const rowWhen = (id: string, is: (row: Row) => boolean): Promise<Row> =>
  eventually(`escalation ${id}: ${is.toString()}`, async () => {
    const row = await rowOf(id);
    return is(row) ? row : null;
  });
const sentBy = (id: string) => vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id));
const eventsOf = (id: string) =>
  vigil.db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id)).orderBy(asc(auditEvents.seq));
const asks = (id: string, name: string, by: Person = world.people.oncall) => ask(vigil, by, 'escalation', id, name);
const historyOf = (id: string) => vigil.temporal.workflow.getHandle(workflowId('escalation', id)).fetchHistory();

describe('an answer', () => {
  it('means that the row has the version, and the audit event is there', async () => {
    const id = await open();
    for (const name of ['acknowledge', 'unacknowledge', 'acknowledge', 'unacknowledge']) {
      const { row: command, outcome } = await asks(id, name);
      if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome));
      expect((await rowOf(id)).version).toBeGreaterThanOrEqual(Number(outcome.answer['version']));
      expect((await eventsOf(id)).filter((event) => event.cause === command.id)).toMatchObject([
        { action: `escalation.${name}`, actorId: world.people.oncall.id, version: outcome.answer['version'] },
      ]);
    }
  });

  it('is given twice to a command that is delivered twice, for one transition', async () => {
    const id = await open();
    const first = await asks(id, 'acknowledge');
    await asks(id, 'unacknowledge');
    const { version } = await rowOf(id);
    expect(await deliver(vigil.temporal, first.row, { deadlineMs: 5_000 })).toEqual(first.outcome);
    expect(await rowOf(id)).toMatchObject({ version, status: 'triggered' });
  });

  it('that says no leaves nothing in the history, and a refused command with its audit event', async () => {
    const id = await open();
    await asks(id, 'acknowledge');
    const before = (await historyOf(id)).events?.length;
    const refused = await ask(vigil, { kind: 'service', id: 'int_bot' }, 'escalation', id, 'resolve');
    expect(refusalOf(refused)).toBe('decision.person_required');
    expect((await historyOf(id)).events?.length).toBe(before);
    const [command] = await vigil.db.select().from(commands).where(eq(commands.id, refused.row.id));
    expect(command).toMatchObject({ status: 'refused', outcome: { code: 'decision.person_required' } });
    expect((await eventsOf(id)).at(-1)).toMatchObject({
      action: 'escalation.resolve.refused',
      reason: 'decision.person_required',
      actorKind: 'service',
      actorId: 'int_bot',
      cause: refused.row.id,
      version: null,
    });
  });

  it('comes to everyone, although the workflow continues as new under their requests', async () => {
    const id = await open();
    const outcomes: string[] = [];
    for (let wave = 0; wave < 6; wave++) {
      const names = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 'acknowledge' : 'unacknowledge'));
      for (const { outcome } of await Promise.all(names.map((name) => asks(id, name)))) outcomes.push(outcome.status);
    }
    expect(new Set(outcomes)).not.toContain('away');
    expect(outcomes).toHaveLength(48);
    expect((await runsOf(vigil.temporal, workflowId('escalation', id))).length).toBeGreaterThan(2);
    await expectWholeChain(vigil.db, id);
  });
});

describe('the record', () => {
  it('is repeated after an answer that got lost, and writes nothing twice', async () => {
    let lost = 0;
    faults.after = () => {
      if (lost++ % 2 === 0) throw new Error('the answer got lost');
      return Promise.resolve();
    };
    const id = await open();
    await asks(id, 'acknowledge');
    expect(lost).toBeGreaterThan(3);
    await expectWholeChain(vigil.db, id);
    expect(await sentBy(id)).toHaveLength(1);
  });

  it('refuses a version that was recorded otherwise: no effect of it starts', async () => {
    const id = await open();
    await asks(id, 'acknowledge');
    const [first] = (await eventsOf(id)).filter((event) => event.version === 1);
    const forged: RecordInput = {
      kind: 'escalation',
      id,
      workflowId: workflowId('escalation', id),
      runId: 'another',
      transitions: [
        {
          version: 1,
          at: 0,
          event: { type: 'opened' },
          state: { ...stateIn(first), title: 'another' },
          effects: [],
          actor: { kind: 'system', id: 'vigil' },
          cause: null,
          requestId: null,
        },
      ],
    };
    const before = (await eventsOf(id)).length;
    await expect(recordTransitions(vigil.db, forged)).rejects.toBeInstanceOf(ForkedHistoryError);
    expect(await eventsOf(id)).toHaveLength(before);
  });

  it('stops a workflow whose versions somebody else has taken, in sight of those who look', async () => {
    await vigil.pause();
    const { escalationId: id } = await trigger('forked');
    const [{ row: state }] = [{ row: await rowOf(id) }];
    await recordTransitions(vigil.db, {
      kind: 'escalation',
      id,
      workflowId: workflowId('escalation', id),
      runId: 'another',
      transitions: [
        {
          version: 1,
          at: 1,
          event: { type: 'opened' },
          state: { ...forgedLadder, severity: state.severity },
          effects: [],
          actor: { kind: 'system', id: 'vigil' },
          cause: null,
          requestId: null,
        },
      ],
    });
    await vigil.resume();
    const failure = await eventually('the record is refused', async () => {
      const described = await vigil.temporal.workflow
        .getHandle(workflowId('escalation', id))
        .describe()
        .catch(notStarted);
      return described?.raw.pendingActivities?.[0]?.lastFailure?.message;
    });
    expect(failure).toBe('ForkedHistoryError');
    expect(await sentBy(id)).toEqual([]);
    await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).terminate('the test is over');
  });

  it('survives connections that break while it is written', async () => {
    const id = await open();
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE application_name = 'vigil-test' AND datname = current_database()`;
    const kills: Promise<unknown>[] = [];
    let records = 0;
    faults.before = () => {
      records++;
      // The first three break at their beginning, the next few wherever the end of their backend meets them.
      if (records <= 3) vigil.db.$client.once('acquire', cutOff);
      else if (records <= 8) kills.push(runStatement(vigil.ownerUrl, kill));
      return Promise.resolve();
    };
    for (const name of ['acknowledge', 'unacknowledge', 'acknowledge']) {
      // The asker's own connections break as well: it asks again, as a client does.
      await eventually(`${name} is answered`, () =>
        asks(id, name).then(
          ({ outcome }) => outcome.status !== 'away',
          () => false,
        ),
      );
    }
    expect(records).toBeGreaterThan(5);
    // A kill that is slow to come must not meet what follows.
    delete faults.before;
    await Promise.all(kills);
    await eventually('all connections are whole again', () =>
      Promise.all(Array.from({ length: 16 }, () => vigil.db.execute('SELECT 1'))).then(
        () => true,
        () => false,
      ),
    );
    await expectWholeChain(vigil.db, id);
    expect((await rowOf(id)).status).toBe('acknowledged');
  });

  it('goes on where it was when the workers stop between a record and its effects', async () => {
    let stop: (() => void) | undefined;
    const recorded = new Promise<void>((resolve) => {
      stop = resolve;
    });
    faults.between = () => {
      stop?.();
      // The answer does not come back before the workers are gone.
      return Context.current().cancelled;
    };
    const { escalationId: id } = await trigger('between');
    await recorded;
    await vigil.pause();
    delete faults.between;
    expect(await rowOf(id)).toMatchObject({ version: 2 });
    expect(await sentBy(id)).toEqual([]);
    await vigil.resume();
    await eventually('the page', async () => (await sentBy(id)).some((row) => row.status === 'sent'));
    await expectWholeChain(vigil.db, id);
    expect(await sentBy(id)).toHaveLength(1);
  });
});

const stateIn = (event: typeof auditEvents.$inferSelect | undefined): object =>
  (event?.data as { state: object } | undefined)?.state ?? {};

const cutOff = (client: unknown): void =>
  (client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();

function notStarted(error: unknown): null {
  if (error instanceof WorkflowNotFoundError) return null;
  throw error;
}

const forgedLadder = {
  version: 1,
  status: 'triggered',
  acknowledgedAt: null,
  acknowledgedBy: null,
  resolution: null,
  drill: null,
  happened: [],
};

it('keeps one chain per escalation whose head knows the last version', async () => {
  const id = await open('chain');
  await asks(id, 'acknowledge');
  const head = await chainHead(vigil.db, { kind: 'escalation', id });
  expect(head).toMatchObject({ version: (await rowOf(id)).version, seq: (await eventsOf(id)).length });
});
