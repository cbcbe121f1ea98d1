import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIntake } from '#api/intake/intake.ts';
import { emptyDocument } from '#domain/intake/integration.ts';
import { acceptReports } from '#db/repositories/intake/accept.ts';
import { resolve, startIntakeWorld, trigger } from '../support/intake.ts';
import type { IntakeWorld } from '../support/intake.ts';

let world: IntakeWorld;
beforeAll(async () => {
  world = await startIntakeWorld();
});
afterAll(() => world.stop());

const send = (...reports: Parameters<IntakeWorld['intake']['accept']>[1]) =>
  world.intake.accept(world.sender(), reports);

it('a thousand calls share few commits', async () => {
  const keys = Array.from({ length: 1_000 }, () => world.key());
  const answers = await Promise.all(keys.map((key) => send(trigger(key))));
  expect(answers.flat().map(({ dedupKey }) => dedupKey)).toEqual(keys);
  expect(new Set(answers.flat().map(({ disposition }) => disposition))).toEqual(new Set(['opened']));
  // By the transactions that wrote the rows: other tests on the same server have theirs meanwhile.
  const { rows } = await world.db.execute<{ started: number; commits: number }>(
    sql`SELECT count(*)::int AS started, count(DISTINCT xmin::text)::int AS commits FROM commands WHERE name = 'open'`,
  );
  expect(rows[0]?.started).toBe(1_000);
  expect(rows[0]?.commits).toBeLessThan(60);
});

it('two transactions with the same keys in opposite order both go through', async () => {
  const keys = Array.from({ length: 20 }, () => world.key());
  const both = async (): Promise<void> => {
    const [there, back] = [keys, keys.toReversed()].map((order, index) =>
      world.db.transaction((tx) =>
        acceptReports(
          tx,
          world.sender(),
          order.flatMap((key) => (index === 0 ? [trigger(key), resolve(key)] : [resolve(key), trigger(key)])),
          [],
        ),
      ),
    );
    await Promise.all([there, back]);
  };
  for (let round = 0; round < 20; round++) await both();
  for (const key of keys) expect(await world.escalationsOf(key)).toMatchObject([{ alertCount: 40 }]);
});

describe('a poisoned call', () => {
  const poison = () => trigger(world.key(), { details: { text: 'a\u0000b' } });

  it('fails alone, and leaves nothing', async () => {
    const [good, bad] = [world.key(), world.key()];
    const calls = [
      ...Array.from({ length: 10 }, () => send(trigger(good))),
      send(trigger(bad), poison()),
      ...Array.from({ length: 10 }, () => send(trigger(good))),
      world.intake.accept(world.sender({ serviceId: 'svc_00000000000000000000000000000000' }), [trigger(bad)]),
      send(trigger(good, { title: 'x\ud800' })),
    ];
    const ended = await Promise.allSettled(calls);
    expect(ended.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(2);
    expect([ended[10]?.status, ended[21]?.status]).toEqual(['rejected', 'rejected']);
    expect(ended[21]).toMatchObject({ reason: { code: 'resource.not_found' } });
    expect(await world.escalationsOf(bad)).toEqual([]);
    expect(await world.escalationsOf(good)).toMatchObject([{ alertCount: 21 }]);
  });

  it('leaves the front open for those that follow', async () => {
    await expect(send(poison())).rejects.toThrow();
    expect(await send(trigger(world.key()))).toMatchObject([{ disposition: 'opened' }]);
  });
});

describe('when more comes in than can be stored', () => {
  it('turns away at once what would wait too long, and stores all that it took', async () => {
    const intake = createIntake({ db: world.db, lanes: 1, batch: 5, waitingAtMost: 20 });
    const keys = Array.from({ length: 60 }, () => world.key());
    const ended = await Promise.allSettled(keys.map((key) => intake.accept(world.sender(), [trigger(key)])));
    const refused = ended.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(20);
    expect(refused[0]).toMatchObject({ reason: { code: 'intake.overloaded', detail: { retryAfterSeconds: 1 } } });
    for (const [index, key] of keys.entries())
      expect(await world.escalationsOf(key)).toHaveLength(ended[index]?.status === 'fulfilled' ? 1 : 0);
    expect(await intake.accept(world.sender(), [trigger(world.key())])).toMatchObject([{ disposition: 'opened' }]);
  });

  it('stores what it took before it closes, and takes nothing more', async () => {
    const intake = createIntake({ db: world.db, lanes: 1, batch: 3 });
    const keys = Array.from({ length: 10 }, () => world.key());
    const taken = keys.map((key) => intake.accept(world.sender(), [trigger(key)]));
    await intake.close();
    for (const key of keys) expect(await world.escalationsOf(key)).toHaveLength(1);
    await Promise.all(taken);
    await expect(intake.accept(world.sender(), [trigger(world.key())])).rejects.toMatchObject({
      code: 'intake.overloaded',
    });
  });
});

it('an answer that came means that it is stored: nothing is answered before the commit', async () => {
  const key = world.key();
  const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
  const { promise: mayGo, resolve: go } = Promise.withResolvers<void>();
  const holding = world.db.transaction(async (tx) => {
    await acceptReports(tx, world.sender(), [trigger(key)], []);
    held();
    await mayGo;
  });
  await isHeld;
  let isAnswered = false;
  const answer = send(trigger(key)).finally(() => (isAnswered = true));
  await send(trigger(world.key()));
  expect(isAnswered).toBe(false);
  go();
  await holding;
  expect(await answer).toMatchObject([{ disposition: 'merged' }]);
});

it('an end that is written together with its beginning goes where that went, whatever its own labels say', async () => {
  const [key, other] = [world.key(), await world.newService()];
  const routes = [
    {
      when: [{ label: 'env', is: 'equals', value: 'prod' } as const],
      serviceId: other,
      severity: null,
      stop: true,
    },
  ];
  const sender = world.sender({ id: world.via(), document: { ...emptyDocument, routes } });
  const answers = await world.intake.accept(sender, [
    trigger(key, { labels: { env: 'prod' } }),
    trigger(key),
    resolve(key),
  ]);
  expect(answers.map(({ disposition }) => disposition)).toEqual(['opened', 'merged', 'resolved']);
  expect(await world.escalationsOf(key)).toMatchObject([{ serviceId: other, alertCount: 2 }]);
});
