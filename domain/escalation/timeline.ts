import type { Actor } from '../actor.ts';
import type { Json } from '../json.ts';
import { toIso } from '../time.ts';
import type { Happening } from './happening.ts';
import { sayHappening } from './timeline-text.ts';
import type { NameOf } from './timeline-text.ts';

/** One audit event of an escalation, as far as its timeline needs it. */
export interface LadderAuditEvent {
  /** The version it led to; null for a refusal, which led to none. */
  readonly version: number | null;
  readonly at: number;
  readonly actor: Actor;
  /** The message or result that caused it. */
  readonly event: { readonly type: string; readonly [key: string]: Json };
  /** What the transition did: `happened` of the state that it led to. Empty for a refusal. */
  readonly happened: readonly Happening[];
  readonly refused?: { readonly code: string };
}

/** What became of a page, as far as the events tell. */
export interface PageOutcome {
  readonly result: string;
  readonly settledAt: number | null;
  readonly deliveryId: string | null;
}

export interface TimelineEntry {
  readonly at: number;
  readonly version: number | null;
  readonly kind: Happening['what'] | 'refused';
  readonly actor: Actor;
  /** The happening in full; null for a refusal. */
  readonly fact: Happening | null;
  /** Of a page: its last known result. */
  readonly outcome: PageOutcome | null;
  /** Of an acknowledgement that names what the person saw: the version, the page, and what had happened by then. */
  readonly saw: { readonly version: number | null; readonly page: string | null; readonly last: string | null } | null;
  readonly noteId: string | null;
  readonly text: string;
}

/**
 * The story of one escalation: who was paged by which rule and which version of which schedule, what became of each
 * page, who decided what, what the acknowledger saw, and what was refused. One entry for each thing that happened.
 *
 * `events` are in the order of the audit chain. `nameOf` turns an id into what people read; by default the id itself.
 */
export function timeline(events: readonly LadderAuditEvent[], nameOf: NameOf = (id) => id): TimelineEntry[] {
  const outcomes = outcomesOf(events);
  const entries: TimelineEntry[] = [];
  for (const { version, at, actor, event, happened, refused } of events) {
    const noteId = textOf(event['noteId']);
    const common = { at, version, actor, noteId };
    if (refused !== undefined) {
      const text = `${nameOf(actor.id)} was refused ${event.type}: ${refused.code}`;
      entries.push({ ...common, kind: 'refused', fact: null, outcome: null, saw: null, text });
    }
    for (const fact of happened) {
      const outcome = fact.what === 'paged' ? (outcomes.get(fact.key) ?? inFlight) : null;
      const saw = fact.what === 'acknowledged' ? seenBy(event, entries) : null;
      const via = fact.what === 'acknowledged' || fact.what === 'unacknowledged' ? sayVia(event) : '';
      const text = sayHappening(fact, nameOf) + via + sayOutcome(outcome, at) + saySeen(saw);
      entries.push({ ...common, kind: fact.what, fact, outcome, saw, text });
    }
  }
  return entries;
}

/** The same as text: a line an entry, in UTC, with the version that it led to. */
export function timelineText(entries: readonly TimelineEntry[]): string {
  return entries
    .map(({ at, version, text }) => `${toIso(at)}  ${(version === null ? '-' : `v${version}`).padEnd(5)} ${text}\n`)
    .join('');
}

const inFlight: PageOutcome = { result: 'in_flight', settledAt: null, deliveryId: null };

function outcomesOf(events: readonly LadderAuditEvent[]): Map<string, PageOutcome> {
  const outcomes = new Map<string, PageOutcome>();
  for (const { at, happened } of events) {
    for (const fact of happened) {
      if (fact.what !== 'page_settled') continue;
      const deliveryId = fact.deliveryId ?? outcomes.get(fact.key)?.deliveryId ?? null;
      outcomes.set(fact.key, { result: fact.result, settledAt: at, deliveryId });
    }
  }
  return outcomes;
}

function seenBy(event: LadderAuditEvent['event'], before: readonly TimelineEntry[]): TimelineEntry['saw'] {
  const version = typeof event['seenVersion'] === 'number' ? event['seenVersion'] : null;
  const page = textOf(event['asOfDeliveryKey']);
  if (version === null && page === null) return null;
  const last =
    version === null ? undefined : before.findLast((entry) => entry.version !== null && entry.version <= version);
  return { version, page, last: last?.text ?? null };
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

function sayOutcome(outcome: PageOutcome | null, startedAt: number): string {
  if (outcome === null) return '';
  const result = outcome.result.replaceAll('_', ' ');
  return outcome.settledAt === null
    ? ` (${result})`
    : ` (${result} after ${(outcome.settledAt - startedAt) / 1_000} s)`;
}

const ways: Readonly<Record<string, string>> = {
  page_link: ', by the link of a page',
  chat: ', by chat',
  text_message: ', by text message',
  call: ', by a key pressed in a call',
};

const sayVia = (event: LadderAuditEvent['event']): string => ways[textOf(event['via']) ?? ''] ?? '';

function saySeen(saw: TimelineEntry['saw']): string {
  if (saw === null) return '';
  const seen = [saw.version === null ? '' : `version ${saw.version}`, saw.page === null ? '' : `page ${saw.page}`];
  return ` (saw ${seen.filter((part) => part !== '').join(', ')})`;
}
