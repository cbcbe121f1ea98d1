import type { Ladder } from './escalation-state.ts';
import type { Chain, Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { dataOf, nameOf } from './history.ts';
import type { Step } from './history.ts';

const wentOut: readonly string[] = ['started', 'sent', 'delivered', 'unknown'];

/**
 * A page that was left to another message counts as tried: so that message went out, to the same contact method, and
 * tells of the escalation. The first page of a person's turn at high urgency is never left to another.
 */
export function checkBundles(facts: Facts, chain: Chain, steps: readonly Step<Ladder>[], found: Findings): void {
  const name = nameOf(chain);
  for (const row of facts.deliveries) {
    if (row.escalation_id !== chain.id) continue;
    if (row.status === 'held' && row.started_at < facts.now - facts.bounds.heldMs)
      found.breach(name, `page ${row.id} was held back and forgotten`, row.started_at);
    if (row.status !== 'bundled') continue;
    found.saw('bundled pages');
    const into = facts.deliveries.find(({ id }) => id === row.bundled_into);
    const problems = [
      into === undefined || !wentOut.includes(into.status) ? 'was left to a message that did not go out' : null,
      into?.contact_method_id === row.contact_method_id ? null : 'was left to a message to another contact method',
      into?.names?.includes(chain.id) ? null : 'was left to a message that does not tell of it',
      isFirstOfHigh(chain, steps, row.id) ? 'is the first of a high urgency, and was left to another message' : null,
    ];
    for (const problem of problems) {
      if (problem !== null) found.breach(name, `page ${row.id} ${problem}`, row.started_at);
    }
  }
}

/** By the state that was recorded last before the page was left to another. */
function isFirstOfHigh(chain: Chain, steps: readonly Step<Ladder>[], deliveryId: string): boolean {
  const event = chain.events.find(
    (one) => one.action === 'escalation.pageBundled' && dataOf(one, 'deliveryId') === deliveryId,
  );
  const state = steps.findLast(({ seq }) => event !== undefined && seq < event.seq)?.state;
  return state?.urgency === 'high' && state.pages.some(({ key, first }) => key === event?.cause && first === true);
}
