import { eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptResolve, acceptTrigger, reopenForLateTriggers } from '#db/repositories/alerts.ts';
import { firingAlerts } from '#db/schema/index.ts';
import { acknowledge, groupOf, resolve, startIntakeWorld, trigger } from '../support/intake.ts';
import type { IntakeWorld } from '../support/intake.ts';

let world: IntakeWorld;
beforeAll(async () => {
  world = await startIntakeWorld();
});
afterAll(() => world.stop());

const send = (...reports: Parameters<IntakeWorld['intake']['accept']>[1]) =>
  world.intake.accept(world.sender(), reports);

describe('one key', () => {
  it('at a hundred triggers at once is one escalation of count 100, with one command', async () => {
    const key = world.key();
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(trigger(key))));
    const dispositions = answers.flat().map(({ disposition }) => disposition);
    expect(dispositions.filter((each) => each === 'opened')).toHaveLength(1);
    expect(dispositions.filter((each) => each === 'merged')).toHaveLength(99);
    const rows = await world.escalationsOf(key);
    expect(rows).toMatchObject([{ alertCount: 100, severity: 3, status: 'opening' }]);
    expect(await world.toldOf(rows[0]?.id ?? '')).toEqual(['open 3 1']);
    expect(await world.factsOf(key)).toEqual(['trigger opened']);
    expect(new Set(answers.flat().map(({ escalationId }) => escalationId))).toEqual(new Set([rows[0]?.id]));
  });

  it('keeps the order of its triggers and ends, told and counted', async () => {
    const key = world.key();
    const moves = [trigger(key), resolve(key), resolve(key), trigger(key), trigger(key, { severity: 1 }), resolve(key)];
    const answers = await Promise.all(moves.map((move) => send(move)));
    expect(answers.flat().map(({ disposition }) => disposition)).toEqual([
      'opened',
      'resolved',
      'resolved',
      'merged',
      'merged',
      'resolved',
    ]);
    const [row] = await world.escalationsOf(key);
    expect(await world.toldOf(row?.id ?? '')).toEqual(['open 3 1', 'resolve 3 0', 'trigger 1 1', 'resolve 1 0']);
    expect(row).toMatchObject({ alertCount: 3, severity: 1 });
    expect(row?.lastResolveSeq).toBeGreaterThan(row?.lastTriggerSeq ?? Number.POSITIVE_INFINITY);
  });

  it('opens a linked one for a trigger that came after the end was told', async () => {
    const key = world.key();
    const [[opened]] = [await send(trigger(key))];
    await send(resolve(key), resolve(key));
    await send(trigger(key));
    const [row] = await world.escalationsOf(key);
    const reopened = await world.db.transaction(async (tx) => {
      await tx.execute(sql`UPDATE escalations SET closed_at = now() WHERE id = ${opened?.escalationId}`);
      return reopenForLateTriggers(tx, opened?.escalationId ?? '', row?.lastResolveSeq ?? 0);
    });
    expect(reopened).not.toBeNull();
    const [, next] = await world.escalationsOf(key);
    expect(next).toMatchObject({ id: reopened, previousId: opened?.escalationId, alertCount: 1 });
    expect((await send(trigger(key)))[0]).toMatchObject({ disposition: 'merged', escalationId: reopened });
  });

  it('goes to the one that was opened while its report waited for the old one to close', async () => {
    const key = world.key();
    const [opened] = await send(trigger(key));
    const { promise: isClosing, resolve: closing } = Promise.withResolvers<void>();
    const { promise: mayClose, resolve: close } = Promise.withResolvers<void>();
    const recording = world.db.transaction(async (tx) => {
      await tx.execute(sql`UPDATE escalations SET closed_at = now() WHERE id = ${opened?.escalationId}`);
      closing();
      await mayClose;
      return reopenForLateTriggers(tx, opened?.escalationId ?? '', 0);
    });
    await isClosing;
    const late = send(trigger(key), trigger(world.key()));
    await waitsForALock();
    close();
    const reopened = await recording;
    expect(await late).toMatchObject([{ disposition: 'merged', escalationId: reopened }, { disposition: 'opened' }]);
    const rows = await world.escalationsOf(key);
    expect(rows.map(({ alertCount }) => alertCount)).toEqual([1, 2]);
  });

  it('is shared with what Vigil raises itself, by the same mechanism', async () => {
    const key = world.key();
    const source = { serviceId: world.serviceId, dedupKey: key, reportedBy: 'vigil' };
    const [opened] = await send(trigger(key));
    const own = await world.db.transaction((tx) =>
      acceptTrigger(tx, { ...source, severity: 2, title: 'Own', causeKey: `cause-${key}` }),
    );
    expect(own).toEqual({ disposition: 'merged', escalationId: opened?.escalationId });
    const again = await world.db.transaction((tx) =>
      acceptTrigger(tx, { ...source, severity: 1, title: 'Own', causeKey: `cause-${key}` }),
    );
    expect(again).toEqual(own);
    expect(await world.toldOf(own.escalationId)).toEqual(['open 3 1', 'trigger 2 1']);
    expect(await world.db.transaction((tx) => acceptResolve(tx, source))).toBe(own.escalationId);
    expect(await world.factsOf(key)).toEqual(['trigger opened', 'trigger merged', 'resolve resolved']);
    const nothing = { ...source, dedupKey: world.key() };
    expect(await world.db.transaction((tx) => acceptResolve(tx, nothing, { onlyIfOpen: true }))).toBeNull();
    expect(await world.factsOf(nothing.dedupKey)).toEqual([]);
  });

  async function waitsForALock(): Promise<void> {
    for (let tries = 0; tries < 1_500; tries++) {
      const { rows } = await world.db.execute(
        sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      if (rows.length > 0) return;
      await new Promise((wake) => setTimeout(wake, 10));
    }
    throw new Error('nobody waits for a lock');
  }
});

