import type { MaintenanceWindow } from '#domain/escalation/ladder-parts.ts';
import type { KnownAlerts } from '#domain/intake/firing.ts';
import type { KeyOutcome, Left } from '#domain/intake/fold.ts';
import type { Transaction } from '../../client.ts';
import { newId } from '../../ids.ts';
import type { LeftCommand } from '../commands.ts';
import type { LockedEscalation } from './open-escalations.ts';
import { openingCommand } from './openings.ts';
import type { FrozenService, Opening } from './openings.ts';
import type { OwnItem } from './own-item.ts';
import { countSuppressed, writeKnownAlerts, writeNews } from './writes.ts';
import type { NewAlertEvent, NewEscalation, SuppressedReport } from './writes.ts';

/** What the reports of one key came to, before it is written. */
export interface KeyNews {
  readonly key: OwnItem;
  readonly items: readonly OwnItem[];
  readonly outcome: KeyOutcome;
  readonly alerts: KnownAlerts;
  /** The escalation that was open before. */
  readonly before: LockedEscalation | null;
  /** The escalation that is opened. */
  readonly escalation: NewEscalation | null;
  /** The places of the items among all facts. */
  readonly seqs: readonly number[];
}

/**
 * Writes all that follows: counts, alert events, what is known of single alerts, and what ladders must hear of. Returns
 * the news of keys at which another escalation was opened meanwhile: of them nothing is written.
 */
export async function leaveNews(
  tx: Transaction,
  news: readonly KeyNews[],
  opening: {
    readonly services: ReadonlyMap<string, FrozenService>;
    readonly maintenance: ReadonlyMap<string, MaintenanceWindow[]>;
  },
): Promise<KeyNews[]> {
  const left = news.flatMap((one) => one.outcome.left.map((what) => eventOf(one, what)));
  const openings = left.flatMap(({ of, what, event }) => openingOf(of, what, event, opening));
  const inserted = await writeNews(tx, {
    escalations: news.flatMap(({ escalation }) => (escalation === null ? [] : [escalation])),
    changes: news.flatMap(changeOf),
    facts: left.map(({ event }) => event),
    commands: [...openings.map(openingCommand), ...left.flatMap(({ what, event }) => tellOf(what, event))],
  });
  const isWritten = ({ escalation }: KeyNews): boolean => escalation === null || inserted.has(escalation.id);
  const written = news.filter(isWritten);
  await writeKnownAlerts(tx, written.flatMap(alertsOf));
  const traces = await suppress(tx, written);
  if (traces.length > 0) await writeNews(tx, { escalations: [], changes: [], facts: traces, commands: [] });
  return news.filter((one) => !isWritten(one));
}

function changeOf({ before, outcome, seqs }: KeyNews) {
  const { triggers, severity, lastTrigger, lastEnd } = outcome;
  if (before === null || (lastTrigger === null && lastEnd === null)) return [];
  const at = (index: number | null) => (index === null ? null : (seqs[index] ?? null));
  return [{ id: before.id, triggers, severity, lastTriggerSeq: at(lastTrigger), lastResolveSeq: at(lastEnd) }];
}

function alertsOf({ key: { serviceId, dedupKey }, outcome, alerts }: KeyNews) {
  return [...outcome.alertsChanged].flatMap((fingerprint) => {
    const alert = alerts.get(fingerprint);
    return alert === undefined ? [] : [{ serviceId, dedupKey, fingerprint, ...alert }];
  });
}

/** Counts what rules kept quiet. The first of a key leaves its trace in the timeline of what is open. */
async function suppress(tx: Transaction, news: readonly KeyNews[]): Promise<NewAlertEvent[]> {
  const kept = news.flatMap((of) => suppressedOf(of).map((report) => ({ of, ...report })));
  const isFirst = await countSuppressed(
    tx,
    kept.map(({ report }) => report),
  );
  return kept.flatMap(({ of, index }, place) => {
    const { disposition, escalationId } = of.outcome.answers[index] ?? { disposition: 'dropped', escalationId: null };
    if (isFirst[place] !== true || escalationId === null) return [];
    const item = of.items[index];
    if (item === undefined) return [];
    const { severity, title } = { severity: item.severity ?? 4, title: item.title ?? '' };
    return [eventOf(of, { index, disposition, escalationId, severity, title, tell: null }).event];
  });
}

function suppressedOf({ items, outcome }: KeyNews): { index: number; report: SuppressedReport }[] {
  const byRule = Map.groupBy(outcome.suppressed, ({ ruleId }) => ruleId);
  return [...byRule].flatMap(([ruleId, kept]) => {
    const index = kept[0]?.index ?? 0;
    const item = items[index];
    if (item === undefined) return [];
    const { serviceId, dedupKey, reportedBy, severity, title } = item;
    const report = { ruleId, serviceId, dedupKey, reportedBy, severity: severity ?? 4, title: title ?? '' };
    return [{ index, report: { ...report, count: kept.length } }];
  });
}

function eventOf(of: KeyNews, what: Left): { of: KeyNews; what: Left; event: NewAlertEvent } {
  const item = of.items[what.index] ?? of.key;
  const { serviceId, dedupKey, reportedBy, causeKey, action, details } = item;
  const { severity, title, escalationId, disposition } = what;
  const of_ = { serviceId, dedupKey, reportedBy, causeKey, action, details, severity, title };
  const seq = of.seqs[what.index];
  if (seq === undefined) throw new Error('an item has no place among the facts');
  return { of, what, event: { id: newId('alertEvent'), seq, ...of_, escalationId, disposition } };
}

function openingOf(
  { key, items, outcome }: KeyNews,
  what: Left,
  event: NewAlertEvent,
  { services, maintenance: windows }: Parameters<typeof leaveNews>[2],
): Opening[] {
  const { opened } = outcome;
  const service = services.get(key.serviceId);
  const maintenance = windows.get(key.serviceId) ?? [];
  const item = items[what.index];
  if (what.disposition !== 'opened' || opened === null || service === undefined || item === undefined) return [];
  const { canaryId, sensitive } = item;
  const { id: escalationId, severity, firingCount } = opened;
  const of = { escalationId, service, severity, firingCount, canaryId, sensitive, maintenance };
  return [{ ...of, alertEventId: event.id, previousEscalationId: null }];
}

function tellOf({ tell, escalationId }: Left, { id: alertEventId, serviceId }: NewAlertEvent): LeftCommand[] {
  if (tell === null || escalationId === null) return [];
  return [
    {
      mode: 'signal',
      name: 'sourceChanged',
      kind: 'escalation',
      aggregateId: escalationId,
      idempotencyKey: `source:${alertEventId}`,
      priority: tell.kind === 'resolve' ? 1 : 2,
      shareKey: serviceId,
      input: { alertEventId, ...tell },
    },
  ];
}
