import { randomUUID } from 'node:crypto';
import type { Bench } from '../bench.ts';
import { epochOffset, firstDeadlines } from '../chain.ts';
import type { Figure, Report } from '../figures.ts';
import { pause, round, until } from '../load.ts';
import { cameBefore, cameBy, inversions, rankCorrelation } from '../order.ts';
import type { Due } from '../order.ts';
import { randomOf } from '../random.ts';
import { scaled } from '../run.ts';
import type { Run } from '../run.ts';
import { rungSteps, stepsOf } from '../steps.ts';

const rungMs = 60_000;
/** Pages that arrived within this of each other may have been sent in either order. */
const togetherMs = 2_000;
/** The others are of severity 2: of a milder one the ladder does not go on once somebody was told. */
const shareOfWorst = 0.25;

interface Rung extends Due {
  readonly id: string;
  readonly severity: 1 | 2;
}

/**
 * All workers and Temporal are killed and stay away while the second rung of many ladders comes due; then they return. When
 * were all paged, and in the order of their deadlines?
 */
export async function returnOfWorkers(bench: Bench, run: Run): Promise<Report> {
  const { phone, stack } = bench;
  const ladders = scaled(run, 1_000, 50);
  // Long enough that the rungs come due also in a short trial.
  const awayMs = scaled(run, 5 * 60_000, rungMs + 10_000);
  const severities = await openLadders(bench, ladders, randomOf(run.seed));
  const ids = [...severities.keys()];
  await phone.waitFor(ids.length, rungMs);
  await Promise.all([stack.worker.kill(), stack.temporal.kill()]);
  const killedAt = performance.now();
  const second = phone.firstOn('second');
  const before = ids.filter((id) => second.has(id)).length;
  await pause(awayMs);
  await stack.temporal.start();
  await stack.worker.start();
  const returnedAt = performance.now();
  await until(() => second.size >= ids.length, 5 * 60_000);

  const deadlines = await firstDeadlines(stack.urls.owner, ids);
  const offset = epochOffset();
  const rungs = ids.flatMap((id): Rung[] => {
    const dueAt = (deadlines.get(id) ?? Infinity) - offset;
    const cameAt = second.get(id) ?? Infinity;
    // What was paged before the fault is no matter of the return; nor is what came to its first rung only after it.
    return cameAt < killedAt || dueAt > returnedAt ? [] : [{ id, dueAt, cameAt, severity: severities.get(id) ?? 2 }];
  });
  const worst = rungs.filter(({ severity }) => severity === 1);
  const milder = rungs.filter(({ severity }) => severity === 2);
  return {
    figures: [
      { what: 'ladders with a rung due', value: rungs.length, unit: '', atLeast: Math.ceil(ladders * 0.9) },
      { what: 'paged before the fault', value: before, unit: '' },
      { what: 'away', value: round((returnedAt - killedAt) / 1_000), unit: 's' },
      ...whenPaged('all', rungs, returnedAt, 60),
      ...whenPaged('severity 1', worst, returnedAt),
      ...whenPaged('severity 2', milder, returnedAt),
      { what: 'never paged', value: ids.filter((id) => !second.has(id)).length, unit: '', atMost: 0 },
      ...inWhatOrder('all', rungs),
      ...inWhatOrder('severity 1', worst, 0),
      ...inWhatOrder('severity 2', milder, 0),
      ...(await orderByStep(bench, 'severity 1', worst, killedAt)),
      ...(await orderByStep(bench, 'severity 2', milder, killedAt)),
      {
        what: 'severity 2 more than 2 s before a severity 1 that was due no later',
        value: cameBefore(milder, worst, togetherMs),
        unit: '',
        atMost: 0,
      },
      ...twice(bench),
    ],
    notes: [
      `seed ${run.seed}: a ladder is of severity 1 with chance ${shareOfWorst}, else of severity 2`,
      'inverted: of two rungs whose deadlines lie more than 2 s apart, the later was paged more than 2 s sooner',
    ],
  };
}

async function openLadders({ world }: Bench, count: number, random: () => number): Promise<Map<string, 1 | 2>> {
  const opened = new Map<string, 1 | 2>();
  let left = count;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (left-- > 0) {
        const severity = random() < shareOfWorst ? 1 : 2;
        const id = await world.trigger('later', randomUUID(), severity);
        if (id !== null) opened.set(id, severity);
      }
    }),
  );
  return opened;
}

function whenPaged(name: string, rungs: readonly Due[], returnedAt: number, allWithin?: number): Figure[] {
  return [0.5, 0.9, 1].map((share): Figure => ({
    what: `${name}: ${100 * share} % paged after the return`,
    value: round((cameBy(rungs, share) - returnedAt) / 1_000),
    unit: 's',
    ...(share === 1 && allWithin !== undefined ? { atMost: allWithin } : {}),
  }));
}

function inWhatOrder(name: string, rungs: readonly Due[], atMost?: number): Figure[] {
  const { pairs, inverted } = inversions(rungs, togetherMs);
  return [
    {
      what: `${name}: rank correlation of deadline and page`,
      value: Math.round(1_000 * (rankCorrelation(rungs) ?? 0)) / 1_000,
      unit: '',
    },
    {
      what: `${name}: inverted by more than 2 s, of ${pairs} pairs`,
      value: inverted,
      unit: '',
      ...(atMost === undefined ? {} : { atMost }),
    },
  ];
}

/** How much of the order of the deadlines is left at each step on the way to the phone. */
async function orderByStep({ stack }: Bench, name: string, rungs: readonly Rung[], since: number): Promise<Figure[]> {
  const ids = rungs.map(({ id }) => id);
  const steps = await stepsOf(stack.temporalAddress, ids, since + epochOffset());
  return rungSteps.map((step): Figure => {
    const taken = rungs.flatMap(({ id, dueAt }): Due[] => {
      const cameAt = steps.get(id)?.[step];
      return cameAt === undefined ? [] : [{ dueAt, cameAt }];
    });
    return {
      what: `${name}: rank correlation of deadline and ${step}, of ${taken.length}`,
      value: Math.round(1_000 * (rankCorrelation(taken) ?? 0)) / 1_000,
      unit: '',
    };
  });
}

function twice({ phone }: Bench): Figure[] {
  const perDelivery = Map.groupBy(phone.arrivals, ({ deliveryId }) => deliveryId);
  const repeated = [...perDelivery.values()].filter((arrivals) => arrivals.length > 1);
  const unmarked = repeated.filter((arrivals) => !arrivals.some(({ possibleDuplicate }) => possibleDuplicate));
  const perPerson = Map.groupBy(
    phone.arrivals.filter(({ kind }) => kind === 'page'),
    ({ escalationId, phone: on }) => `${escalationId} ${on}`,
  );
  const forOneRung = [...perPerson.values()].filter(
    (arrivals) => new Set(arrivals.map(({ deliveryId }) => deliveryId)).size > 1,
  );
  return [
    { what: 'pages that arrived twice', value: repeated.length, unit: '' },
    { what: 'pages that arrived twice and were not marked', value: unmarked.length, unit: '', atMost: 0 },
    { what: 'people who were paged twice for one rung', value: forOneRung.length, unit: '', atMost: 0 },
  ];
}
