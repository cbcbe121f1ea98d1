import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { runChecker } from '#checker/run.ts';
import type { Bench } from '../bench.ts';
import { acknowledgedOf } from '../chain.ts';
import { figuresOf } from '../figures.ts';
import type { Report } from '../figures.ts';
import { createTimes, pause, round, until } from '../load.ts';
import { randomOf } from '../random.ts';

const targets = ['worker', 'api', 'postgres backend', 'temporal'] as const;
type Target = (typeof targets)[number];

interface Kill {
  readonly target: Target;
  readonly at: number;
}

/** Parts are killed by SIGKILL one after the other under a steady load of alerts and acknowledgements; then the checker judges. */
export async function kills(bench: Bench, rounds: number, seed: number): Promise<Report> {
  const { world, phone, stack } = bench;
  // Streams of their own: what is killed when follows from the seed, however the load goes.
  const [random, ofLoad] = [randomOf(seed), randomOf(seed + 1)];
  const accepted = new Map<string, number>();
  let refused = 0;
  const over = new AbortController();
  const load = (async () => {
    const calls: Promise<void>[] = [];
    while (!over.signal.aborted) {
      calls.push(
        (async () => {
          const id = await world.trigger('short', randomUUID()).catch(() => null);
          if (id === null) return void refused++;
          accepted.set(id, performance.now());
          if (ofLoad() < 0.5) return;
          await pause(2_000 + 10_000 * ofLoad());
          await world.send(`/v1/escalations/${id}/acknowledgements`, {}, 'responder').catch(() => null);
        })(),
      );
      await pause(200);
    }
    await Promise.all(calls);
  })();

  const done: Kill[] = [];
  try {
    for (let turn = 0; turn < rounds; turn++) {
      const target = targets[Math.floor(random() * targets.length)] ?? 'worker';
      await pause(1_000 + 4_000 * random());
      done.push({ target, at: performance.now() });
      await strike(bench, target, 200 + 2_000 * random());
    }
  } finally {
    over.abort();
    await load;
  }
  // Acknowledged before anybody could be paged: nobody must be. The chain knows, also where the answer was lost.
  const silenced = new Set<string>();
  const isSettled = async (): Promise<boolean> => {
    const waiting = [...accepted.keys()].filter((id) => !phone.firstPageAt.has(id) && !silenced.has(id));
    if (waiting.length > 0) for (const id of await acknowledgedOf(stack.urls.owner, waiting)) silenced.add(id);
    return waiting.every((id) => silenced.has(id));
  };
  await until(isSettled, 120_000, 1_000);
  // The checker counts only what has had its time as lost.
  await pause(30_000);

  const times = createTimes();
  for (const [id, at] of accepted) {
    const paged = phone.firstPageAt.get(id);
    if (paged === undefined && silenced.has(id)) continue;
    if (paged === undefined) times.fail();
    else times.add(Math.max(0, paged - at));
  }
  const report = await runChecker({
    databaseUrl: stack.urls.owner,
    phonesLog: phonesLog(bench),
    logs: ['api', 'worker'].map((name) => join(bench.directory, 'logs', `${name}.log`)),
    bounds: { quietSinceMs: 30_000 },
  });
  const held = ['I1', 'I2', 'I3', 'I4', 'I5'];
  const broken = report.promises
    .filter(({ promise }) => held.includes(promise))
    .flatMap(({ violations }) => violations);
  const counts = targets.map((target) => `${done.filter((kill) => kill.target === target).length} × ${target}`);
  return {
    figures: [
      { what: 'kills', value: done.length, unit: '' },
      { what: 'alerts accepted', value: accepted.size, unit: '' },
      { what: 'alerts that got an error, to be sent again by their sender', value: refused, unit: '' },
      {
        what: 'acknowledged before anybody was paged, and therefore left out',
        value: [...silenced].filter((id) => !phone.firstPageAt.has(id)).length,
        unit: '',
      },
      ...figuresOf('accepted → first page, kills included', times.result(1)),
      {
        what: 'longest silence of the phones after a worker was killed',
        value: longestSilence(done, phone.arrivals),
        unit: 's',
        atMost: 15,
      },
      { what: 'violations of I1 to I5, by the independent checker', value: broken.length, unit: '', atMost: 0 },
    ],
    notes: [`seed ${seed}: ${counts.join(', ')}`, ...broken.slice(0, 5).map((violation) => JSON.stringify(violation))],
  };
}

async function strike({ stack }: Bench, target: Target, downMs: number): Promise<void> {
  if (target === 'postgres backend') return killBackend(stack.urls.owner);
  await stack[target].kill();
  await pause(downMs);
  await stack[target].start();
}

/** One backend dies as of a fault of its own: Postgres then ends all the others and recovers. */
async function killBackend(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'vigil-%' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`,
    );
    if (rows[0]) process.kill(rows[0].pid, 'SIGKILL');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The longest time from the kill of a worker to the next page on any phone, seconds. */
function longestSilence(done: readonly Kill[], arrivals: Bench['phone']['arrivals']): number {
  const silences = done
    .filter(({ target }) => target === 'worker')
    .map(({ at }) => (arrivals.find((arrival) => arrival.at > at)?.at ?? at) - at);
  return round(Math.max(0, ...silences) / 1_000);
}

/** What the phones saw, in the form of the simulators' log that the checker reads. */
function phonesLog({ directory, phone }: Bench): string {
  const file = join(directory, 'phones.ndjson');
  const seen = new Set<string>();
  const lines = phone.arrivals.map(({ at, phone: contact, ...page }, index) => {
    const webhookId = page.deliveryId;
    const duplicate = seen.has(webhookId);
    seen.add(webhookId);
    return JSON.stringify({
      seq: index + 1,
      at: new Date(performance.timeOrigin + at).toISOString(),
      type: 'page',
      contact,
      webhookId,
      duplicate,
      page: { ...page, title: 'bench', severity: 2, ackUrl: null },
    });
  });
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