describe('an acknowledgement or an end', () => {
  it('of nothing open is dropped, and kept as a fact', async () => {
    const key = world.key();
    expect(await send(acknowledge(key), resolve(key))).toMatchObject([
      { disposition: 'dropped', escalationId: null },
      { disposition: 'dropped', escalationId: null },
    ]);
    expect(await world.escalationsOf(key)).toEqual([]);
    expect(await world.factsOf(key)).toEqual(['acknowledge dropped', 'resolve dropped']);
  });

  it('of what is open: the one is noted and stops nothing, the other is told', async () => {
    const key = world.key();
    const [opened] = await send(trigger(key));
    expect(await send(acknowledge(key))).toEqual([{ ...opened, disposition: 'noted' }]);
    expect(await world.toldOf(opened?.escalationId ?? '')).toEqual(['open 3 1']);
    const [row] = await world.escalationsOf(key);
    expect(row?.acknowledgedAt).toBeNull();
    expect(await world.factsOf(key)).toEqual(['trigger opened', 'acknowledge noted']);
  });

  it('of what another integration opened is dropped', async () => {
    const key = world.key();
    const [ours, theirs] = [world.sender({ id: world.via() }), world.sender({ id: world.via() })];
    await world.intake.accept(ours, [trigger(key)]);
    expect(await world.intake.accept(theirs, [resolve(key)])).toMatchObject([{ disposition: 'dropped' }]);
    expect(await world.intake.accept(theirs, [trigger(key)])).toMatchObject([{ disposition: 'merged' }]);
    expect(await world.intake.accept(ours, [resolve(key)])).toMatchObject([{ disposition: 'resolved' }]);
  });
});

