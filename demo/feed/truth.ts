import type { CorpusItem, Label } from './corpus.ts';

/** The natural key of a mail's event: the same on every run, whatever the order of sending. */
export function eventIdOf(item: Pick<CorpusItem, 'index'>): string {
  return `mail-${String(item.index).padStart(5, '0')}`;
}

/**
 * What the corpus says about each event: for the scripted reviewer, who has nothing else to judge by, and for the
 * comparison of measured with true precision. Never sent to the product.
 */
export function truthByEventId(items: readonly Pick<CorpusItem, 'index' | 'label'>[]): ReadonlyMap<string, Label> {
  return new Map(items.map((item) => [eventIdOf(item), item.label]));
}
