import type { Findings } from './findings.ts';
import type {
  ActionRow,
  AlertRow,
  AnswerRow,
  AuditRow,
  CaseRow,
  CommandRow,
  ConfigurationRow,
  DecisionRow,
  DeliveryRow,
  EscalationRow,
  FiringRow,
  GrantRow,
  HeadRow,
  HeartbeatRow,
  LaunchRow,
  NoticeRow,
  OrderRow,
  ProjectionRow,
  RequirementRow,
  SignOffRow,
  StageRow,
  SuppressedRow,
  TaskRow,
  WaiverRow,
  WindowRow,
} from './rows.ts';

/** How much time the real world may take before something counts as broken. All in milliseconds. */
export interface Bounds {
  /** What should have happened this long ago and has not, will not happen. */
  readonly quietSinceMs: number;
  /** The longest that a call to a phone may be under way: one attempt of a page, with some room. */
  readonly inFlightMs: number;
  /** How far apart two clocks of one machine, and the start and commit of one transaction, may lie. */
  readonly slackMs: number;
  /** How long a page may be held back because the person has had many, with some room. */
  readonly heldMs: number;
  /** How long a claim of a review task lasts at least unless it is given back. */
  readonly leaseMs: number;
}

export const defaultBounds: Bounds = {
  quietSinceMs: 60_000,
  inFlightMs: 20_000,
  slackMs: 1_000,
  heldMs: 120_000,
  leaseMs: 10 * 60_000,
};

/** The events of one aggregate in the order of their numbers. */
export interface Chain {
  readonly kind: string;
  readonly id: string;
  readonly events: readonly AuditRow[];
}

/** A line of the platform simulator's log. */
export type PlatformLine = { readonly seq: number; readonly at: number } & (
  | {
      readonly type: 'action';
      readonly key: string;
      readonly orderId: string;
      readonly operation: string;
      readonly action: string;
      readonly target: { readonly ref: string };
      readonly dryRun: boolean;
      readonly changed: boolean;
      readonly effectId: string;
    }
  | {
      readonly type: 'notice';
      readonly noticeId: string;
      readonly accountRef: string;
      readonly outcome: string;
    }
  | { readonly type: 'other' }
);

/** A line of the phone simulator's log. */
export type PhoneLine = { readonly seq: number; readonly at: number } & (
  | {
      readonly type: 'page';
      readonly contact: string;
      readonly duplicate: boolean;
      readonly page: { readonly deliveryId: string; readonly escalationId: string; readonly kind: string };
    }
  | { readonly type: 'other' }
);

/** What was searched for text that must not be there, and what turned up. Hits name the marker's place in the list. */
export interface Scan {
  /** A table or a file. */
  readonly where: string;
  readonly scanned: number;
  readonly hits: readonly { readonly what: string; readonly count: number }[];
}

/** Everything that the checks judge: one consistent snapshot of the database, and the logs of what happened outside. */
export interface Facts {
  /** The database's clock at the snapshot. */
  readonly now: number;
  readonly bounds: Bounds;
  readonly chains: readonly Chain[];
  readonly heads: readonly HeadRow[];
  readonly commands: readonly CommandRow[];
  readonly alerts: readonly AlertRow[];
  readonly suppressed: readonly SuppressedRow[];
  readonly firing: readonly FiringRow[];
  readonly escalations: readonly EscalationRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly windows: readonly WindowRow[];
  readonly launches: readonly LaunchRow[];
  readonly requirements: readonly RequirementRow[];
  readonly signOffs: readonly SignOffRow[];
  readonly stages: readonly StageRow[];
  readonly waivers: readonly WaiverRow[];
  readonly cases: readonly CaseRow[];
  readonly tasks: readonly TaskRow[];
  readonly decisions: readonly DecisionRow[];
  readonly orders: readonly OrderRow[];
  readonly actions: readonly ActionRow[];
  readonly notices: readonly NoticeRow[];
  readonly canaries: readonly ProjectionRow[];
  readonly heartbeats: readonly HeartbeatRow[];
  readonly grants: readonly GrantRow[];
  readonly personIds: ReadonlySet<string>;
  readonly answers: readonly AnswerRow[];
  /** By table. */
  readonly configuration: ReadonlyMap<string, readonly ConfigurationRow[]>;
  /** Null when no log was given. */
  readonly platform: readonly PlatformLine[] | null;
  readonly phones: readonly PhoneLine[] | null;
  readonly scans: readonly Scan[];
}

/** A promise, how it is checked, and what a run with everything in it must have shown. */
export interface PromiseCheck {
  readonly promise: string;
  readonly title: string;
  readonly needs: readonly string[];
  readonly check: (facts: Facts) => Findings;
}
