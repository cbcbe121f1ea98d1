/** When something was due and when it came, in milliseconds of one clock. */
export interface Due {
  readonly dueAt: number;
  readonly cameAt: number;
}

/**
 * Spearman's rank correlation of when things were due with when they came: 1 in the order of their deadlines, 0 without
 * any order, −1 the other way round. Null for fewer than two, and where all were due, or came, at once.
 */
export function rankCorrelation(items: readonly Due[]): number | null {
  const due = ranks(items.map(({ dueAt }) => dueAt));
  const came = ranks(items.map(({ cameAt }) => cameAt));
  const mean = (items.length + 1) / 2;
  let [both, ofDue, ofCame] = [0, 0, 0];
  for (const [index, rank] of due.entries()) {
    const [x, y] = [rank - mean, (came[index] ?? mean) - mean];
    both += x * y;
    ofDue += x * x;
    ofCame += y * y;
  }
  return ofDue === 0 || ofCame === 0 ? null : both / Math.sqrt(ofDue * ofCame);
}

/** The rank of each value, from 1; those that are equal share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const result = Array.from({ length: values.length }, () => 0);
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && values[sorted[to] ?? 0] === values[sorted[from] ?? 0]) to++;
    for (const index of sorted.slice(from, to)) result[index] = (from + 1 + to) / 2;
  }
  return result;
}

/** Pairs whose deadlines lie more than `apartMs` apart, and those of them that came more than `apartMs` the other way round. */
export function inversions(
  items: readonly Due[],
  apartMs: number,
): { readonly pairs: number; readonly inverted: number } {
  let [pairs, inverted] = [0, 0];
  for (const earlier of items)
    for (const later of items) {
      if (earlier.dueAt >= later.dueAt - apartMs) continue;
      pairs++;
      if (earlier.cameAt > later.cameAt + apartMs) inverted++;
    }
  return { pairs, inverted };
}

/** How many of `these` came more than `apartMs` before one of `those` that was due no later. */
export const cameBefore = (these: readonly Due[], those: readonly Due[], apartMs: number): number =>
  these.filter((one) => those.some((other) => other.dueAt <= one.dueAt && other.cameAt > one.cameAt + apartMs)).length;

/** The moment by which that share of all has come: 0.5 for half. Infinity while not so many have. */
export function cameBy(items: readonly Pick<Due, 'cameAt'>[], share: number): number {
  const sorted = items.map(({ cameAt }) => cameAt).sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Infinity;
}
