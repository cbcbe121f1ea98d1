import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { epochOffset, firstDeadlines, queryOnce } from '../chain.ts';
import { createTimes, openLoop, pause, round, until } from '../load.ts';
import type { Measured } from '../load.ts';
import type { BenchService } from '../world.ts';

const minute = 60_000;
/** A page that is later than this counts as left behind: it is the goal. */
const backlogAfterMs = 1_000;

export interface Steady {
  readonly measured: Measured;
  /** Accepted a second or more ago and not paged, when the last alert of the stage was that old. */
  readonly backlog: number;
  /** How long after the last alert all were paged, seconds. */
  readonly drainedAfter: number;
  readonly ids: readonly string[];
}

/** Alerts at a steady rate: how soon each is on a phone, and whether they pile up. Returns when all are, or after two minutes. */
export async function steady(
  { world, phone }: Bench,
  stage: { readonly seconds: number; readonly perSecond: number; readonly service?: BenchService },
): Promise<Steady> {
  const accepted = new Map<string, number>();
  const times = createTimes();
  await openLoop(stage.seconds, stage.perSecond, async () => {
    const id = await world.trigger(stage.service ?? 'bench', randomUUID());
    if (id === null) times.fail();
    else accepted.set(id, performance.now());
  });
  const ended = performance.now();
  const ids = [...accepted.keys()];
  const waiting = (): number => ids.filter((id) => !phone.firstPageAt.has(id)).length;
  await pause(backlogAfterMs);
  const backlog = waiting();
  await until(() => waiting() === 0, 2 * minute);
  let last = ended;
  for (const [id, at] of accepted) {
    const paged = phone.firstPageAt.get(id);
    last = Math.max(last, paged ?? performance.now());
    if (paged === undefined) times.fail();
    else times.add(Math.max(0, paged - at));
  }
  return { measured: times.result(stage.seconds), backlog, drainedAfter: round((last - ended) / 1_000), ids };
}

/**
 * How late the second rung of these ladders was paged, against the moment at which it was due by the ladder's own record.
 * Waits for the pages, for a minute at most.
 */
export async function secondRungs({ phone, stack }: Bench, ids: readonly string[]): Promise<Measured> {
  const second = phone.firstOn('second');
  await until(() => ids.every((id) => second.has(id)), minute);
  const due = await firstDeadlines(stack.urls.owner, ids);
  const offset = epochOffset();
  const times = createTimes();
  for (const id of ids) {
    const [dueAt, pagedAt] = [due.get(id), second.get(id)];
    if (dueAt === undefined || pagedAt === undefined) times.fail();
    else times.add(Math.max(0, pagedAt + offset - dueAt));
  }
  return times.result(1);
}

/** How many escalations are open. */
export async function liveNow({ stack }: Bench): Promise<number> {
  const rows = await queryOnce<{ n: number }>(
    stack.urls.owner,
    'SELECT count(*)::int AS n FROM escalations WHERE closed_at IS NULL',
  );
  return rows[0]?.n ?? 0;
}

/**
 * Opens ladders at a steady rate until so many are live: each waits on its first rung, with a timer, for a person whose own
 * rules page hours later. So they cost no page, neither now nor while others are measured. Returns when all wait; says how
 * many did not yet when the last was opened, and how many never came to.
 */
export async function ascend(
  bench: Bench,
  level: number,
  perSecond: number,
): Promise<{ readonly opened: number; readonly behind: number; readonly lost: number }> {
  const { world, stack } = bench;
  const missing = Math.max(0, level - (await liveNow(bench)));
  if (missing === 0) return { opened: 0, behind: 0, lost: 0 };
  const before = await notWaiting();
  let refused = 0;
  await openLoop(missing / perSecond, perSecond, async () => {
    if ((await world.trigger('quiet', randomUUID())) === null) refused++;
  });
  const behind = await notWaiting();
  await until(async () => (await notWaiting()) <= before, 5 * minute, 1_000);
  return { opened: missing - refused, behind: behind - before, lost: refused + (await notWaiting()) - before };

  async function notWaiting(): Promise<number> {
    const rows = await queryOnce<{ n: number }>(
      stack.urls.owner,
      `SELECT count(*)::int AS n FROM escalations
       WHERE service_id = $1 AND closed_at IS NULL AND (state #>> '{walk,phase}') IS DISTINCT FROM 'waiting'`,
      [world.serviceIdOf('quiet')],
    );
    return rows[0]?.n ?? 0;
  }
}

/** Acknowledgements at a steady rate, from the request to the recorded answer. */
export async function acknowledge({ world }: Bench, ids: readonly string[], perSecond: number): Promise<Measured> {
  const times = createTimes();
  const length = ids.length / perSecond;
  await openLoop(length, perSecond, async (turn) => {
    const from = performance.now();
    const answer = await world.send(`/v1/escalations/${ids[turn]}/acknowledgements`, {}, 'responder');
    // 202 would mean that it is accepted and not done: no answer yet.
    if (answer.status === 201) times.add(performance.now() - from);
    else times.fail();
  });
  return times.result(length);
}

/** Many alerts in one moment: after how many seconds all were paged, and how many were not within five minutes. */
export async function burst(
  { world, phone }: Bench,
  count: number,
): Promise<{ readonly seconds: number; readonly missing: number }> {
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: count }, () => world.trigger('bench', randomUUID())));
  const ids = answers.filter((id) => id !== null);
  const waiting = (): number => ids.filter((id) => !phone.firstPageAt.has(id)).length;
  await until(() => waiting() === 0, 5 * minute);
  const last = Math.max(...ids.map((id) => phone.firstPageAt.get(id) ?? performance.now()));
  return { seconds: round((last - began) / 1_000), missing: count - ids.length + waiting() };
}
