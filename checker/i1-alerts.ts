import { did } from './escalation-state.ts';
import type { Ladder } from './escalation-state.ts';
import type { Chain, Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { byId, chainsOf, commandsById, stepsOf } from './history.ts';
import type { Step } from './history.ts';
import type { AlertRow, CommandRow, EscalationRow } from './rows.ts';
import { checkHeartbeats } from './i1-heartbeats.ts';
import { checkGroups, checkSuppressed, whyUnheard } from './i1-quiet.ts';
import { whatIsWrongNow } from './i1-standing.ts';

const needs = ['triggers', 'escalations', 'commands'];

/** I1: every accepted alert is paged, merged, suppressed by a named rule, or expired with a reason. */
export const alertsAreHeard: PromiseCheck = {
  promise: 'I1',
  title: 'every accepted alert is paged, merged, suppressed by a named rule, or expired with a reason',
  needs,
  check(facts) {
    const found = new Findings('I1', needs);
    checkAlerts(facts, found);
    checkSuppressed(facts, found);
    checkGroups(facts, found);
    checkEscalations(facts, found);
    checkDelivery(facts, found);
    checkHeartbeats(facts, found);
    return found;
  },
};

function checkAlerts(facts: Facts, found: Findings): void {
  const { alerts, escalations, now, bounds } = facts;
  const whyNot = whyUnheard(facts);
  const known = byId(escalations);
  const triggers = new Map<string, number>();
  for (const alert of alerts) {
    const name = `alert ${alert.id}`;
    const escalation = alert.escalation_id === null ? undefined : known.get(alert.escalation_id);
    if (alert.action === 'trigger') {
      found.saw('triggers');
      if (alert.disposition === 'suppressed' || alert.disposition === 'dropped') {
        const wrong = whyNot(alert);
        if (wrong !== null) found.breach(name, wrong, alert.received_at);
        continue;
      }
      if (escalation === undefined) found.breach(name, 'a trigger belongs to no escalation', alert.received_at);
      else if (!isAbout(alert, escalation)) {
        found.breach(name, `a trigger went to ${escalation.id}, which is about something else`, alert.received_at);
      } else triggers.set(escalation.id, (triggers.get(escalation.id) ?? 0) + 1);
      if (alert.disposition !== 'opened' && alert.disposition !== 'merged') {
        found.breach(name, `a trigger ended as ${alert.disposition}`, alert.received_at);
      }
    } else if (alert.disposition === 'resolved') {
      found.saw('resolves');
      const isHeard = escalation !== undefined && (escalation.status === 'resolved' || waits(alert, escalation));
      if (!isHeard && alert.received_at < now - bounds.quietSinceMs) {
        found.breach(name, 'the source said that it is over, and its escalation goes on', alert.received_at);
      }
    }
  }
  for (const [id, count] of triggers) {
    const counted = known.get(id)?.alert_count ?? 0;
    if (counted < count) found.breach(`escalation ${id}`, `it counts ${counted} triggers and has ${count}`);
  }

  /** A drill waits for a person, whatever its source says; a trigger since then takes the word back. */
  function waits(resolve: AlertRow, escalation: EscalationRow): boolean {
    const state = escalation.state as Ladder | null;
    if (state === null || state.drill === null) return false;
    const isBack = ({ action, seq, escalation_id: of }: AlertRow): boolean =>
      action === 'trigger' && of === escalation.id && seq > resolve.seq;
    return state.sourceResolvedBy !== null || alerts.some(isBack);
  }
}

const isAbout = (alert: AlertRow, escalation: EscalationRow): boolean =>
  alert.service_id === escalation.service_id && alert.dedup_key === escalation.dedup_key;

function checkEscalations(facts: Facts, found: Findings): void {
  const chains = new Map(chainsOf(facts, 'escalation').map((chain) => [chain.id, chain]));
  const alerts = byId(facts.alerts);
  const commands = commandsById(facts);
  const following = new Set(facts.escalations.flatMap(({ previous_id: id }) => (id === null ? [] : [id])));
  found.each(
    facts.escalations,
    ({ id }) => `escalation ${id}`,
    (row) => {
      found.saw('escalations');
      const chain = chains.get(row.id);
      const steps = chain === undefined ? [] : stepsOf<Ladder>(chain);
      for (const what of whatIsWrongNow(facts, row, chain)) found.breach(`escalation ${row.id}`, what, row.opened_at);
      if (chain !== undefined) checkExhausted(facts, chain, steps, found);
      checkClosing(row, steps, found);
    },
  );

  /** A trigger that came after the word that closed it must have opened the next one. */
  function checkClosing(row: EscalationRow, steps: readonly Step<Ladder>[], found: Findings): void {
    const closing = steps.find(({ state }) => state.status === 'resolved');
    if (closing === undefined) return;
    found.saw('closed escalations');
    const name = `escalation ${row.id}`;
    const word = closingWord(closing, alerts, commands);
    if (word === null) found.breach(name, 'nobody knows what closed it', closing.recordedAt);
    else if (row.last_trigger_seq > word && !following.has(row.id)) {
      found.breach(name, 'a trigger that came after the closing opened nothing', closing.recordedAt);
    }
  }
}

/** The place among all facts of the message that closed an escalation. */
function closingWord(
  { event, cause }: Step<Ladder>,
  alerts: ReadonlyMap<string, AlertRow>,
  commands: ReadonlyMap<string, CommandRow>,
): number | null {
  const { alertEventId } = event;
  if (typeof alertEventId === 'string') return alerts.get(alertEventId)?.seq ?? null;
  return (cause === null ? undefined : commands.get(cause))?.seq ?? null;
}

/** Each time a ladder is exhausted, the catch-all person is paged, once. */
function checkExhausted({ now, bounds }: Facts, chain: Chain, steps: readonly Step<Ladder>[], found: Findings): void {
  const name = `escalation ${chain.id}`;
  const rounds = new Set<number>();
  let exhausted = 0;
  for (const [index, step] of steps.entries()) {
    for (const page of did(step.state, 'paged')) if (page.reason === 'catch_all') rounds.add(page.round ?? 0);
    if (did(step.state, 'exhausted').length === 0) continue;
    exhausted += 1;
    found.saw('exhausted ladders');
    const { catchAllPersonId } = step.state.policy;
    const asked = did(step.state, 'people_asked').some(
      ({ because, personIds }) => because === 'catch_all' && personIds?.includes(catchAllPersonId),
    );
    if (!asked) found.breach(name, 'exhausted without asking for the catch-all person', step.recordedAt);
    const after = steps.slice(index + 1);
    const answered = after.some(
      ({ state }) =>
        state.status !== 'exhausted' ||
        state.happened.some(({ what, personId, reason }) =>
          what === 'paged' ? reason === 'catch_all' : what === 'person_unreached' && personId === catchAllPersonId,
        ),
    );
    if (!answered && step.recordedAt < now - bounds.quietSinceMs) {
      found.breach(name, 'exhausted, and the catch-all person was not paged', step.recordedAt);
    }
  }
  if (rounds.size > exhausted) {
    found.breach(name, `the catch-all person was paged ${rounds.size} times for ${exhausted} exhausted ladders`);
  }
}

/** No message waits for ever, and nothing that was accepted stays without its workflow. */
function checkDelivery(facts: Facts, found: Findings): void {
  const since = facts.now - facts.bounds.quietSinceMs;
  for (const command of facts.commands) {
    found.saw('commands');
    if (command.status === 'pending' && command.created_at < since) {
      found.breach(`command ${command.id}`, `${command.name} was never delivered`, command.created_at);
    }
  }
  const kinds = {
    launch: facts.launches,
    case: facts.cases,
    enforcement: facts.orders,
    escalation: facts.escalations,
    canary: facts.canaries,
    heartbeat: facts.heartbeats.map((row) => ({ ...row, opened_at: row.created_at })),
  };
  for (const [kind, rows] of Object.entries(kinds)) {
    for (const row of rows) {
      if (row.version > 0 || row.opened_at >= since) continue;
      found.breach(`${kind} ${row.id}`, 'it was accepted, and no workflow has recorded anything of it', row.opened_at);
    }
  }
}
