import { condition, continueAsNew, defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';

/** Workflows that show how time moves: bundled by the tests of this folder only. */

const { mark, neverEnds, alwaysFails } = proxyActivities<{
  mark(what: string): Promise<void>;
  neverEnds(): Promise<void>;
  alwaysFails(): Promise<void>;
}>({ startToCloseTimeout: '10 minutes' });

export const wake = defineSignal('wake');

/** Marks each of `rungs` after `everyMs`, then waits for a signal. */
export async function rungs(count: number, everyMs: number): Promise<string> {
  let isWoken = false;
  setHandler(wake, () => {
    isWoken = true;
  });
  for (let rung = 1; rung <= count; rung += 1) {
    await sleep(everyMs);
    await mark(`rung ${rung}`);
  }
  await condition(() => isWoken);
  return 'woken';
}

/** Continues as new after each of `left` pauses. */
export async function hops(left: number, everyMs: number): Promise<void> {
  await sleep(everyMs);
  await mark(`hop ${left}`);
  if (left > 1) await continueAsNew<typeof hops>(left - 1, everyMs);
  await condition(() => false);
}

/** Sleeps `count` times, then waits for ever. */
export async function naps(count: number, everyMs: number): Promise<void> {
  for (let nap = 1; nap <= count; nap += 1) await sleep(everyMs);
  await mark(`${count} naps`);
  await condition(() => false);
}

export async function napThenEnd(ms: number): Promise<void> {
  await sleep(ms);
}

export async function busyForEver(): Promise<void> {
  await neverEnds();
}

export async function failingForEver(): Promise<void> {
  await alwaysFails();
}
