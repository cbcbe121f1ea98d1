import type { Severity } from '../severity.ts';
import { valueAt } from './pointer.ts';
import type { SourceReport } from './report.ts';
import { severityOf, valueIn } from './sender-severity.ts';
import type { SeverityTable } from './sender-severity.ts';
import { cut, fittingKey, keptDetails, labelsOf, textOf, titleLimit, unreadable } from './sender-values.ts';
import type { Missed, Reading } from './sender-values.ts';

export const reportActions = ['trigger', 'acknowledge', 'resolve'] as const;
export type ReportAction = (typeof reportActions)[number];

/** One place, as a JSON Pointer, or several whose texts are put together. A pointer that begins with `$` is of the whole body. */
export type Place = string | readonly string[];

/**
 * How a sender's own JSON becomes reports. It names places and tables of words, and can compute nothing.
 *
 * `from` lists places in order: the first that holds text is taken. Of a place that is a list of pointers every one must
 * hold some.
 */
export interface Mapping {
  /** Where the list of alerts stands when a body holds several; all other places are then of one entry. Null: the body is one alert. */
  readonly items: string | null;
  readonly dedupKey: {
    readonly from: readonly Place[];
    /**
     * `unique`: an alert without a key is always a new one, and nothing can resolve it. `body`: it is one with those that
     * say exactly the same.
     */
    readonly otherwise: 'refuse' | 'unique' | 'body';
  };
  readonly title: { readonly from: readonly Place[]; readonly otherwise: string | null };
  readonly severity: {
    readonly from: readonly string[];
    /** Words of this mapping; they come before those of the integration and the usual ones. */
    readonly values: Readonly<Record<string, Severity>>;
    /** Null: as the integration says of words that it does not know. */
    readonly otherwise: Severity | null;
  };
  readonly action: {
    readonly from: readonly string[];
    readonly values: Readonly<Record<string, ReportAction>>;
    /** For other words, and for none. */
    readonly otherwise: ReportAction;
  };
  /** The name of each label, and where its value stands. A list becomes one text, by comma. */
  readonly labels: Readonly<Record<string, string>>;
  /** Objects whose plain entries are labels. */
  readonly labelsOf: readonly string[];
}

/** More in one body are refused: the sender must send them in parts, or what is cut off would be lost. */
export const itemsAtMost = 500;

/** Words that senders use for the end of an alert and for an acknowledgement over there. */
export const usualActions: Readonly<Record<string, ReportAction>> = {
  ok: 'resolve',
  resolve: 'resolve',
  resolved: 'resolve',
  close: 'resolve',
  closed: 'resolve',
  recovery: 'resolve',
  recovered: 'resolve',
  up: 'resolve',
  acknowledge: 'acknowledge',
  acknowledged: 'acknowledge',
  ack: 'acknowledge',
};

/**
 * Reads a body by a mapping. All of it or nothing: when one entry misses what it must have, none is taken.
 *
 * Fails with `intake.unreadable`, which names each place that held nothing, in the words of the mapping; never what a
 * place holds. A severity or an action that no table knows is never a reason to lose an alert.
 */
export function readMapped(
  body: unknown,
  mapping: Mapping,
  severities: SeverityTable,
  reading: Reading,
): readonly SourceReport[] {
  const items = itemsOf(body, mapping);
  const missed: Missed[] = [];
  const reports = items.map((item, index) => {
    const at = mapping.items === null ? '/body' : `/body${mapping.items}/${index}`;
    return readItem({ item, body, at, missed }, mapping, severities, reading);
  });
  if (missed.length > 0) throw unreadable(...missed.slice(0, 20));
  return reports;
}

function itemsOf(body: unknown, { items }: Mapping): readonly unknown[] {
  if (items === null) return [body];
  const list = valueAt(body, items);
  if (!Array.isArray(list)) throw unreadable({ pointer: `/body${items}`, detail: 'must be a list of alerts' });
  if (list.length > itemsAtMost)
    throw unreadable({ pointer: `/body${items}`, detail: `must hold at most ${itemsAtMost} alerts` });
  return list;
}

interface Item {
  readonly item: unknown;
  readonly body: unknown;
  /** Where the item stands in the request. */
  readonly at: string;
  readonly missed: Missed[];
}

function readItem(of: Item, mapping: Mapping, severities: SeverityTable, reading: Reading): SourceReport {
  const action = actionOf(of, mapping);
  const key = firstText(of, mapping.dedupKey.from, ':');
  if (key === null && mapping.dedupKey.otherwise === 'refuse') miss(of, 'dedupKey', mapping.dedupKey.from);
  const labels = labelsOf(
    ...mapping.labelsOf.map((pointer) => lookUp(of, pointer)),
    Object.fromEntries(Object.entries(mapping.labels).map(([name, pointer]) => [name, lookUp(of, pointer)])),
  );
  const common = { dedupKey: key === null ? keyless(of, mapping, reading) : fittingKey(key, reading), labels };
  if (action === 'resolve') return { ...common, action, group: null };
  if (action === 'acknowledge') return { ...common, action };
  const title = firstText(of, mapping.title.from, ' ') ?? mapping.title.otherwise;
  if (title === null) miss(of, 'title', mapping.title.from);
  return {
    ...common,
    action,
    severity: severityIn(of, mapping, severities),
    title: cut(title ?? '-', titleLimit),
    details: keptDetails(of.item),
    group: null,
  };
}

const keyless = ({ item }: Item, { dedupKey }: Mapping, { sha256Hex, uniqueKey }: Reading): string =>
  dedupKey.otherwise === 'body' ? sha256Hex(JSON.stringify(item ?? null)) : uniqueKey();

function actionOf(of: Item, { action }: Mapping): ReportAction {
  const word = firstText(of, action.from, ' ');
  return (word === null ? null : valueIn(action.values, word)) ?? action.otherwise;
}

function severityIn(of: Item, { severity }: Mapping, severities: SeverityTable): Severity {
  return severityOf(firstText(of, severity.from, ' '), {
    values: { ...severities.values, ...severity.values },
    fallback: severity.otherwise ?? severities.fallback,
  });
}

function firstText(of: Item, places: readonly Place[], separator: string): string | null {
  for (const place of places) {
    const pointers = typeof place === 'string' ? [place] : place;
    const texts = pointers.map((pointer) => textOf(lookUp(of, pointer)));
    if (texts.length > 0 && texts.every((text) => text !== null)) return texts.join(separator);
  }
  return null;
}

const lookUp = ({ item, body }: Item, pointer: string): unknown =>
  pointer.startsWith('$') ? valueAt(body, pointer.slice(1)) : valueAt(item, pointer);

/** The place that is named is the first that holds nothing: of several in one list it may be a later one. */
function miss(of: Item, field: string, places: readonly Place[]): void {
  const pointers = places.flat();
  const empty = pointers.find((pointer) => textOf(lookUp(of, pointer)) === null) ?? '';
  const pointer = empty.startsWith('$') ? `/body${empty.slice(1)}` : of.at + empty;
  const sought = pointers.length === 0 ? 'the mapping names no place for it' : `sought at ${pointers.join(', ')}`;
  of.missed.push({ pointer, detail: `holds no text for ${field}: ${sought}` });
}
