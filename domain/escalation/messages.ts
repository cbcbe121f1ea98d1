import type { Actor } from '../actor.ts';
import type { Severity } from '../severity.ts';
import type { PageReason, PageResult, PersonSource, Position } from './ladder-parts.ts';
import type { FrozenPolicy, HoursCondition, Target, Urgency } from './policy.ts';

/** A person with the ways to reach them, chosen outside for the urgency and the person's quiet hours. */
export interface ResolvedPerson {
  readonly personId: string;
  readonly source: PersonSource;
  readonly shadow: boolean;
  readonly rules: readonly ResolvedRule[];
}

export interface ResolvedRule {
  readonly ruleId: string;
  readonly contactMethodId: string;
  readonly channel: string;
  readonly delayMs: number;
}

interface ByPerson {
  readonly by: Actor;
  /** The version of the state that the person saw. */
  readonly seenVersion?: number;
  /** The note that holds what the person wrote. */
  readonly noteId?: string;
  /** How the person answered, when it was not with a token of theirs. */
  readonly via?: 'page_link' | 'chat' | 'text_message' | 'call';
}

export type PersonMessage =
  | ({ readonly type: 'acknowledge'; readonly asOfDeliveryKey?: string } & ByPerson)
  | ({ readonly type: 'unacknowledge' } & ByPerson)
  | ({ readonly type: 'escalateNow'; readonly asOfPage?: Position } & ByPerson)
  | ({ readonly type: 'reassign'; readonly to: Owner } & ByPerson)
  | ({ readonly type: 'snooze'; readonly until: number } & ByPerson)
  | ({ readonly type: 'resolve' } & ByPerson)
  | ({ readonly type: 'addResponder'; readonly personId: string; readonly shadow: boolean } & ByPerson)
  | ({ readonly type: 'stopOwnPages' } & ByPerson)
  | ({ readonly type: 'moveToCurrentPolicy'; readonly policy: FrozenPolicy } & ByPerson);

export type Owner =
  | { readonly kind: 'person'; readonly personId: string }
  | { readonly kind: 'policy'; readonly policy: FrozenPolicy; readonly teamId: string | null };

/** Facts about the source, the service and the schedules. `until` is an instant. */
export type Fact =
  | {
      readonly type: 'sourceChanged';
      readonly kind: 'trigger' | 'resolve' | 'severity';
      readonly severity: Severity;
      /** How many alerts of the key are firing now. */
      readonly firingCount: number;
      readonly alertEventId: string;
    }
  | { readonly type: 'maintenanceStarted'; readonly windowId: string; readonly until: number }
  | { readonly type: 'maintenanceEnded'; readonly windowId: string }
  | { readonly type: 'rosterChanged'; readonly scheduleId: string };

/** What came of an effect. */
export type Answered =
  | ({
      readonly type: 'rungResolved';
      readonly effectKey: string;
      readonly people: readonly ResolvedPerson[];
      /** Whether it is within the policy's working hours; null when no rung asks. */
      readonly hours: HoursCondition | null;
      /** When one of the rung's schedules next changes hands; null when none does. */
      readonly resampleAt: number | null;
    } & Position)
  | { readonly type: 'peopleResolved'; readonly effectKey: string; readonly people: readonly ResolvedPerson[] }
  | {
      readonly type: 'pageSettled';
      readonly effectKey: string;
      readonly result: PageResult;
      readonly deliveryId: string | null;
    };

export type LadderEvent = { readonly type: 'opened' } | { readonly type: 'due' } | PersonMessage | Fact | Answered;

/** The members of a union of messages with that type. */
export type Of<E extends { readonly type: string }, T extends E['type']> = Extract<E, { readonly type: T }>;

/** What a ladder wants done. Each kind but `tellResolved` is answered by one event, whatever came of it. */
export type LadderEffect = ResolveRung | ResolvePeople | PagePerson | TellResolved;

/** Asks who is on a rung at this moment; answered by `rungResolved`. Only the purpose `rung` takes a turn of a round robin. */
export interface ResolveRung extends Position {
  readonly type: 'resolveRung';
  readonly key: string;
  readonly round: number;
  readonly purpose: 'rung' | 're_page' | 'roster';
  readonly targets: readonly Target[];
  readonly urgency: Urgency;
}

/** Asks how to reach named people; answered by `peopleResolved`. */
export interface ResolvePeople extends Position {
  readonly type: 'resolvePeople';
  readonly key: string;
  readonly round: number;
  readonly purpose: 'catch_all' | 'ack_timeout' | 'added_responder';
  readonly people: readonly { readonly personId: string; readonly shadow: boolean }[];
  readonly urgency: Urgency;
}

/** Sends one page, if it is still wanted (`isPageWanted`); answered by `pageSettled`. The key is the call's idempotency key. */
export interface PagePerson extends Position {
  readonly type: 'page';
  readonly key: string;
  readonly round: number;
  readonly personId: string;
  readonly ruleId: string;
  readonly contactMethodId: string;
  readonly channel: string;
  readonly reason: PageReason;
  readonly shadow: boolean;
  readonly urgency: Urgency;
  readonly bundled: number;
  /** True: the page carries no content. */
  readonly sensitive: boolean;
}

/** Tells someone who was paged, by the way that last reached them, that it is over. Not answered. */
export interface TellResolved {
  readonly type: 'tellResolved';
  readonly key: string;
  readonly personId: string;
  readonly contactMethodId: string;
  readonly channel: string;
}
