import { createHash } from 'node:crypto';
import type { Stack } from '#scripts/stack.ts';

export const targets = ['worker', 'api', 'temporal'] as const;
export type Target = (typeof targets)[number];

export interface Strike {
  readonly target: Target;
  /** Milliseconds after the story began. */
  readonly afterMs: number;
  /** How long it stays away, milliseconds. */
  readonly downMs: number;
}

/** One kill of one part at one moment, which follows from the seed alone. */
export function strikeOf(seed: number, storyMs: number): Strike {
  const spread = (salt: number) => createHash('sha256').update(`${seed}:${salt}`).digest().readUInt32BE() / 2 ** 32;
  const target = targets[Math.floor(spread(1) * targets.length)] ?? 'worker';
  return { target, afterMs: Math.round(spread(2) * storyMs), downMs: Math.round(200 + spread(3) * 3_000) };
}

/** Kills the part by SIGKILL at its moment and starts it again. Resolves when it is back, or when `over` aborts before. */
export async function strike(
  stack: Stack,
  { target, afterMs, downMs }: Strike,
  over: AbortSignal,
  print: (line: string) => void,
): Promise<boolean> {
  if (!(await sleep(afterMs, over))) return false;
  print(
    `! SIGKILL to ${target}, ${(afterMs / 1_000).toFixed(1)} s into the story; back in ${(downMs / 1_000).toFixed(1)} s`,
  );
  await stack[target].kill();
  await sleep(downMs, AbortSignal.timeout(60_000));
  await stack[target].start();
  print(`! ${target} is back`);
  return true;
}

async function sleep(ms: number, over: AbortSignal): Promise<boolean> {
  if (over.aborted) return false;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), ms);
    over.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
