import type { Chain, Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { nameOf } from './history.ts';
import type { Stop } from './i4-stops.ts';

/**
 * What the phones saw. A page whose row was written before the stop may still be on its way, for as long as one call
 * lasts; after that no call of it, repeated ones included, may arrive. The same holds once its row says `superseded`.
 */
export function checkArrivals(facts: Facts, chain: Chain, stops: readonly Stop[], found: Findings): void {
  if (facts.phones === null) return;
  const { inFlightMs } = facts.bounds;
  const startedSeq = new Map(
    chain.events.flatMap(({ action, seq, data }) =>
      action === 'escalation.pageStarted' ? [[(data as { deliveryId: string }).deliveryId, seq] as const] : [],
    ),
  );
  const rows = new Map(
    facts.deliveries.flatMap((row) => (row.escalation_id === chain.id ? [[row.id, row] as const] : [])),
  );
  for (const line of facts.phones) {
    if (line.type !== 'page' || line.page.escalationId !== chain.id) continue;
    const row = rows.get(line.page.deliveryId);
    const seq = startedSeq.get(line.page.deliveryId);
    if (row?.status === 'bundled' || row?.status === 'held')
      found.breach(nameOf(chain), `page ${row.id} arrived although it was left to another message`, line.at);
    if (row === undefined || seq === undefined) continue;
    const stop = stops.find((each) => each.seq > seq && (each.personId === null || each.personId === row.person_id));
    if (stop !== undefined && line.at > stop.at + inFlightMs) {
      found.breach(nameOf(chain), `page ${row.id} arrived ${line.at - stop.at} ms after it was stopped`, line.at);
    }
    if (row.status === 'superseded' && line.at > (row.settled_at ?? 0) + inFlightMs) {
      found.breach(nameOf(chain), `page ${row.id} arrived although it was superseded`, line.at);
    }
  }
}
