import { VigilError } from '../errors.ts';
import type { Json } from '../json.ts';

/** What a reader of senders' bodies cannot work out by itself. */
export interface Reading {
  readonly sha256Hex: (text: string) => string;
  /** A key that no other alert has. */
  readonly uniqueKey: () => string;
  /** Epoch milliseconds: stands in for times that the source does not give. */
  readonly receivedAt: number;
}

export type Loose = Readonly<Record<string, unknown>>;

export const dedupKeyLimit = 255;
export const titleLimit = 1_024;
const labelLimit = 100;
const labelNameLimit = 200;
const labelValueLimit = 1_000;

export const objectOf = (value: unknown): Loose | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : null;

/** The text of a string with anything in it, a number or a boolean; null for all else. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' ? null : text;
}

/** The first `limit` UTF-16 units, less one where that would split a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const short = text.slice(0, limit);
  return short.isWellFormed() ? short : short.slice(0, -1);
}

/** A key as it is while it fits, else its hash: two long keys never become one. */
export const fittingKey = (key: string, { sha256Hex }: Pick<Reading, 'sha256Hex'>): string =>
  key.length <= dedupKeyLimit ? key : sha256Hex(key);

/** Flat labels of these objects, later ones winning; the first hundred in order of their names, values cut. */
export function labelsOf(...sources: readonly unknown[]): Record<string, string> {
  const all = new Map<string, string>();
  for (const source of sources) {
    for (const [name, value] of Object.entries(objectOf(source) ?? {})) {
      const text = Array.isArray(value) ? listed(value) : textOf(value);
      if (text !== null && name !== '') all.set(cut(name, labelNameLimit), cut(text, labelValueLimit));
    }
  }
  return Object.fromEntries([...all].toSorted(byName).slice(0, labelLimit));
}

/** Entries of a list as one text, by comma: tags read so. */
function listed(list: readonly unknown[]): string | null {
  const entries = list.map(textOf).filter((entry) => entry !== null);
  return entries.length === 0 ? null : entries.join(',');
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** The same text for the same labels, in whatever order they came. */
export const canonicalLabels = (labels: unknown): string =>
  JSON.stringify(Object.entries(objectOf(labels) ?? {}).toSorted(byName));

/** One place of a body that misses what it should hold. Names places only, never what stands there. */
export interface Missed {
  /** JSON Pointer from the request: `/body/alerts`. */
  readonly pointer: string;
  readonly detail: string;
}

/** Fails with `intake.unreadable`: nothing was taken, and the same body again will not be either. */
export const unreadable = (...missed: readonly Missed[]): VigilError =>
  new VigilError('intake.unreadable', {
    errors: missed.map(({ pointer, detail }) => ({ pointer, code: 'missing', detail })),
  });

const textKept = 2_000;
const entriesKept = 50;
const levelsKept = 8;
const valuesKept = 2_000;

/** A body as it is kept with the alert: long texts and lists cut, so that a storm of large bodies stays small. */
export function keptDetails(value: unknown): Json {
  let left = valuesKept;
  const keep = (inner: unknown, level: number): Json => {
    if (--left < 0 || level > levelsKept) return '…';
    if (typeof inner === 'string') return cut(inner, textKept);
    if (typeof inner === 'number') return Number.isFinite(inner) ? inner : null;
    if (typeof inner === 'boolean') return inner;
    if (Array.isArray(inner)) return inner.slice(0, entriesKept).map((item) => keep(item, level + 1));
    const entries = Object.entries(objectOf(inner) ?? {}).slice(0, entriesKept);
    if (inner === null || inner === undefined) return null;
    return Object.fromEntries(entries.map(([name, item]) => [cut(name, labelNameLimit), keep(item, level + 1)]));
  };
  return keep(value, 0);
}
