import { build } from 'hdr-histogram-js';

export interface Measured {
  readonly count: number;
  readonly errors: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Collects durations in milliseconds, to a tenth. */
export function createTimes() {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 36_000_000,
    numberOfSignificantValueDigits: 3,
  });
  let errors = 0;
  return {
    add: (ms: number) => histogram.recordValue(Math.max(1, Math.round(ms * 10))),
    fail: () => void errors++,
    result(seconds: number): Measured {
      const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 10;
      const count = histogram.totalCount;
      return {
        count,
        errors,
        seconds: round(seconds),
        perSecond: round(count / seconds),
        p50Ms: at(50),
        p99Ms: at(99),
        maxMs: histogram.maxValue / 10,
      };
    },
  };
}

/** Keeps `workers` callers busy for `seconds`; each call's time is counted, and the failed ones apart. */
export async function closedLoop(
  seconds: number,
  workers: number,
  call: (turn: number) => Promise<boolean>,
): Promise<Measured> {
  const times = createTimes();
  const began = performance.now();
  const until = began + seconds * 1_000;
  let turn = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (performance.now() < until) {
        const from = performance.now();
        const good = await call(turn++).catch(() => false);
        if (good) times.add(performance.now() - from);
        else times.fail();
      }
    }),
  );
  return times.result((performance.now() - began) / 1_000);
}

/** Starts a call every `1 / perSecond` seconds, whether or not earlier ones have answered. */
export async function openLoop(
  seconds: number,
  perSecond: number,
  call: (turn: number) => Promise<void>,
): Promise<void> {
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let turn = 0; turn < seconds * perSecond; turn++) {
    const due = began + (turn * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    calls.push(call(turn).catch(() => undefined));
  }
  await Promise.all(calls);
}

export const round = (value: number): number => Math.round(value * 10) / 10;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks every `everyMs` until it is so, at most for `withinMs`; says whether it came to be. */
export async function until(look: () => boolean | Promise<boolean>, withinMs: number, everyMs = 50): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > end) return false;
    await pause(everyMs);
  }
  return true;
}
