import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { insertCommand } from '#db/repositories/commands.ts';
import { commands } from '#db/schema/index.ts';
import { watchHeat } from '#worker/heat.ts';
import { idsOf, Relaying, soon } from '../support/relaying.ts';
import { runStatement } from '../support/run-statement.ts';

let relaying: Relaying;

beforeAll(async () => {
  relaying = await Relaying.begin();
});
afterEach(async () => {
  for (const release of held.splice(0)) release({});
  await relaying.reset();
});
afterAll(() => relaying.end());

/** Deliveries that wait for the end of the test. */
const held: ((answer: unknown) => void)[] = [];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the order', () => {
  it('is that of the messages for each workflow, whichever relay delivers them', async () => {
    const flows = ['a', 'b', 'c'];
    for (let round = 0; round < 8; round++) for (const flow of flows) await relaying.leave(flow);
    relaying.receive = () => pause(Math.random() * 8);
    relaying.start('relay-1', { batch: 2, lanes: 3 });
    relaying.start('relay-2', { batch: 2, lanes: 3 });
    await relaying.settled();
    const all = await relaying.rows();
    expect(relaying.delivered).toHaveLength(24);
    for (const flow of flows) {
      const ofFlow = relaying.delivered.filter(({ workflowId }) => workflowId === `escalation:${flow}`);
      expect(ofFlow.map(({ commandId }) => commandId)).toEqual(idsOf(all.filter((row) => row.aggregateId === flow)));
    }
  });

  it('is worst severity first among workflows', async () => {
    for (const [flow, priority] of [
      ['mild', 4],
      ['bad', 2],
      ['worst', 1],
      ['bad too', 2],
    ] as const)
      await relaying.leave(flow, { priority });
    relaying.start('relay-1', { lanes: 1, batch: 1 });
    await relaying.settled();
    expect(relaying.delivered.map(({ workflowId }) => workflowId)).toEqual(
      ['worst', 'bad', 'bad too', 'mild'].map((flow) => `escalation:${flow}`),
    );
  });
});

describe('shares of equal priority', () => {
  const flowsOf = () => relaying.delivered.map(({ workflowId }) => workflowId.replace('escalation:', ''));

  it('have their turn, so that a storm of one holds up no other', async () => {
    for (let flow = 0; flow < 60; flow++) await relaying.leave(`storm-${flow}`, { shareKey: 'storm' });
    await relaying.leave('quiet', { shareKey: 'quiet' });
    await relaying.leave('worse', { shareKey: 'storm', priority: 1 });
    relaying.start('relay-1', { lanes: 1, batch: 2 });
    await relaying.settled();
    expect(flowsOf().slice(0, 3)).toEqual(['worse', 'quiet', 'storm-0']);
    expect(flowsOf()).toHaveLength(62);
  });

  it('are all served when there are more than have their turn at once, and more relays than one', async () => {
    for (let share = 0; share < 70; share++)
      for (let flow = 0; flow < 3; flow++) await relaying.leave(`${share}-${flow}`, { shareKey: `share-${share}` });
    relaying.start('relay-1', { batch: 8, lanes: 3 });
    relaying.start('relay-2', { batch: 8, lanes: 3 });
    await relaying.settled();
    expect(new Set(flowsOf()).size).toBe(210);
    expect(flowsOf()).toHaveLength(210);
  });
});

it('starts few at a time while more comes in than it should start beside, and all once that is over', async () => {
  const heat = { isHot: true };
  relaying.receive = () => new Promise((answer) => held.push(answer));
  relaying.start('relay-1', { lanes: 3, batch: 4, heat });
  for (let flow = 0; flow < 12; flow++) await relaying.leave(`flow-${flow}`);
  await expect.poll(() => relaying.delivered.length, soon).toBeGreaterThan(0);
  await pause(500);
  expect(relaying.delivered.length).toBeLessThanOrEqual(2);
  heat.isHot = false;
  // Two full batches beside what is still held; more when that has meanwhile waited too long and gone again.
  await expect.poll(() => relaying.delivered.length, soon).toBeGreaterThanOrEqual(9);
});

it('tells that more comes in than is good by what Postgres counts, and that it is over', async () => {
  const rain = new AbortController();
  const heat = watchHeat(relaying.db, 1_000);
  const pouring = (async () => {
    while (!rain.signal.aborted) {
      await relaying.db.execute(sql`SELECT count(nextval('fact_seq')) FROM generate_series(1, 2000)`);
      await pause(50);
    }
  })();
  try {
    await expect.poll(() => heat.isHot, soon).toBe(true);
    rain.abort();
    await expect.poll(() => heat.isHot, soon).toBe(false);
  } finally {
    rain.abort();
    await pouring;
    heat.stop();
  }
});

