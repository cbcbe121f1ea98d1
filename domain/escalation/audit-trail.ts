import type { Actor } from '../actor.ts';
import type { Happening } from './happening.ts';
import type { LadderAuditEvent } from './timeline.ts';

/** One event of an escalation's audit chain, as far as its timeline needs it. */
export interface AuditedLadderEvent {
  readonly version: number | null;
  /** When the event was recorded. */
  readonly recordedAt: number;
  readonly actor: Actor;
  readonly action: string;
  readonly reason: string | null;
  /** What a transition holds; null for everything else. */
  readonly transition: {
    readonly at: number;
    readonly event: LadderAuditEvent['event'];
    readonly happened: readonly Happening[];
  } | null;
}

/** An escalation's audit events as its timeline reads them: transitions and refusals, in their order. */
export function toLadderEvents(events: readonly AuditedLadderEvent[]): LadderAuditEvent[] {
  return events.flatMap(({ version, recordedAt, actor, action, reason, transition }): LadderAuditEvent[] => {
    if (version !== null && transition !== null) return [{ version, actor, ...transition }];
    const [, type] = /^escalation\.(\w+)\.(?:refused|failed)$/.exec(action) ?? [];
    if (type === undefined || reason === null) return [];
    return [{ version: null, at: recordedAt, actor, event: { type }, happened: [], refused: { code: reason } }];
  });
}
