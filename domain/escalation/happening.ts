import type { Severity } from '../severity.ts';
import type { PageReason, PageResult, PersonSource, Position, WalkReason } from './ladder-parts.ts';

export type SkipReason =
  /** Nobody is on it. */
  | 'nobody'
  /** Those who are on it have no way to be reached. */
  | 'unreachable'
  | 'severity'
  | 'hours'
  /** Who is on it could not be found out before its time to acknowledge had passed. */
  | 'unresolved';

/** One thing that a transition did. Ids, numbers and enumerated reasons only, since it stands in the audit trail. */
export type Happening =
  | { readonly what: 'walk_started'; readonly reason: WalkReason; readonly pass: number }
  | { readonly what: 'grace_started'; readonly untilAt: number }
  | { readonly what: 'pass_started'; readonly pass: number; readonly forced: boolean }
  | ({ readonly what: 'rung_asked'; readonly because: 'rung' | 're_page' | 'roster' } & Position)
  | ({ readonly what: 'rung_skipped'; readonly reason: SkipReason } & Position)
  | ({ readonly what: 'rung_waits'; readonly untilAt: number; readonly people: number } & Position)
  | ({ readonly what: 'wait_extended'; readonly untilAt: number } & Position)
  | ({ readonly what: 'low_urgency_waits' } & Position)
  | {
      readonly what: 'people_asked';
      readonly because: 'catch_all' | 'ack_timeout' | 'added_responder';
      readonly personIds: readonly string[];
    }
  | ({
      readonly what: 'paged';
      readonly key: string;
      readonly round: number;
      readonly personId: string;
      readonly ruleId: string;
      readonly contactMethodId: string;
      readonly channel: string;
      readonly reason: PageReason;
      readonly shadow: boolean;
      readonly source: PersonSource;
      readonly bundled: number;
    } & Position)
  | {
      readonly what: 'page_held_back';
      readonly personId: string;
      readonly ruleId: string;
      readonly untilAt: number;
      readonly bundled: number;
    }
  | {
      readonly what: 'page_settled';
      readonly key: string;
      readonly personId: string;
      readonly result: PageResult;
      readonly deliveryId: string | null;
    }
  | { readonly what: 'person_unreached'; readonly personId: string }
  | {
      readonly what: 'pages_stopped';
      readonly personId: string | null;
      readonly waiting: number;
      readonly inFlight: number;
    }
  | { readonly what: 'exhausted'; readonly noOneReached: boolean }
  | {
      readonly what: 'acknowledged';
      readonly personId: string;
      readonly paged: boolean;
      readonly complete: boolean;
      readonly missing: number;
    }
  | { readonly what: 'unacknowledged' | 'escalated' | 'stopped_own_pages'; readonly personId: string }
  | {
      readonly what: 'reassigned';
      readonly personId: string;
      readonly to: { readonly personId: string } | { readonly policyVersionId: string };
    }
  | { readonly what: 'policy_changed'; readonly personId: string; readonly policyVersionId: string }
  | { readonly what: 'snoozed'; readonly personId: string; readonly untilAt: number }
  | { readonly what: 'responder_added'; readonly personId: string; readonly by: string; readonly shadow: boolean }
  | { readonly what: 'held'; readonly reason: 'maintenance' | 'low_urgency'; readonly untilAt: number }
  | { readonly what: 'maintenance_noted'; readonly windowId: string; readonly untilAt: number | null }
  | {
      readonly what: 'alert_merged';
      readonly alertEventId: string;
      readonly triggerCount: number;
      readonly firingCount: number;
    }
  | { readonly what: 'severity_rose'; readonly from: Severity; readonly to: Severity }
  | { readonly what: 'firing_count_passed'; readonly firingCount: number; readonly threshold: number }
  | { readonly what: 'waits_for_a_person'; readonly alertEventId: string }
  | { readonly what: 'resolved'; readonly by: { readonly personId: string } | { readonly alertEventId: string } }
  | { readonly what: 'told_resolved'; readonly personId: string };

export type HappeningKind = Happening['what'];
