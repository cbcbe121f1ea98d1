import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Figure, Report } from '../figures.ts';
import type { BenchPhone } from '../phones.ts';
import { closedLoop, createTimes, openLoop } from '../load.ts';
import type { Measured } from '../load.ts';
import { scaled } from '../run.ts';
import type { Run } from '../run.ts';
import type { BenchService } from '../world.ts';

const perSecond = 1_500;

/**
 * How much is taken in, and what becomes of everybody else's pages meanwhile. The distinct alerts come last: their ladders
 * wait by the ten thousand when it ends.
 */
export async function intake(bench: Bench, run: Run): Promise<Report> {
  const seconds = scaled(run, 60, 5);
  const { world } = bench;
  const path = `/v1/services/${world.serviceIdOf('bench')}/alerts`;
  const send = async (dedupKey: string): Promise<boolean> =>
    (await world.send(path, { action: 'trigger', dedupKey, severity: 3, title: 'bench' })).ok;

  const repeated = await closedLoop(seconds, 64, () => send('one-key'));
  const storm = createTimes();
  const [stormPages] = await Promise.all([
    pagesMeanwhile(bench, 'neighbour', 2, bench.phone, seconds),
    openLoop(seconds, 10_000 / 60, (turn) => timed(storm, () => send(`storm-${turn % 50}`))),
  ]);
  const distinct = createTimes();
  const began = performance.now();
  const [distinctPages, worstPages] = await Promise.all([
    pagesMeanwhile(bench, 'neighbour', 3, bench.phone, seconds),
    pagesMeanwhile(bench, 'two-ways', 1, bench.troubled, seconds),
    openLoop(seconds, perSecond, () => timed(distinct, () => send(randomUUID()))),
  ]);
  const took = (performance.now() - began) / 1_000;
  const taken = distinct.result(took);
  return {
    figures: [
      { what: 'one key, 64 senders', value: repeated.perSecond, unit: '/s', atLeast: 4_000 },
      ...figuresOf('one key, 64 senders', repeated),
      ...figuresOf('10,000 alerts in 60 s over 50 keys', storm.result(seconds)),
      ...figuresOf("10,000 over 50 keys: another service's alert → first page", stormPages, { p99: 1_000 }),
      { what: 'distinct, 1,500/s offered: taken', value: taken.perSecond, unit: '/s', atLeast: perSecond * 0.99 },
      ...figuresOf('distinct, 1,500/s offered', taken, { p99: 50 }),
      ...figuresOf("distinct: another service's alert → first page", distinctPages, { p99: 1_000 }),
      ...figuresOf('distinct: an alert of severity 1 → first page', worstPages, { p99: 1_000 }),
    ] satisfies Figure[],
    notes: [
      '64 connections; what cannot be sent for want of one waits, and its wait counts',
      'of three pages each, since a person is paged six times in a quarter of an hour; p99 is the longest',
    ],
  };
}

async function timed(times: ReturnType<typeof createTimes>, call: () => Promise<boolean>): Promise<void> {
  const from = performance.now();
  if (await call().catch(() => false)) times.add(performance.now() - from);
  else times.fail();
}

/** Three alerts, since more pages to one person are held back, and how long after its answer each was on the phone. */
async function pagesMeanwhile(
  { world }: Bench,
  service: BenchService,
  severity: number,
  phone: BenchPhone,
  seconds: number,
): Promise<Measured> {
  const accepted = new Map<string, number>();
  const times = createTimes();
  await openLoop(seconds, 3 / seconds, async () => {
    const id = await world.trigger(service, randomUUID(), severity);
    if (id === null) times.fail();
    else accepted.set(id, performance.now());
  });
  const until = performance.now() + 30_000;
  const isMissing = (): boolean => [...accepted.keys()].some((id) => !phone.firstPageAt.has(id));
  while (isMissing() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const [id, at] of accepted) {
    const paged = phone.firstPageAt.get(id);
    if (paged === undefined) times.fail();
    else times.add(Math.max(0, paged - at));
  }
  return times.result(seconds);
}
