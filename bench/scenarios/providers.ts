import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Figure, Report } from '../figures.ts';
import { createTimes, openLoop, pause } from '../load.ts';
import type { Behaviour } from '../phones.ts';

const perSecond = 4;

/**
 * The provider of people's first way fails in one manner after the other, each for `seconds`, while another team's pages
 * go by another provider. Nobody acknowledges, so that ladders go on to their next rung.
 */
export async function providers(bench: Bench, seconds: number): Promise<Report> {
  const figures: Figure[] = [];
  const troubles: readonly { readonly name: string; readonly behaviour: Behaviour; readonly fallsBack: boolean }[] = [
    { name: 'down (503)', behaviour: { mode: 'broken' }, fallsBack: true },
    { name: '429, Retry-After 2 s', behaviour: { mode: 'busy', retryAfterSeconds: 2 }, fallsBack: true },
    { name: 'slow, 30 s', behaviour: { mode: 'slow', delayMs: 30_000 }, fallsBack: false },
    { name: 'answer lost after success', behaviour: { mode: 'lost_after_success' }, fallsBack: false },
  ];
  for (const { name, behaviour, fallsBack } of troubles) {
    bench.troubled.behave('primary', behaviour);
    const troubled = run(bench, 'two-ways', seconds);
    const neighbours = run(bench, 'neighbour', seconds);
    const [own, other] = await Promise.all([troubled, neighbours]);
    await settle(bench, own);
    bench.troubled.behave('primary', { mode: 'answer' });
    const backup = fallsBack ? reachedAfter(own, bench.phone.firstOn('backup')) : null;
    if (backup) figures.push(...figuresOf(`${name}: accepted → the person's next channel`, backup, { p99: 15_000 }));
    figures.push(
      ...figuresOf(`${name}: accepted → next rung`, reachedAfter(own, bench.phone.firstOn('second')), { p99: 40_000 }),
      ...figuresOf(`${name}: another team's first page`, reachedAfter(other, bench.phone.firstOn('neighbour')), {
        p99: 1_000,
      }),
      {
        what: `${name}: most arrivals of one page on one address`,
        value: mostArrivals(bench, own),
        unit: '',
        atMost: 2,
      },
      { what: `${name}: repeated arrivals that were not marked`, value: unmarked(bench, own), unit: '', atMost: 0 },
      { what: `${name}: providers shown as in trouble`, value: await inTrouble(bench), unit: '' },
    );
    // An open circuit lets a trial through within a minute; the next trouble begins with a provider that works.
    await recover(bench);
  }
  return { figures, notes: [`${perSecond} alerts/s to each of two teams, ${seconds} s for each trouble`] };
}

async function run({ world }: Bench, service: 'two-ways' | 'neighbour', seconds: number): Promise<Map<string, number>> {
  const accepted = new Map<string, number>();
  await openLoop(seconds, perSecond, async () => {
    const id = await world.trigger(service, randomUUID());
    if (id !== null) accepted.set(id, performance.now());
  });
  return accepted;
}

/** Waits until each ladder's second rung was paged, or a minute and a half. */
async function settle({ phone }: Bench, accepted: ReadonlyMap<string, number>): Promise<void> {
  const until = performance.now() + 90_000;
  while ([...accepted.keys()].some((id) => !phone.firstOn('second').has(id)) && performance.now() < until)
    await pause(100);
}

function reachedAfter(accepted: ReadonlyMap<string, number>, reached: ReadonlyMap<string, number>) {
  const times = createTimes();
  for (const [id, at] of accepted) {
    const arrived = reached.get(id);
    if (arrived === undefined) times.fail();
    else times.add(Math.max(0, arrived - at));
  }
  return times.result(1);
}

const arrivalsOf = ({ phone, troubled }: Bench, accepted: ReadonlyMap<string, number>) =>
  Map.groupBy(
    [...phone.arrivals, ...troubled.arrivals].filter(({ escalationId }) => accepted.has(escalationId)),
    ({ deliveryId }) => deliveryId,
  );

const mostArrivals = (bench: Bench, accepted: ReadonlyMap<string, number>): number =>
  Math.max(0, ...[...arrivalsOf(bench, accepted).values()].map((arrivals) => arrivals.length));

const unmarked = (bench: Bench, accepted: ReadonlyMap<string, number>): number =>
  [...arrivalsOf(bench, accepted).values()].filter(
    (arrivals) => arrivals.length > 1 && !arrivals.slice(1).every(({ possibleDuplicate }) => possibleDuplicate),
  ).length;

async function inTrouble({ world }: Bench): Promise<number> {
  const { items } = (await world.get('/v1/providers')) as { items: readonly { state: string }[] };
  return items.filter(({ state }) => state !== 'closed').length;
}

/** Pages the troubled person until the first way works again. */
async function recover(bench: Bench): Promise<void> {
  const until = performance.now() + 150_000;
  while ((await inTrouble(bench)) > 0 && performance.now() < until) {
    await bench.world.trigger('two-ways', randomUUID());
    await pause(2_000);
  }
}
