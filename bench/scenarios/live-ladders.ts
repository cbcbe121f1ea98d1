import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Figure, Level, Report } from '../figures.ts';
import { round } from '../load.ts';
import { scaled } from '../run.ts';
import type { Run } from '../run.ts';
import { acknowledge, ascend, burst, liveNow, secondRungs, steady } from './ladder-stages.ts';

const levels = [0, 250, 500, 1_000, 2_000, 5_000];
const ascentPerSecond = 20;
/** At each level: far below what two cores carry, so that what changes is the number of live ladders. */
const light = { perSecond: 4, seconds: 25 };
/** At the highest level: up to the goal's rate, so that the rate shows at which pages begin to wait. */
const rates = [
  { perSecond: 1, seconds: 20 },
  { perSecond: 5, seconds: 30 },
  { perSecond: 10, seconds: 30 },
  { perSecond: 20, seconds: 30 },
];

/**
 * How soon people are paged while so many escalations are open. One ascent passes through all levels up to `top`, with the
 * first page and the second rung measured at each; at the top, steady rates, acknowledgements, and a burst.
 */
export async function liveLadders(bench: Bench, top: number, run: Run): Promise<Report> {
  const figures: Figure[] = [];
  const reached: Level[] = [];
  let settingUp = 0;
  let opened = 0;
  for (const level of levels.filter((level) => level <= top).map((level) => scaled(run, level, 0))) {
    const began = performance.now();
    const ascent = await ascend(bench, level, ascentPerSecond);
    settingUp += performance.now() - began;
    opened += ascent.opened;
    const live = await liveNow(bench);
    if (ascent.opened > 0)
      figures.push(
        count(`ascent to ${live} live: not yet waiting when the last was opened`, ascent.behind),
        count(`ascent to ${live} live: refused or never waiting`, ascent.lost, 0),
      );
    const first = await steady(bench, { ...light, seconds: scaled(run, light.seconds, 5), service: 'short' });
    const nextRung = await secondRungs(bench, first.ids);
    reached.push({ live, firstPage: first.measured, nextRung });
    const name = `${live} live, ${light.perSecond} alerts/s`;
    figures.push(
      ...figuresOf(`${name}: accepted → first page`, first.measured, { p99: 1_000 }),
      ...figuresOf(`${name}: second rung due → paged`, nextRung, { p99: 2_000 }),
    );
  }
  figures.push({
    what: `setting up ${opened} live ladders, ${ascentPerSecond}/s offered`,
    value: round(settingUp / 1_000),
    unit: 's',
  });

  const open: string[] = [];
  let carried = 0;
  for (const { perSecond, seconds } of rates) {
    const name = `${await liveNow(bench)} live, ${perSecond}/s`;
    const stage = await steady(bench, { perSecond, seconds: scaled(run, seconds, 5) });
    open.push(...stage.ids);
    const goals = perSecond === 1 ? { p50: 150, p99: 1_000 } : { p99: 1_000 };
    figures.push(
      ...figuresOf(`${name}: accepted → first page`, stage.measured, goals),
      count(`${name}: not paged within 1 s of the last alert`, stage.backlog, 0),
      { what: `${name}: last page after the last alert`, value: stage.drainedAfter, unit: 's' },
    );
    if (stage.measured.p99Ms <= 1_000 && stage.measured.errors === 0 && stage.backlog === 0) carried = perSecond;
  }
  figures.push({
    what: 'highest of these rates with p99 ≤ 1 s and nothing left behind',
    value: carried,
    unit: '/s',
    atLeast: 20,
  });

  const live = await liveNow(bench);
  const acknowledged = await acknowledge(bench, open.slice(0, scaled(run, 150, 10)), 5);
  figures.push(...figuresOf(`${live} live, 5 acknowledgements/s: request → answer`, acknowledged, { p99: 300 }));

  const many = scaled(run, 1_000, 20);
  const { seconds, missing } = await burst(bench, many);
  figures.push(
    { what: `${many} distinct opened at once: all paged after`, value: seconds, unit: 's', atMost: 30 },
    count(`${many} distinct opened at once: not paged`, missing, 0),
  );
  return {
    figures,
    levels: reached,
    notes: [
      'live: every open escalation; those of the ascent wait on their first rung for somebody whose rules page hours later',
      'a second rung is due when the ladder’s record says so, however late the first page arrived',
    ],
  };
}

const count = (what: string, value: number, atMost?: number): Figure => ({
  what,
  value,
  unit: '',
  ...(atMost === undefined ? {} : { atMost }),
});
