import { did, isStopped } from './escalation-state.ts';
import type { Ladder } from './escalation-state.ts';
import type { Chain, Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { chainsOf, dataOf, nameOf, stepsOf } from './history.ts';
import type { Step } from './history.ts';
import { checkArrivals } from './i4-arrivals.ts';
import { stopsOf } from './i4-stops.ts';

const needs = ['acknowledgements', 'pages', 'arrivals'];

/** I4: no page or rung starts after the acknowledgement's answer. */
export const quietAfterAcknowledgement: PromiseCheck = {
  promise: 'I4',
  title: "no page or rung starts after the acknowledgement's answer",
  needs,
  check(facts) {
    const found = new Findings('I4', needs);
    found.each(chainsOf(facts, 'escalation'), nameOf, (chain) => {
      const steps = stepsOf<Ladder>(chain);
      checkPages(chain, steps, found);
      checkOrders(chain, steps, found);
      checkRestarts(chain, steps, found);
      checkUnrecorded(facts, chain, steps, found);
      checkArrivals(facts, chain, stopsOf(steps), found);
    });
    if (facts.phones !== null) checkUnknownArrivals(facts, found);
    return found;
  },
};

/** No ledger row of a page is written after a stop that came between its order and it. */
function checkPages(chain: Chain, steps: readonly Step<Ladder>[], found: Findings): void {
  const stops = stopsOf(steps);
  found.saw('acknowledgements', steps.filter(({ event }) => event.type === 'acknowledge').length);
  const orders = new Map(
    steps.flatMap(({ seq, state }) =>
      did(state, 'paged').map(({ key, personId }) => [key, { seq, personId: personId ?? '' }] as const),
    ),
  );
  for (const event of chain.events) {
    if (event.action !== 'escalation.pageStarted') continue;
    found.saw('pages');
    const ordered = orders.get(event.cause ?? '');
    const page = `page ${String(dataOf(event, 'deliveryId'))}`;
    if (ordered === undefined || ordered.seq > event.seq) {
      found.breach(nameOf(chain), `${page} started, and nothing had ordered it`, event.at);
      continue;
    }
    const stop = stops.find(
      ({ seq, personId }) =>
        seq > ordered.seq && seq < event.seq && (personId === null || personId === ordered.personId),
    );
    if (stop !== undefined) found.breach(nameOf(chain), `${page} started after it was stopped`, event.at);
  }
}

/** While it is stopped no rung is asked, and nobody is paged but a responder whom a person has added since. */
function checkOrders(chain: Chain, steps: readonly Step<Ladder>[], found: Findings): void {
  let added = new Set<unknown>();
  for (const { event, before, state, recordedAt } of steps) {
    if (!isStopped(state) || before?.status !== state.status) added = new Set();
    if (event.type === 'addResponder') added.add(event['personId']);
    if (!isStopped(state)) continue;
    for (const { because } of did(state, 'rung_asked')) {
      found.breach(nameOf(chain), `a rung was asked (${because}) while it was ${state.status}`, recordedAt);
    }
    for (const { personId } of did(state, 'paged')) {
      if (state.status === 'acknowledged' && added.has(personId)) continue;
      found.breach(nameOf(chain), `${personId} was paged while it was ${state.status}`, recordedAt);
    }
  }
}

const pagesAnew: readonly string[] = ['unacknowledge', 'escalateNow', 'reassign'];

/** An acknowledgement ends by a person's word or by its own time, and by nothing else. */
function checkRestarts(chain: Chain, steps: readonly Step<Ladder>[], found: Findings): void {
  for (const { event, before, state, at, recordedAt } of steps) {
    if (before?.status !== 'acknowledged' || isStopped(state)) continue;
    found.saw('restarts');
    const timedOut = event.type === 'due' && before.ackTimeoutAt !== null && at >= before.ackTimeoutAt;
    if (timedOut || pagesAnew.includes(event.type)) continue;
    found.breach(nameOf(chain), `${event.type} began to page again after the acknowledgement`, recordedAt);
  }
}

/** A page that the trail does not know is judged by the clock: its row was begun later than the last thing recorded. */
function checkUnrecorded({ deliveries }: Facts, chain: Chain, steps: readonly Step<Ladder>[], found: Findings): void {
  const known = new Set(chain.events.map((event) => dataOf(event, 'deliveryId')));
  for (const page of deliveries) {
    if (page.escalation_id !== chain.id || page.kind === 'resolved' || known.has(page.id)) continue;
    const last = steps.filter(({ recordedAt }) => recordedAt <= page.started_at).at(-1);
    if (last === undefined || !isStopped(last.state)) continue;
    found.breach(nameOf(chain), `page ${page.id} started while it was ${last.state.status}`, page.started_at);
  }
}

function checkUnknownArrivals({ deliveries, phones }: Facts, found: Findings): void {
  const known = new Map(deliveries.map((row) => [row.id, row]));
  for (const line of phones ?? []) {
    if (line.type !== 'page') continue;
    found.saw('arrivals');
    const { deliveryId, escalationId } = line.page;
    const row = known.get(deliveryId);
    const name = `escalation ${escalationId}`;
    if (row === undefined) found.breach(name, `page ${deliveryId} arrived, and the ledger has no such row`, line.at);
    else if (row.escalation_id !== escalationId) {
      found.breach(name, `page ${deliveryId} arrived as one of another escalation`, line.at);
    }
  }
}
