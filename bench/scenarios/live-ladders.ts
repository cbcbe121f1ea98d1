import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Figure, Report } from '../figures.ts';
import { createTimes, openLoop, round } from '../load.ts';
import type { Measured } from '../load.ts';
import type { BenchService } from '../world.ts';

const minute = 60_000;

/** How soon people are paged while so many escalations are open: steady load, a burst, the next rung, acknowledgements. */
export async function liveLadders(bench: Bench, live: number): Promise<Report> {
  const { world, phone } = bench;
  const figures: Figure[] = [];

  const idle = await pagedAfter(bench, { seconds: 20, perSecond: 1 });
  figures.push(...figuresOf('idle, 1 alert/s: accepted → first page', idle, { p50: 150 }));

  const opening = performance.now();
  let accepted = phone.firstPageAt.size;
  const filled = await closedLoopOf(live, 16, async () => {
    if ((await world.trigger('bench', randomUUID())) === null) return false;
    accepted++;
    return true;
  });
  const allPaged = await phone.waitFor(accepted, 15 * minute);
  figures.push(
    { what: `${live} ladders opened as fast as they were taken`, value: filled.perSecond, unit: '/s' },
    { what: `${live} ladders: all paged after`, value: seconds(opening), unit: 's' },
    {
      what: `${live} ladders: not paged`,
      value: allPaged ? 0 : accepted - phone.firstPageAt.size,
      unit: '',
      atMost: 0,
    },
  );

  const steady = await pagedAfter(bench, { seconds: 30, perSecond: 20 });
  figures.push(...figuresOf(`${live} live, 20 alerts/s: accepted → first page`, steady, { p99: 1_000 }));

  const acknowledged = await acknowledge(bench, [...phone.firstPageAt.keys()].slice(0, 150), 5);
  figures.push(...figuresOf(`${live} live, 5 acknowledgements/s: request → answer`, acknowledged, { p99: 300 }));

  figures.push(...(await nextRung(bench, 100)));

  const burst = await burstOf(bench, 1_000);
  figures.push({ what: '1,000 distinct opened at once: all paged after', value: burst, unit: 's', atMost: 30 });
  return { figures };
}

/** From the answer to the first page on a phone. */
async function pagedAfter(
  { world, phone }: Bench,
  { seconds: length, perSecond, service = 'bench' }: { seconds: number; perSecond: number; service?: BenchService },
): Promise<Measured> {
  const accepted = new Map<string, number>();
  let refused = 0;
  await openLoop(length, perSecond, async () => {
    const id = await world.trigger(service, randomUUID());
    if (id === null) refused++;
    else accepted.set(id, performance.now());
  });
  const until = performance.now() + minute;
  while ([...accepted.keys()].some((id) => !phone.firstPageAt.has(id)) && performance.now() < until) await pause(50);
  const times = createTimes();
  for (let index = 0; index < refused; index++) times.fail();
  for (const [id, at] of accepted) {
    const paged = phone.firstPageAt.get(id);
    if (paged === undefined) times.fail();
    else times.add(Math.max(0, paged - at));
  }
  return times.result(length);
}

async function acknowledge({ world }: Bench, ids: readonly string[], perSecond: number): Promise<Measured> {
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

/** How late the second rung is paged, against ten seconds after the first page arrived. */
async function nextRung({ world, phone }: Bench, count: number): Promise<readonly Figure[]> {
  const ids: string[] = [];
  await openLoop(count / 10, 10, async () => {
    const id = await world.trigger('short', randomUUID());
    if (id !== null) ids.push(id);
  });
  const [first, second] = [phone.firstOn('responder'), phone.firstOn('second')];
  const until = performance.now() + minute;
  while (ids.some((id) => !second.has(id)) && performance.now() < until) await pause(50);
  const times = createTimes();
  for (const id of ids) {
    const [from, to] = [first.get(id), second.get(id)];
    if (from === undefined || to === undefined) times.fail();
    else times.add(Math.max(0, to - from - 10_000));
  }
  return figuresOf('second rung later than its 10 s by', times.result(count / 10), { p99: 2_000 });
}

async function burstOf({ world, phone }: Bench, count: number): Promise<number> {
  const before = phone.firstPageAt.size;
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: count }, () => world.trigger('bench', randomUUID())));
  await phone.waitFor(before + answers.filter((id) => id !== null).length, 10 * minute);
  return seconds(began);
}

/** Makes so many calls, `workers` at a time. */
async function closedLoopOf(count: number, workers: number, call: () => Promise<boolean>): Promise<Measured> {
  let left = count;
  const times = createTimes();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (left-- > 0) {
        const from = performance.now();
        if (await call()) times.add(performance.now() - from);
        else times.fail();
      }
    }),
  );
  return times.result((performance.now() - began) / 1_000);
}

const seconds = (began: number): number => round((performance.now() - began) / 1_000);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
