import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { randomOf } from '../random.ts';
import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Report } from '../figures.ts';
import { createTimes, pause } from '../load.ts';

const rungMs = 10_000;
const spreadMs = 400;

/** Acknowledgements at the moment at which the next rung is due: does any page start after the answer? */
export async function ackRaces(bench: Bench, races: number, seed: number): Promise<Report> {
  const { world, phone, stack } = bench;
  const random = randomOf(seed);
  const answeredAt = new Map<string, number>();
  const times = createTimes();
  const began = performance.now();

  const race = async (): Promise<void> => {
    const offsetMs = (2 * random() - 1) * spreadMs;
    const id = await world.trigger('short', randomUUID());
    if (id === null) return times.fail();
    const first = await until(() => phone.firstOn('responder').get(id), 60_000);
    if (first === undefined) return times.fail();
    await pause(Math.max(0, first + rungMs + offsetMs - performance.now()));
    const from = performance.now();
    const answer = await world.send(`/v1/escalations/${id}/acknowledgements`, {}, 'responder');
    if (answer.status !== 201) return times.fail();
    answeredAt.set(id, performance.now());
    times.add(performance.now() - from);
  };
  let left = races;
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (left-- > 0) await race();
    }),
  );
  // Anything that is still under way has come by then.
  await pause(5_000);

  const late = phone.arrivals.filter(({ escalationId, at, kind }) => {
    const answered = answeredAt.get(escalationId);
    return kind === 'page' && answered !== undefined && at > answered;
  });
  const both = [...answeredAt.keys()].filter((id) => phone.firstOn('second').has(id)).length;
  return {
    figures: [
      ...figuresOf('acknowledgement in the race: request → answer', times.result((performance.now() - began) / 1_000)),
      {
        what: 'pages started after the answer, by the audit chain',
        value: await startedLater(stack.urls.owner),
        unit: '',
        atMost: 0,
      },
      { what: 'pages that arrived on a phone after the answer', value: late.length, unit: '', atMost: 0 },
      { what: 'races in which the second rung was paged first', value: both, unit: '' },
    ],
    notes: [`seed ${seed}: the acknowledgement comes within ${spreadMs} ms before or after the second rung is due`],
  };
}

/** Pages whose start stands behind an acknowledgement in the chain of their escalation, with none that takes it back between. */
async function startedLater(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(`
      SELECT count(*)::int AS n FROM audit_events page
      JOIN audit_events ack ON ack.aggregate_kind = page.aggregate_kind AND ack.aggregate_id = page.aggregate_id
      WHERE page.aggregate_kind = 'escalation' AND page.action = 'escalation.pageStarted'
      AND ack.action = 'escalation.acknowledge' AND ack.seq < page.seq`);
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

async function until<T>(look: () => T | undefined, withinMs: number): Promise<T | undefined> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = look();
    if (found !== undefined || performance.now() > end) return found;
    await pause(20);
  }
}
