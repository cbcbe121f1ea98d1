import { hash } from 'node:crypto';
import type { CorpusItem, Label } from './corpus.ts';

const splitSeed = 'split-1';

export interface Split<T> {
  /** The classifier learns from these and never sees the others before it scores them. */
  readonly training: readonly T[];
  /** The product's traffic. */
  readonly replay: readonly T[];
}

/**
 * Halves the corpus, each label by itself, in an order given by a hash of the index: the same two halves on every
 * machine, whatever order the items come in. Both halves are returned in index order.
 */
export function splitCorpus<T extends Pick<CorpusItem, 'index' | 'label'>>(items: readonly T[]): Split<T> {
  const training: T[] = [];
  const replay: T[] = [];
  for (const label of ['spam', 'ham'] satisfies Label[]) {
    const shuffled = items
      .filter((item) => item.label === label)
      .map((item) => ({ item, rank: hash('sha256', `${splitSeed}:${item.index}`, 'hex') }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .map(({ item }) => item);
    const half = Math.floor(shuffled.length / 2);
    training.push(...shuffled.slice(0, half));
    replay.push(...shuffled.slice(half));
  }
  const byIndex = (a: T, b: T) => a.index - b.index;
  return { training: training.sort(byIndex), replay: replay.sort(byIndex) };
}
