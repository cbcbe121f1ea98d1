import { foldKey } from '#domain/intake/fold.ts';
import type { KnownAlerts } from '#domain/intake/firing.ts';
import type { Transaction } from '../../client.ts';
import { newId } from '../../ids.ts';
import { databaseNow } from '../../now.ts';
import { leaveNews } from './news.ts';
import type { KeyNews } from './news.ts';
import { lockKeys, nameOf, readKnownAlerts, readStanding } from './open-escalations.ts';
import type { Standing } from './open-escalations.ts';
import type { FrozenService } from './openings.ts';
import type { ItemAnswer, OwnItem } from './own-item.ts';

/**
 * Accepts reports in bulk: whatever their number, a fixed number of statements, and one row update for each key that only
 * counts. Reports of one key keep their order.
 *
 * Safe beside others that do the same and beside whoever closes escalations. Fails with `resource.not_found` when a
 * service is unknown. Nothing of a failed call may be kept: the transaction must be rolled back.
 */
export async function acceptItems(tx: Transaction, items: readonly OwnItem[]): Promise<ItemAnswer[]> {
  const answers = new Map<OwnItem, ItemAnswer>();
  const byKey = Map.groupBy(items, nameOf);
  const keys = [...byKey.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  if (keys.length === 0) return [];
  const opening = new Set(items.filter(({ action }) => action === 'trigger').map(({ serviceId }) => serviceId));
  const services = await lockKeys(tx, keys, [...opening]);
  let waiting = keys;
  // Another round only when an escalation was closed and opened anew between reading and writing.
  for (let round = 0; waiting.length > 0; round++) {
    if (round > 20) throw new Error('escalations are opened faster than they can be read');
    const { news, maintenance } = await foldKeys(tx, waiting, byKey, services);
    const beaten = await leaveNews(tx, news, { services, maintenance });
    for (const { items: itsItems, outcome } of news)
      for (const [index, item] of itsItems.entries())
        answers.set(item, outcome.answers[index] ?? { disposition: 'dropped', escalationId: null });
    waiting = beaten.map(({ key }) => key);
  }
  return items.map((item) => answers.get(item) ?? { disposition: 'dropped', escalationId: null });
}

async function foldKeys(
  tx: Transaction,
  keys: readonly OwnItem[],
  byKey: ReadonlyMap<string, readonly OwnItem[]>,
  services: ReadonlyMap<string, FrozenService>,
): Promise<{ news: KeyNews[]; maintenance: Standing['maintenance'] }> {
  const itemsOf = (key: OwnItem): readonly OwnItem[] => byKey.get(nameOf(key)) ?? [];
  const isGrouped = (key: OwnItem): boolean =>
    itemsOf(key).some(({ action, group }) => group !== null || action === 'resolve');
  const grouped = keys.filter(isGrouped);
  const { open, places, maintenance } = await readStanding(tx, keys, {
    places: keys.reduce((count, key) => count + itemsOf(key).length, 0),
    services: [...services.keys()],
    withLadders: grouped.length > 0,
  });
  const known = await readKnownAlerts(tx, grouped);
  const now = grouped.length > 0 ? await databaseNow(tx) : 0;
  let next = 0;
  const news = keys.map((key) => {
    const keyItems = itemsOf(key);
    const alerts: KnownAlerts = known.get(nameOf(key)) ?? new Map();
    const before = open.get(nameOf(key)) ?? null;
    const rePageAbove = services.get(key.serviceId)?.policy.rePage.onFiringCountAbove ?? null;
    const of = before === null ? null : { ...before, rePageAbove: before.hasBegun ? before.rePageAbove : rePageAbove };
    const outcome = foldKey(keyItems, of, alerts, { newId: () => newId('escalation'), now, rePageAbove });
    const from = next;
    next += keyItems.length;
    return newsOf({ key, items: keyItems, outcome, alerts, before, seqs: places.slice(from, next) });
  });

  return { news, maintenance };

  function newsOf(of: Omit<KeyNews, 'escalation'> & { readonly key: OwnItem }): KeyNews {
    const { key, outcome, seqs, items } = of;
    const first = outcome.opened === null ? undefined : items[outcome.opened.index];
    const service = services.get(key.serviceId);
    if (outcome.opened === null || first === undefined || service === undefined) return { ...of, escalation: null };
    const { opened, triggers, severity, lastTrigger, lastEnd } = outcome;
    const firstTriggerSeq = seqOf(seqs, opened.index);
    return {
      ...of,
      escalation: {
        id: opened.id,
        serviceId: key.serviceId,
        dedupKey: key.dedupKey,
        teamId: service.teamId,
        title: first.title ?? '',
        severity,
        triggers,
        firstTriggerSeq,
        lastTriggerSeq: lastTrigger === null ? firstTriggerSeq : seqOf(seqs, lastTrigger),
        lastResolveSeq: lastEnd === null ? null : seqOf(seqs, lastEnd),
        previousId: null,
        openedVia: first.via,
        canaryId: first.canaryId,
      },
    };
  }
}

/** The place among all facts of an item. */
export function seqOf(seqs: readonly number[], index: number): number {
  const seq = seqs[index];
  if (seq === undefined) throw new Error('an item has no place among the facts');
  return seq;
}
