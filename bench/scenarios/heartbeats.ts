import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { epochOffset } from '../chain.ts';
import { figuresOf } from '../figures.ts';
import type { Figure, Report } from '../figures.ts';
import { createTimes, pause, round, until } from '../load.ts';
import type { Measured } from '../load.ts';
import { scaled } from '../run.ts';
import type { Run } from '../run.ts';

const minute = 60_000;
const callers = 32;
/** Another service's alerts while the misses are dealt with. */
const otherEveryMs = 5_000;

interface Monitor {
  readonly id: string;
  readonly path: string;
  readonly name: string;
}

/** When each monitor's beat was due and what came of its absence, epoch milliseconds; null for what has not happened. */
interface Miss {
  readonly dueAt: number;
  readonly recordedAt: number | null;
  readonly openedAt: number | null;
  readonly pagedAt: number | null;
  readonly escalations: number;
}

/**
 * Many monitors whose beats stop in the same second or two: each is paged for once, and soon, and nobody else's page waits
 * for theirs. Then all beat again. Every wait is bounded; what did not happen within it is counted as failed.
 */
export async function heartbeats(bench: Bench, run: Run): Promise<Report> {
  const count = scaled(run, 1_000, 50);
  // Long enough for all to be told of their first beat before any of them is missed, also on a busy machine.
  const intervalMs = Math.max(minute, scaled(run, 5 * minute));
  const monitors = await makeMonitors(bench, count, intervalMs);
  const waiting = await allAre(bench, 'waiting', monitors.length, 3 * minute);
  const first = await beatAll(bench, monitors);
  const beating = await allAre(bench, 'beating', monitors.length, intervalMs - 10_000);
  // The last beats: of monitors that beat, so that nothing but rows is written.
  const began = Date.now();
  const last = await beatAll(bench, monitors);
  const lastDueAt = Date.now() + intervalMs;
  await pause(Math.max(0, began + intervalMs - otherEveryMs - Date.now()));
  const others = await othersMeanwhile(bench, monitors.length, lastDueAt + 5 * minute);

  const misses = await missesOf(bench, monitors, intervalMs);
  const again = performance.now();
  await beatAll(bench, monitors);
  const resolved = await until(() => isAllResolved(bench), 5 * minute, 500);
  const late = (name: string, at: (miss: Miss) => number | null, goals: { readonly p99?: number } = {}) =>
    figuresOf(`beat was due → ${name}`, latenessOf(misses, at), goals);
  return {
    figures: [
      { what: 'monitors', value: monitors.length, unit: '', atLeast: count },
      { what: 'of these not ready before their last beat', value: waiting + beating, unit: '', atMost: 0 },
      ...figuresOf('beat of a monitor that waits: accepted', first),
      ...figuresOf('beat of a monitor that beats: accepted', last),
      { what: 'beats of monitors that beat', value: last.perSecond, unit: '/s' },
      { what: 'all beats were due within', value: round(spreadOf(misses) / 1_000), unit: 's' },
      allBy('misses recorded', misses, ({ recordedAt }) => recordedAt),
      allBy('escalations opened', misses, ({ openedAt }) => openedAt),
      allBy('paged', misses, ({ pagedAt }) => pagedAt, 30),
      ...late('miss recorded', ({ recordedAt }) => recordedAt),
      ...late('escalation opened', ({ openedAt }) => openedAt),
      ...late('first page on the phone', ({ pagedAt }) => pagedAt, { p99: 30_000 }),
      ...figuresOf("another service's alert meanwhile → first page", others, { p99: 1_000 }),
      {
        what: 'paged before the beat was due',
        value: misses.filter(({ dueAt, pagedAt }) => pagedAt !== null && pagedAt < dueAt).length,
        unit: '',
        atMost: 0,
      },
      {
        what: 'monitors with more or less than one escalation',
        value: misses.filter(({ escalations }) => escalations !== 1).length,
        unit: '',
        atMost: 0,
      },
      resolved
        ? { what: 'all beat again → all resolved', value: round((performance.now() - again) / 1_000), unit: 's' }
        : { what: 'all beat again → not all resolved within 5 min', value: 1, unit: '', atMost: 0 },
    ],
    notes: [
      'all by: seconds after the beat that was due last',
      'all are of severity 2, the other service’s alerts too: what keeps these soon is that each service has its turn',
    ],
  };
}

async function makeMonitors({ world }: Bench, count: number, intervalMs: number): Promise<Monitor[]> {
  const monitors: Monitor[] = [];
  await side(count, async () => {
    const name = randomUUID();
    const body = { serviceId: world.serviceId, name, intervalSeconds: Math.round(intervalMs / 1_000), severity: 2 };
    const { ok, body: made } = await world.send('/v1/heartbeat-monitors', body, 'responder');
    if (ok) monitors.push({ id: String(made['id']), path: String(made['path']), name });
  });
  return monitors;
}

