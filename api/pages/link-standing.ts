import type { Outcome } from '#db/repositories/commands.ts';
import type { PageLink } from '#db/repositories/page-links.ts';

/** What a link can still do, and what became of what it did. Persons by id. */
export type Standing =
  /** Waits for a tap. */
  | { readonly kind: 'open' }
  /** Somebody acknowledged otherwise: nobody is paged, so there is nothing to stop. */
  | { readonly kind: 'taken'; readonly by: string | null; readonly at: number | null }
  /** Accepted; Temporal or its worker is away, and it is done when they are back. */
  | { readonly kind: 'pending' }
  | Acknowledged
  | { readonly kind: 'undone'; readonly at: number; readonly isDone: boolean; readonly isOver: boolean }
  /** `by` is null when the source said that it is over. */
  | { readonly kind: 'resolved'; readonly by: string | null; readonly at: number | null }
  | { readonly kind: 'expired' };

export interface Acknowledged {
  readonly kind: 'acknowledged';
  readonly at: number;
  /** How many more people the rung waits for; 0: paging has stopped. */
  readonly missing: number;
  /** Pages that were with a provider at that moment and may still arrive. */
  readonly inFlight: number;
  /** Who had acknowledged before; null when it was this person. */
  readonly firstBy: string | null;
  /** It still stands: nobody took it back, and it was not paged anew since. */
  readonly stands: boolean;
  /** Until when the link takes it back; null when it cannot, or cannot any more. */
  readonly undoUntil: number | null;
  readonly isOver: boolean;
}

/** Pure: by what was read, at the moment it was read. */
export function standingOf(link: PageLink): Standing {
  const { use, escalation, undoneAt, isUndoOver } = link;
  const ladder = escalation.state;
  if (escalation.status === 'resolved') {
    const resolution = ladder?.resolution ?? null;
    const by = resolution?.kind === 'person' ? resolution.personId : null;
    return { kind: 'resolved', by, at: resolution?.at ?? null };
  }
  if (use?.status === 'pending') return { kind: 'pending' };
  if (use?.status === 'done' && undoneAt !== null) {
    const isDone = escalation.status !== 'acknowledged';
    return { kind: 'undone', at: undoneAt.getTime(), isDone, isOver: isUndoOver };
  }
  if (use?.status === 'done') return acknowledged(link, use.outcome as Outcome, use.settledAt);
  if (link.isExpired) return { kind: 'expired' };
  if (escalation.status === 'acknowledged') {
    return { kind: 'taken', by: ladder?.acknowledgedBy ?? null, at: ladder?.acknowledgedAt ?? null };
  }
  return { kind: 'open' };
}

function acknowledged(link: PageLink, outcome: Outcome, settledAt: Date | null): Acknowledged {
  const answer = outcome.status === 'done' ? outcome.answer : {};
  const numberIn = (name: string) => (typeof answer[name] === 'number' ? answer[name] : 0);
  const ladder = link.escalation.state;
  const isAcknowledged = link.escalation.status === 'acknowledged';
  // Acknowledgements from before the ladder last began anew count for nothing any more.
  const counted = ladder?.acks.filter((ack) => ack.version >= ladder.walk.startedVersion) ?? [];
  const own = counted.find((ack) => ack.version === answer['version']);
  const first = counted.find((ack) => ack.complete);
  const isFirst = own !== undefined && own === first;
  const isEarlier = own !== undefined && first !== undefined && first.version < own.version;
  return {
    kind: 'acknowledged',
    at: own?.at ?? settledAt?.getTime() ?? link.now.getTime(),
    missing: isAcknowledged ? 0 : numberIn('acksMissing'),
    inFlight: numberIn('pagesInFlight'),
    firstBy: isEarlier ? first.personId : null,
    stands: own !== undefined && (isAcknowledged || !own.complete),
    undoUntil: isAcknowledged && isFirst && !link.isUndoOver ? (link.undoUntil?.getTime() ?? null) : null,
    isOver: link.isUndoOver,
  };
}

/** 200 while there is something to see or do; 410 once the link is of no use to anybody. */
export function statusOf(standing: Standing): 200 | 410 {
  if (standing.kind === 'expired' || standing.kind === 'resolved') return 410;
  return (standing.kind === 'acknowledged' || standing.kind === 'undone') && standing.isOver ? 410 : 200;
}
