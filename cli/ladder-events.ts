import type { Actor, Role } from '#domain/actor.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import type { Happening } from '#domain/escalation/happening.ts';
import type { LadderAuditEvent } from '#domain/escalation/timeline.ts';

/** What a transition's audit event holds. */
interface Recorded {
  readonly at: number;
  readonly event: LadderAuditEvent['event'];
  readonly state: { readonly happened?: readonly Happening[] };
}

/** An escalation's audit events as its timeline reads them: transitions and refusals, in their order. */
export function toLadderEvents(events: readonly AuditEvent[]): LadderAuditEvent[] {
  return events.flatMap((event): LadderAuditEvent[] => {
    const actor = actorOf(event);
    if (event.version !== null) {
      const { at, event: caused, state } = event.data as unknown as Recorded;
      return [{ version: event.version, at, actor, event: caused, happened: state.happened ?? [] }];
    }
    const [, name] = /^escalation\.(\w+)\.(?:refused|failed)$/.exec(event.action) ?? [];
    if (name === undefined || event.reason === null) return [];
    return [
      {
        version: null,
        at: Date.parse(event.at),
        actor,
        event: { type: name },
        happened: [],
        refused: { code: event.reason },
      },
    ];
  });
}

const actorOf = ({ actorKind, actorId, actorRoles }: AuditEvent): Actor =>
  actorKind === 'person'
    ? { kind: 'person', id: actorId, roles: actorRoles as readonly Role[] }
    : { kind: actorKind, id: actorId };
