import type { Json } from '../json.ts';
import type { Severity } from '../severity.ts';

/**
 * What a sender says of one key, in Vigil's words. Each front door (Events v2, Alertmanager, a mapped JSON, a mail)
 * reads its own format into these; from here on they are all alike.
 */
export type SourceReport = TriggerReport | AcknowledgeReport | ResolveReport;

interface OfKey {
  /** What makes alerts one: 1 to 255 characters. The open escalation of this service and key takes them all. */
  readonly dedupKey: string;
  /** What routes and suppression rules look at: flat, at most 100 entries. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface TriggerReport extends OfKey {
  readonly action: 'trigger';
  readonly severity: Severity;
  /** 1 to 1,024 characters. */
  readonly title: string;
  /** Kept with the alert event, out of every history. */
  readonly details: Json | null;
  /** Null when the key is one alert; otherwise what is known of the single alerts of its group. */
  readonly group: FiringGroup | null;
}

/**
 * The source says that it was acknowledged over there. Only people acknowledge: it is noted on the open escalation, and
 * stops nothing.
 */
export interface AcknowledgeReport extends OfKey {
  readonly action: 'acknowledge';
}

export interface ResolveReport extends OfKey {
  readonly action: 'resolve';
  /** Null: all of the key is over. Otherwise only these single alerts are; the escalation stays open while any other fires. */
  readonly group: FiringGroup | null;
}

export interface FiringGroup {
  readonly firing: readonly SingleAlert[];
  readonly resolved: readonly EndedAlert[];
  /** Alerts of the group that the source left out: while any is, nothing is taken for over. */
  readonly leftOut: number;
}

export interface SingleAlert {
  /** The source's own name of it, the same each time that it fires. */
  readonly fingerprint: string;
  /** When this firing began, epoch milliseconds, as the source says. */
  readonly startedAt: number;
}

/** One that is over: reports of a firing that began before its end are late, and open nothing. */
export interface EndedAlert extends SingleAlert {
  /** When this firing ended, epoch milliseconds, as the source says; not before its start. */
  readonly endedAt: number;
}

/** What became of one report. */
export const dispositions = ['opened', 'merged', 'resolved', 'noted', 'suppressed', 'dropped'] as const;
export type Disposition = (typeof dispositions)[number];

/** What became of one report, and of which escalation. */
export interface Accepted {
  readonly disposition: Disposition;
  /** Null when it met no escalation: a resolve of nothing open, or a trigger that a rule kept quiet. */
  readonly escalationId: string | null;
  readonly dedupKey: string;
}
