import type { ShownStatus } from '#domain/escalation/shown.ts';

export type MirrorKind = 'chat' | 'pagerduty_events_v2';

/** One place where an escalation is shown. */
export interface MirrorTarget {
  /** What the other side calls it: a message, or a dedup key. */
  readonly target: string;
  /** Of the message of a page. */
  readonly page: { readonly deliveryId: string; readonly isActionable: boolean } | null;
}

/**
 * What came of showing a status in one place. `code` is short and enumerated.
 *
 * - `failed_transient`: a repeat may work; it is safe, since showing the same again changes nothing.
 * - `failed_permanent`: nothing can be shown there any more, such as in a message that was deleted.
 */
export type MirrorOutcome =
  | { readonly outcome: 'shown' }
  | { readonly outcome: 'failed_transient'; readonly code: string; readonly retryAfterMs: number | null }
  | { readonly outcome: 'failed_permanent'; readonly code: string };

/** Shows the status of escalations somewhere else. One call is one attempt; every failure of the other side is an outcome. */
export interface StatusMirror {
  readonly kind: MirrorKind;
  /** What the escalation as a whole is called there; null when it is not shown there. Left out where only its pages are. */
  targetOf?(status: Pick<ShownStatus, 'escalationId' | 'serviceKey'>): string | null;
  show(status: ShownStatus, target: MirrorTarget): Promise<MirrorOutcome>;
}
