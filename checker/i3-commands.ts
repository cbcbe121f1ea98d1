import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { commandsById, isCommandId } from './history.ts';
import type { AuditRow, CommandRow } from './rows.ts';

/** Requests of people and what became of them: carried out or refused, each is in the audit trail once. */
export function checkCommands(facts: Facts, events: readonly AuditRow[], found: Findings): void {
  const caused = Map.groupBy(
    events.filter(({ cause }) => isCommandId(cause)),
    ({ cause }) => cause ?? '',
  );
  for (const command of facts.commands) checkCommand(facts, command, caused.get(command.id) ?? [], found);
  checkCauses(facts, caused, found);
  checkRefusedRequests(facts, events, found);
}

const isTransition = ({ version }: AuditRow): boolean => version !== null;

function checkCommand({ now, bounds }: Facts, command: CommandRow, events: readonly AuditRow[], found: Findings): void {
  const name = `command ${command.id}`;
  const expect = (what: string, count: number, action: string): void => {
    found.saw(what);
    if (count !== 1) found.breach(name, `${action} has ${count} audit events`, command.settled_at);
  };
  const transitions = events.filter(isTransition).length;
  if (command.status === 'refused' || command.status === 'failed') {
    const action = `${command.aggregate_kind}.${command.name}.${command.status}`;
    expect('refusals', events.filter((event) => event.action === action).length, action);
    if (transitions > 0) found.breach(name, `it was ${command.status}, and changed something`, command.settled_at);
    return;
  }
  if (command.status !== 'done') return;
  // A start is done when Temporal has it, which is a moment before its first version is recorded.
  const isFresh = (command.settled_at ?? now) > now - bounds.quietSinceMs;
  const isRequest = command.mode === 'update' && command.actor.kind === 'person';
  if (isRequest || (command.mode === 'start' && !isFresh)) expect('commands', transitions, command.name);
  else if (transitions > 1) found.breach(name, `${command.name} changed something ${transitions} times`);
}

/** What the trail says was caused by a command names one that is there and asked for just that. */
function checkCauses(facts: Facts, caused: ReadonlyMap<string, readonly AuditRow[]>, found: Findings): void {
  const commands = commandsById(facts);
  for (const [id, events] of caused) {
    const command = commands.get(id);
    for (const event of events) {
      const name = `${event.aggregate_kind} ${event.aggregate_id}`;
      if (event.action === 'escalation.acknowledge' && isTransition(event)) found.saw('acknowledgements');
      if (command === undefined)
        found.breach(name, `${event.action} was caused by a command that is not there`, event.at);
      else if (!isAskedFor(event, command)) {
        found.breach(name, `${event.action} was caused by ${id}, which asked for ${command.name}`, event.at);
      } else if (event.actor_id !== command.actor.id) {
        found.breach(
          name,
          `${event.action} is recorded for ${event.actor_id}, and ${command.actor.id} asked`,
          event.at,
        );
      }
    }
  }
}

function isAskedFor(event: AuditRow, command: CommandRow): boolean {
  if (event.aggregate_kind !== command.aggregate_kind || event.aggregate_id !== command.aggregate_id) return false;
  const asked = command.mode === 'start' ? 'opened' : command.name;
  const action = `${command.aggregate_kind}.${asked}`;
  return event.action === action || event.action === `${command.aggregate_kind}.${command.name}.${command.status}`;
}

/** Requests that write Postgres themselves keep their refusal as the answer, and its request id is in the trail. */
function checkRefusedRequests(facts: Facts, events: readonly AuditRow[], found: Findings): void {
  const refusals = Map.groupBy(
    events.filter(({ action, cause }) => action.endsWith('.refused') && !isCommandId(cause)),
    ({ request_id: id }) => id ?? '',
  );
  for (const answer of facts.answers) {
    if (answer.status < 400) continue;
    found.saw('refused requests');
    const { instance, code } = answer.body as { readonly instance?: string; readonly code?: string };
    const count = (refusals.get(instance ?? '') ?? []).filter(({ reason }) => reason === code).length;
    if (count !== 1) {
      found.breach(
        `request ${instance ?? 'without a name'}`,
        `its refusal has ${count} audit events`,
        answer.created_at,
      );
    }
  }
}
