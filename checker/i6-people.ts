import { Authority, rolesNeeded } from './authority.ts';
import type { Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { byId, commandsById, isCommandId, nameOf } from './history.ts';
import { checkLaunchPairs } from './i6-launch-pairs.ts';
import { checkOrderPairs } from './i6-order-pairs.ts';
import type { AuditRow } from './rows.ts';

const needs = ['acts of people', 'decisions of a role', 'verdicts', 'second people'];

/** I6: a decision is by a person who held the role then; what needs four eyes has two different people. */
export const decidedByPeople: PromiseCheck = {
  promise: 'I6',
  title: 'a decision is by a person who held the role then; four-eyes by two different people',
  needs,
  check(facts) {
    const found = new Findings('I6', needs);
    const authority = new Authority(facts);
    const momentOf = moments(facts);
    const teamsOf = teams(facts);
    const sensitive = new Set(
      facts.cases.flatMap(({ id, state }) =>
        (state as { sensitive?: boolean } | null)?.sensitive === true ? [id] : [],
      ),
    );
    const judge = (event: AuditRow): void => {
      const at = momentOf(event);
      const { aggregate_kind: kind, aggregate_id: id } = event;
      // A canary only hears of an acknowledgement, perhaps much later: the act itself is the escalation's.
      if (kind !== 'canary') checkActor(facts, authority, event, at, found);
      const needed = rolesNeeded(event, kind === 'case' && sensitive.has(id));
      if (needed === null) return;
      found.saw('decisions of a role');
      const { action, actor_kind: actorKind, actor_id: actorId } = event;
      if (actorKind !== 'person') found.breach(`${kind} ${id}`, `${action} was decided by a ${actorKind}`, event.at);
      else if (!authority.held(actorId, needed, teamsOf(kind, id), at)) {
        found.breach(`${kind} ${id}`, `${action} by ${actorId}, who held none of: ${needed.join(', ')}`, event.at);
      }
    };
    for (const chain of facts.chains) found.each(chain.events, () => nameOf(chain), judge);
    checkVerdicts(facts, authority, found);
    checkLaunchPairs(facts, authority, momentOf, found);
    checkOrderPairs(facts, found);
    return found;
  },
};

/** When a person acted: when the request was written down, however much later its workflow took it in. */
function moments(facts: Facts): (event: Pick<AuditRow, 'cause' | 'at'>) => number {
  const commands = commandsById(facts);
  return ({ cause, at }) => (isCommandId(cause) ? (commands.get(cause)?.created_at ?? at) : at);
}

/** The teams whose people may decide about an aggregate; null for what belongs to none. An escalation can be handed over. */
function teams(facts: Facts): (kind: string, id: string) => readonly string[] | null {
  const teamOf = (rows: readonly { readonly id: string; readonly team_id: unknown }[]) =>
    new Map(rows.map((row) => [row.id, String(row.team_id)]));
  const known: Readonly<Record<string, ReadonlyMap<string, string>>> = {
    launch: teamOf(facts.launches),
    case: teamOf(facts.cases),
    enforcement: teamOf(facts.orders),
    escalation: teamOf(facts.escalations),
    canary: teamOf(facts.canaries),
    heartbeat: teamOf(facts.heartbeats),
    product: teamOf((facts.configuration.get('products') ?? []) as unknown as { id: string; team_id: unknown }[]),
    detector: teamOf((facts.configuration.get('detectors') ?? []) as unknown as { id: string; team_id: unknown }[]),
  };
  const handedTo = new Map(
    facts.escalations.map(({ id, state }) => [id, (state as { teamId?: string | null } | null)?.teamId ?? null]),
  );
  return (kind, id) => {
    const team = known[kind]?.get(id);
    if (team === undefined) return null;
    const other = kind === 'escalation' ? handedTo.get(id) : null;
    return other === null || other === undefined ? [team] : [team, other];
  };
}

/** Who acted as a person is one, and held every role that is recorded with the act. */
function checkActor(facts: Facts, authority: Authority, event: AuditRow, at: number, found: Findings): void {
  if (event.actor_kind !== 'person') return;
  found.saw('acts of people');
  const name = `${event.aggregate_kind} ${event.aggregate_id}`;
  if (!facts.personIds.has(event.actor_id)) {
    found.breach(name, `${event.action} was done by ${event.actor_id}, who is no person`, event.at);
  }
  const claimed = event.actor_roles.filter((role) => !authority.held(event.actor_id, [role], null, at));
  if (claimed.length > 0) {
    found.breach(
      name,
      `${event.action} is recorded with roles that ${event.actor_id} did not hold: ${claimed.join(', ')}`,
      event.at,
    );
  }
}

/** The role that a verdict names is one that its person held, for the team of its case. */
function checkVerdicts(facts: Facts, authority: Authority, found: Findings): void {
  const cases = byId(facts.cases);
  for (const decision of facts.decisions) {
    found.saw('verdicts');
    const { decided_by: by, decided_as_role: role, decided_at: at } = decision;
    const team = cases.get(decision.case_id)?.team_id ?? '';
    if (authority.held(by, [role], [team], at)) continue;
    found.breach(`case ${decision.case_id}`, `decision ${decision.id} by ${by}, who was no ${role}`, at);
  }
}