describe('a group', () => {
  const on = (...names: string[]) => names.map((fingerprint) => ({ fingerprint, startedAt: 1_000_000 }));
  const off = (...names: string[]) =>
    names.map((one) => ({ fingerprint: one, startedAt: 1_000_000, endedAt: 1_060_000 }));
  const fire = (key: string, ...names: string[]) => trigger(key, { group: groupOf({ firing: on(...names) }) });
  const over = (key: string, names: string[], leftOut = 0) =>
    resolve(key, groupOf({ resolved: off(...names), leftOut }));

  it('stays open until none of it fires, across transactions', async () => {
    const key = world.key();
    await send(fire(key, 'a', 'b'));
    expect(await send(over(key, ['a']))).toMatchObject([{ disposition: 'noted' }]);
    expect(await world.firingOf(key)).toEqual(['b']);
    expect(await send(over(key, ['b'], 2))).toMatchObject([{ disposition: 'noted' }]);
    const [ended] = await send(over(key, ['b']));
    expect(ended?.disposition).toBe('resolved');
    expect(await world.toldOf(ended?.escalationId ?? '')).toEqual(['open 3 2', 'resolve 3 0']);
    expect(await world.factsOf(key)).toEqual(['trigger opened', 'resolve noted', 'resolve noted', 'resolve resolved']);
  });

  it('whose end came before its firing opens no ghost, and a later firing does', async () => {
    const key = world.key();
    expect(await send(over(key, ['a']))).toMatchObject([{ disposition: 'dropped' }]);
    expect(await send(fire(key, 'a'))).toMatchObject([{ disposition: 'dropped' }]);
    expect(await world.escalationsOf(key)).toEqual([]);
    const later = groupOf({ firing: [{ fingerprint: 'a', startedAt: 1_060_001 }] });
    expect(await send(trigger(key, { group: later }))).toMatchObject([{ disposition: 'opened' }]);
    expect(await send(over(key, ['a']))).toMatchObject([{ disposition: 'noted' }]);
    expect(await world.firingOf(key)).toEqual(['a']);
  });

  it('that grows past the threshold of its policy is told of, whether or not its ladder has begun', async () => {
    const key = world.key();
    const sender = world.sender({ serviceId: await world.newService({ onFiringCountAbove: 2 }) });
    const report = (...names: string[]) => world.intake.accept(sender, [fire(key, ...names)]);
    const [opened] = await report('a');
    const id = opened?.escalationId ?? '';
    await report('a', 'b');
    await report('c');
    await report('a', 'b', 'c');
    expect(await world.toldOf(id)).toEqual(['open 3 1', 'trigger 3 3']);
    const begun = (paged: boolean) =>
      JSON.stringify({ policy: { rePage: { onFiringCountAbove: 4 } }, pagedForFiringCount: paged });
    await world.db.execute(sql`UPDATE escalations SET state = ${begun(false)}::jsonb WHERE id = ${id}`);
    await report('d');
    await report('e');
    expect((await world.toldOf(id)).slice(2)).toEqual(['trigger 3 5']);
    await world.db.execute(sql`UPDATE escalations SET state = ${begun(true)}::jsonb WHERE id = ${id}`);
    await report('f');
    expect(await world.toldOf(id)).toHaveLength(3);
  });

  it('is known as a naive count knows it, however its reports are cut and mixed', async () => {
    const names = ['a', 'b', 'c'];
    const spans = fc.array(
      fc.record({ name: fc.constantFrom(...names), ends: fc.boolean(), length: fc.integer({ min: 1, max: 9 }) }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(spans, fc.infiniteStream(fc.nat()), async (history, order) => {
        const key = world.key();
        const told = history.flatMap(({ name, ends, length }, index) => {
          const one = { fingerprint: name, startedAt: 1_000_000 + index * 20 };
          const start = trigger(key, { group: groupOf({ firing: [one] }) });
          const end = resolve(key, groupOf({ resolved: [{ ...one, endedAt: one.startedAt + length }] }));
          return ends ? [start, end] : [start];
        });
        const mixed = told
          .map((report) => ({ report, place: order.next().value ?? 0 }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ report }) => report);
        await Promise.all(mixed.map((report) => send(report)));
        const naive = names.filter((name) => history.findLast((span) => span.name === name)?.ends === false);
        expect(await world.firingOf(key)).toEqual(naive);
        const rows = (await world.escalationsOf(key)).map((row) => (row.lastResolveSeq ?? 0) > row.lastTriggerSeq);
        // What still fires is open, and its end was not told.
        if (naive.length > 0) expect(rows).toEqual([false]);
        else expect(rows).not.toContain(false);
      }),
      { numRuns: 40 },
    );
  });
});

it('an alert that is still said to fire minutes after another source ended it pages again, under its old start', async () => {
  const [key, alert] = [world.key(), { fingerprint: 'a', startedAt: 1_000_000 }];
  const fire = trigger(key, { group: groupOf({ firing: [alert] }) });
  const end = resolve(key, groupOf({ resolved: [{ ...alert, endedAt: 1_060_000 }] }));
  const [opened] = await world.intake.accept(world.sender(), [fire, end]);
  await world.close(opened?.escalationId ?? null);
  expect(await world.intake.accept(world.sender(), [fire])).toMatchObject([{ disposition: 'dropped' }]);
  await world.db
    .update(firingAlerts)
    .set({ seenAt: sql`now() - interval '5 minutes'` })
    .where(eq(firingAlerts.dedupKey, key));
  expect(await world.intake.accept(world.sender(), [fire, fire])).toMatchObject([
    { disposition: 'opened' },
    { disposition: 'merged' },
  ]);
  const later = resolve(key, groupOf({ resolved: [{ ...alert, endedAt: 1_400_000 }] }));
  expect(await world.intake.accept(world.sender(), [later])).toMatchObject([{ disposition: 'resolved' }]);
});