async function beatAll({ world }: Bench, monitors: readonly Monitor[]): Promise<Measured> {
  const times = createTimes();
  const began = performance.now();
  await side(monitors.length, async (turn) => {
    const from = performance.now();
    const { ok } = await world.send(monitors[turn]?.path ?? '', {});
    if (ok) times.add(performance.now() - from);
    else times.fail();
  });
  return times.result((performance.now() - began) / 1_000);
}

/** Until all misses are paged: an alert of another service now and then, and how soon each was on a phone. */
async function othersMeanwhile({ world, phone }: Bench, misses: number, untilAt: number): Promise<Measured> {
  const accepted = new Map<string, number>();
  const times = createTimes();
  const isPaged = (id: string): boolean => phone.firstPageAt.has(id);
  const paged = (): number => phone.firstPageAt.size - [...accepted.keys()].filter(isPaged).length;
  while (paged() < misses && Date.now() < untilAt) {
    const id = await world.trigger('neighbour', randomUUID());
    if (id === null) times.fail();
    else accepted.set(id, performance.now());
    await until(() => paged() >= misses, otherEveryMs);
  }
  await until(() => [...accepted.keys()].every(isPaged), minute);
  for (const [id, at] of accepted) {
    const paged = phone.firstPageAt.get(id);
    if (paged === undefined) times.fail();
    else times.add(Math.max(0, paged - at));
  }
  return times.result(1);
}

async function missesOf(bench: Bench, monitors: readonly Monitor[], intervalMs: number): Promise<Miss[]> {
  const rows = new Map((await all(bench, '/v1/heartbeat-monitors')).map((row) => [String(row['name']), row]));
  const escalations = Map.groupBy(await all(bench, '/v1/escalations'), ({ title }) => String(title).split(': ').at(-1));
  const offset = epochOffset();
  return monitors.map(({ name }): Miss => {
    const row = rows.get(name);
    const raised = escalations.get(name) ?? [];
    const paged = bench.phone.firstPageAt.get(String(raised[0]?.['id']));
    return {
      dueAt: Date.parse(String(row?.['lastBeatAt'])) + intervalMs,
      recordedAt: row?.['status'] === 'missed' ? Date.parse(String(row['updatedAt'])) : null,
      openedAt: raised[0] ? Date.parse(String(raised[0]['openedAt'])) : null,
      pagedAt: paged === undefined ? null : paged + offset,
      escalations: raised.length,
    };
  });
}

function latenessOf(misses: readonly Miss[], at: (miss: Miss) => number | null): Measured {
  const times = createTimes();
  for (const miss of misses) {
    const cameAt = at(miss);
    if (cameAt === null) times.fail();
    else times.add(Math.max(0, cameAt - miss.dueAt));
  }
  return times.result(1);
}

const lastDue = (misses: readonly Miss[]): number => Math.max(...misses.map(({ dueAt }) => dueAt));
const spreadOf = (misses: readonly Miss[]): number => lastDue(misses) - Math.min(...misses.map(({ dueAt }) => dueAt));

function allBy(name: string, misses: readonly Miss[], at: (miss: Miss) => number | null, atMost?: number): Figure {
  const last = Math.max(...misses.map((miss) => at(miss) ?? Infinity));
  return {
    what: `all ${name} by`,
    value: round((last - lastDue(misses)) / 1_000),
    unit: 's',
    ...(atMost === undefined ? {} : { atMost }),
  };
}

/** Runs the calls 0 … count − 1, some side by side. */
async function side(count: number, call: (turn: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await call(next++);
    }),
  );
}

async function all({ world }: Bench, path: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await world.get(`${path}?limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...(page['items'] as Record<string, unknown>[]));
    cursor = page['nextCursor'] as string | null;
  }
  return items;
}

/** Waits for so many monitors of that status, and says how many there are too few of in the end. */
async function allAre(bench: Bench, status: string, count: number, withinMs: number): Promise<number> {
  let missing = count;
  const look = async (): Promise<boolean> => {
    const rows = await all(bench, '/v1/heartbeat-monitors');
    missing = Math.max(0, count - rows.filter((row) => row['status'] === status).length);
    return missing === 0;
  };
  await until(look, withinMs, 500);
  return missing;
}

/** Of the monitors' own: another service's alerts stay open. */
const isAllResolved = async (bench: Bench): Promise<boolean> =>
  (await all(bench, '/v1/escalations')).every(
    ({ resolvedAt, serviceId }) => resolvedAt !== null || serviceId !== bench.world.serviceId,
  );