describe('while more comes in than should be started', () => {
  const pour = () => relaying.start('relay-1', { lanes: 3, batch: 8, heat: { isHot: true } });

  it('what a person asked for does not wait with the storm, nor behind a milder message to the same workflow', async () => {
    pour();
    await relaying.leave('asked', { priority: 4 });
    for (let flow = 0; flow < 80; flow++) await relaying.leave(`storm-${flow}`, { shareKey: 'storm', priority: 1 });
    await insertCommand(relaying.db, {
      principalId: 'per_ann',
      idempotencyKey: relaying.nextKey(),
      mode: 'update',
      name: 'acknowledge',
      kind: 'escalation',
      aggregateId: 'asked',
      input: {},
      actor: { kind: 'person', id: 'per_ann', roles: ['responder'] },
      priority: 1,
    });
    const before = relaying.delivered.length;
    const toAsked = () => relaying.delivered.filter(({ workflowId }) => workflowId === 'escalation:asked');
    await expect.poll(() => toAsked().length, soon).toBe(2);
    expect(relaying.delivered.length - before).toBeLessThan(40);
  });

  it('the worst do not wait for longer than some seconds', async () => {
    let running = 0;
    let most = 0;
    relaying.receive = async () => {
      most = Math.max(most, ++running);
      await pause(10);
      running--;
    };
    pour();
    for (let flow = 0; flow < 120; flow++) await relaying.leave(`worst-${flow}`, { priority: 1 });
    await relaying.db.update(commands).set({ createdAt: sql`now() - interval '10 seconds'` });
    await expect.poll(() => relaying.delivered.length, { timeout: 45_000 }).toBe(120);
    // Of all else no more than two go at a time.
    expect(most).toBeGreaterThan(2);
  });
});

describe('two relays', () => {
  it('share the work, and deliver nothing twice', async () => {
    for (let flow = 0; flow < 40; flow++) await relaying.leave(`flow-${flow}`);
    // Neither goes on before both have something: on a busy machine one could be done before the other is there.
    const { promise: bothBegan, resolve: began } = Promise.withResolvers<void>();
    relaying.receive = () => {
      if (new Set(relaying.delivered.map(({ by }) => by)).size === 2) began();
      return bothBegan;
    };
    relaying.start('relay-1', { lanes: 1, batch: 4 });
    relaying.start('relay-2', { lanes: 1, batch: 4 });
    await relaying.settled();
    expect(new Set(relaying.delivered.map(({ commandId }) => commandId)).size).toBe(40);
    expect(relaying.delivered).toHaveLength(40);
    expect(new Set(relaying.delivered.map(({ by }) => by))).toEqual(new Set(['relay-1', 'relay-2']));
  });

  it('need no clock: what one held when it was killed, the other delivers at once', async () => {
    await relaying.leave('held');
    relaying.receive = ({ by }) =>
      by === 'doomed' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve({});
    relaying.start('doomed', { lanes: 1 });
    await expect.poll(() => relaying.delivered.length, soon).toBe(1);
    relaying.start('relay-2', { lanes: 1, pollMs: 20 });
    await pause(200);
    expect(relaying.delivered).toHaveLength(1);
    await runStatement(
      relaying.database.ownerUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed'",
    );
    await relaying.settled();
    expect(relaying.delivered.map(({ by }) => by)).toEqual(['doomed', 'relay-2']);
  });
});

describe('a small pool', () => {
  it('is not used up by the lanes: what they start needs connections too', async () => {
    for (let flow = 0; flow < 6; flow++) await relaying.leave(`flow-${flow}`);
    const pool = relaying.start('relay-1', { batch: 1, size: 2 });
    // As the record of a start does, whose answer the lane waits for.
    relaying.receive = () => pool.execute('SELECT 1');
    await relaying.settled();
    expect((await relaying.rows()).every(({ attempts }) => attempts === 1)).toBe(true);
  });
});

describe('waking', () => {
  it('comes with the commit, not with the poll', async () => {
    relaying.start('relay-1', { lanes: 1, pollMs: 60_000 });
    await relaying.leave('warm-up');
    await relaying.settled();
    for (let round = 0; round < 5; round++) {
      const before = relaying.delivered.length;
      await relaying.leave(`flow-${round}`);
      await expect.poll(() => relaying.delivered.length, soon).toBe(before + 1);
    }
  });

  it('comes again after the listening connection was lost', async () => {
    relaying.start('relay-1', { lanes: 1, pollMs: 300 });
    await relaying.leave('before');
    await relaying.settled();
    await runStatement(
      relaying.database.ownerUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigil-relay-listener' AND datname = current_database()",
    );
    await relaying.leave('meanwhile');
    await relaying.settled();
    await relaying.leave('after');
    await relaying.settled();
    expect(relaying.delivered.map(({ workflowId }) => workflowId)).toEqual(
      ['before', 'meanwhile', 'after'].map((flow) => `escalation:${flow}`),
    );
  });
});
