import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { chainsOf, nameOf, stepsOf } from './history.ts';
import { needsSecondPerson } from './order-state.ts';
import type { Order } from './order-state.ts';

/** Where an enforcement order needs two people: what cannot be undone, has no end, or is about someone protected. */
export function checkOrderPairs(facts: Facts, found: Findings): void {
  found.each(chainsOf(facts, 'enforcement'), nameOf, (chain) => {
    const steps = stepsOf<Order>(chain);
    for (const { event, state, actorId, recordedAt } of steps) {
      const isSecond = ['approve', 'refuse', 'makePermanent'].includes(event.type);
      if (!isSecond) continue;
      found.saw('second people');
      if (actorId === state.decidedBy) found.breach(nameOf(chain), `${event.type} by who decided it`, recordedAt);
    }
    const approval = steps.find(({ event }) => event.type === 'approve');
    const applied = steps.find(({ state }) => state.appliedAt !== null);
    if (applied === undefined || !needsSecondPerson(applied.state)) return;
    found.saw('second people');
    if (approval === undefined || approval.seq > applied.seq) {
      found.breach(nameOf(chain), 'it was applied without a second person', applied.recordedAt);
    } else if (approval.actorId !== applied.state.approvedBy) {
      found.breach(nameOf(chain), 'it names another approver than the one who approved', applied.recordedAt);
    }
  });
  for (const { id, decided_by: decidedBy, approved_by: approvedBy } of facts.orders) {
    if (approvedBy !== null && approvedBy === decidedBy) {
      found.breach(`enforcement ${id}`, 'its row names one person for the decision and the approval');
    }
  }
  for (const { launch_id: id, requested_by: requestedBy, decided_by: decidedBy } of facts.waivers) {
    if (decidedBy !== null && decidedBy === requestedBy) {
      found.breach(`launch ${id}`, 'a waiver was decided by who asked for it');
    }
  }
}
