import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import type { Report } from '../figures.ts';
import { createTimes, round } from '../load.ts';

const rungMs = 60_000;
/** Answers that arrived within this of each other may have been paged in either order. */
const togetherMs = 2_000;

/** All workers and Temporal are killed and stay away while the next rung of many ladders comes due; then they return. */
export async function returnOfWorkers(bench: Bench, ladders: number, downMs: number): Promise<Report> {
  const { world, phone, stack } = bench;
  const ids: string[] = [];
  let left = ladders;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (left-- > 0) {
        const id = await world.trigger('later', randomUUID());
        if (id !== null) ids.push(id);
      }
    }),
  );
  await phone.waitFor(ids.length, rungMs);
  await Promise.all([stack.worker.kill(), stack.temporal.kill()]);
  const killedAt = performance.now();
  const second = phone.firstOn('second');
  const before = second.size;
  await pause(downMs);
  await stack.temporal.start();
  await stack.worker.start();
  const returnedAt = performance.now();
  const until = returnedAt + 5 * 60_000;
  while (second.size < ids.length && performance.now() < until) await pause(50);

  const times = createTimes();
  for (const id of ids) {
    const at = second.get(id);
    if (at === undefined) times.fail();
    else if (at > returnedAt) times.add(at - returnedAt);
  }
  const perDelivery = Map.groupBy(phone.arrivals, ({ deliveryId }) => deliveryId);
  const twice = [...perDelivery.values()].filter((arrivals) => arrivals.length > 1);
  const unmarked = twice.filter((arrivals) => !arrivals.some(({ possibleDuplicate }) => possibleDuplicate));
  const pages = [
    ...Map.groupBy(
      phone.arrivals.filter(({ kind }) => kind === 'page'),
      ({ escalationId, phone: on }) => `${escalationId} ${on}`,
    ).values(),
  ];
  const last = Math.max(...ids.map((id) => second.get(id) ?? Infinity));
  return {
    figures: [
      { what: 'ladders with a rung due', value: ids.length - before, unit: '', atLeast: ladders * 0.9 },
      { what: 'away', value: round((returnedAt - killedAt) / 1_000), unit: 's' },
      { what: 'all paged after the return', value: round((last - returnedAt) / 1_000), unit: 's', atMost: 60 },
      ...figuresOf('after the return: rung paged', times.result((last - returnedAt) / 1_000)),
      { what: 'pages that arrived twice', value: twice.length, unit: '' },
      { what: 'pages that arrived twice and were not marked', value: unmarked.length, unit: '', atMost: 0 },
      {
        what: 'people who were paged twice for one rung',
        value: pages.filter((of) => new Set(of.map(({ deliveryId }) => deliveryId)).size > 1).length,
        unit: '',
        atMost: 0,
      },
      {
        what: 'second rungs that overtook one that was due more than 2 s earlier',
        value: overtaken(ids, phone.firstOn('responder'), second, returnedAt),
        unit: '',
      },
    ],
  };
}

/** How many were paged after the return before another whose deadline had passed more than two seconds earlier. */
function overtaken(
  ids: readonly string[],
  first: ReadonlyMap<string, number>,
  second: ReadonlyMap<string, number>,
  returnedAt: number,
): number {
  const byDeadline = ids
    .map((id) => ({ due: first.get(id) ?? 0, paged: second.get(id) ?? Infinity }))
    .filter(({ paged }) => paged > returnedAt)
    .sort((a, b) => a.due - b.due);
  let count = 0;
  for (const [index, later] of byDeadline.entries())
    if (
      byDeadline
        .slice(0, index)
        .some((earlier) => earlier.due < later.due - togetherMs && earlier.paged > later.paged + togetherMs)
    )
      count++;
  return count;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
