import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Report } from '../figures.ts';
import { createTimes, round } from '../load.ts';

/** Long enough for all to be told of their first beat before any of them is missed, also on a busy machine. */
const intervalMs = 5 * 60_000;
const callers = 32;

interface Monitor {
  readonly id: string;
  readonly path: string;
  readonly name: string;
}

/** Many monitors whose beats stop in the same second: each is paged for once, and soon; then they beat again. */
export async function heartbeats(bench: Bench, count: number): Promise<Report> {
  const { world, phone } = bench;
  const monitors: Monitor[] = [];
  await side(count, async () => {
    const name = randomUUID();
    const body = { serviceId: world.serviceId, name, intervalSeconds: intervalMs / 1_000, severity: 1 };
    const { ok, body: made } = await world.send('/v1/heartbeat-monitors', body, 'responder');
    if (ok) monitors.push({ id: String(made['id']), path: String(made['path']), name });
  });
  await allAre(bench, 'waiting', monitors.length);
  const beatAll = async () => {
    const times = createTimes();
    const began = performance.now();
    await side(monitors.length, async (turn) => {
      const from = performance.now();
      const { ok } = await world.send(monitors[turn]?.path ?? '', {});
      if (ok) times.add(performance.now() - from);
      else times.fail();
    });
    return times.result((performance.now() - began) / 1_000);
  };
  const first = await beatAll();
  await allAre(bench, 'beating', monitors.length);
  // The last beats: of monitors that beat, so that nothing but rows is written.
  const last = await beatAll();

  await phone.waitFor(monitors.length, 2 * intervalMs);
  const lateness = createTimes();
  const recorded = createTimes();
  const rows = new Map((await all(bench, '/v1/heartbeat-monitors')).map((row) => [String(row['name']), row]));
  const dueOf = (name: string) => Date.parse(String(rows.get(name)?.['lastBeatAt'])) + intervalMs;
  for (const { name } of monitors) recorded.add(Date.parse(String(rows.get(name)?.['updatedAt'])) - dueOf(name));
  // The phone counts from the start of this process, Postgres from 1970: both on this machine.
  const offset = Date.now() - performance.now();
  let early = 0;
  const paged = new Map<string, number>();
  for (const { id, title } of await all(bench, '/v1/escalations')) {
    const name = String(title).split(': ').at(-1) ?? '';
    const at = phone.firstPageAt.get(String(id));
    paged.set(name, (paged.get(name) ?? 0) + 1);
    if (at === undefined) lateness.fail();
    else {
      const lateMs = at + offset - dueOf(name);
      if (lateMs < 0) early++;
      lateness.add(Math.max(0, lateMs));
    }
  }
  const again = performance.now();
  await beatAll();
  await allResolved(bench);
  return {
    figures: [
      { what: 'monitors', value: monitors.length, unit: '', atLeast: count },
      ...figuresOf('beat of a monitor that waits: accepted', first),
      ...figuresOf('beat of a monitor that beats: accepted', last),
      { what: 'beats of monitors that beat', value: last.perSecond, unit: '/s' },
      ...figuresOf('beat was due → miss recorded', recorded.result(1)),
      ...figuresOf('beat was due → first page on the phone', lateness.result(1), { p99: 30_000 }),
      { what: 'paged before the beat was due', value: early, unit: '', atMost: 0 },
      {
        what: 'monitors with more or less than one escalation',
        value: monitors.filter(({ name }) => paged.get(name) !== 1).length,
        unit: '',
        atMost: 0,
      },
      { what: 'all beat again → all resolved', value: round((performance.now() - again) / 1_000), unit: 's' },
    ],
    notes: [
      'the last beats of all monitors came in within a second or two, so their misses fell due as close together',
    ],
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

async function allAre(bench: Bench, status: string, count: number): Promise<void> {
  await until(`all monitors are ${status}`, async () => {
    const rows = await all(bench, '/v1/heartbeat-monitors');
    return rows.filter((row) => row['status'] === status).length >= count;
  });
}

const allResolved = (bench: Bench): Promise<void> =>
  until('all are resolved', async () =>
    (await all(bench, '/v1/escalations')).every(({ resolvedAt }) => resolvedAt !== null),
  );

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 5 * 60_000;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`${what}: not within 5 minutes`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
