import type { Versioned } from '../machine.ts';
import type { Capability } from './capabilities.ts';
import { catalogueVersion } from './catalogue.ts';
import type { Percent } from './duties.ts';
import type { Intake } from './intake.ts';
import type {
  RequirementState,
  TierBasis,
  SignOff,
  Condition,
  Stage,
  StageOpening,
  HoldReason,
  Hold,
  AbortReason,
} from './launch-parts.ts';
import type { LaunchRole } from './roles.ts';
import type { Tier } from './tier.ts';

export type Phase = 'intake' | 'readiness' | 'stage' | 'watch' | 'sustained' | 'aborted';

/** One launch from intake to sustained. Holds ids, hashes, numbers and short reasons only, and none of it grows without bound. */
export interface Launch extends Versioned {
  readonly id: string;
  readonly productId: string;
  readonly teamId: string;
  readonly catalogueVersion: string;
  readonly openedBy: string;
  readonly openedAt: number;
  readonly phase: Phase;
  /** When a person last did something here. A launch that nobody touches stops measuring itself. */
  readonly lastPersonAt: number;
  readonly people: Readonly<
    Partial<Record<LaunchRole, { readonly personId: string; readonly deputyPersonId: string | null }>>
  >;
  readonly intake: Intake | null;
  readonly intakeRevision: number;
  readonly intakeCompleteAt: number | null;
  readonly capabilities: readonly Capability[];
  /** Null until the intake is answered. */
  readonly tier: Tier | null;
  readonly tierBasis: TierBasis | null;
  /** True when the intake was complete later than the lead time of the tier asks for. */
  readonly compressed: boolean;
  readonly requirements: Readonly<Record<string, RequirementState>>;
  /** Rises whenever the evidence set changes; sign-offs of an earlier revision are void. */
  readonly evidenceRevision: number;
  readonly signOffs: Readonly<Partial<Record<LaunchRole, SignOff>>>;
  readonly conditions: readonly Condition[];
  readonly conditionsGiven: number;
  readonly stage: Stage | null;
  readonly openings: readonly StageOpening[];
  readonly holds: Readonly<Partial<Record<HoldReason, Hold>>>;
  readonly heldSinceAt: number | null;
  readonly lastRelease: {
    readonly reason: HoldReason;
    readonly decidedBy: string;
    readonly at: number;
    readonly noteId: string;
  } | null;
  readonly cases: { readonly severity1: number; readonly recentSeverity1: readonly string[] };
  /** How the launch ended, by whose decision. */
  readonly closed: {
    readonly outcome: 'sustained' | 'aborted';
    readonly decidedBy: string;
    readonly at: number;
    readonly reasonCode: AbortReason | null;
    readonly noteId: string | null;
  } | null;
}

export interface LaunchInput {
  readonly id: string;
  readonly productId: string;
  readonly teamId: string;
  /** The person who starts it. */
  readonly openedBy: string;
}

/** A launch at version 0. The catalogue that is current now stays with it to its end. */
export const openLaunch = (input: LaunchInput, now: number): Launch => ({
  version: 0,
  id: input.id,
  productId: input.productId,
  teamId: input.teamId,
  catalogueVersion,
  openedBy: input.openedBy,
  openedAt: now,
  phase: 'intake',
  lastPersonAt: now,
  people: {},
  intake: null,
  intakeRevision: 0,
  intakeCompleteAt: null,
  capabilities: [],
  tier: null,
  tierBasis: null,
  compressed: false,
  requirements: {},
  evidenceRevision: 0,
  signOffs: {},
  conditions: [],
  conditionsGiven: 0,
  stage: null,
  openings: [],
  holds: {},
  heldSinceAt: null,
  lastRelease: null,
  cases: { severity1: 0, recentSeverity1: [] },
  closed: null,
});

export const isClosed = (launch: Launch): boolean => launch.closed !== null;
export const isHeld = (launch: Launch): boolean => launch.heldSinceAt !== null;

/** The stage that would open next; at 100 % there is none left. */
export function nextPercent(launch: Launch): Percent | null {
  if (launch.stage === null) return 1;
  const next = { 1: 10, 10: 50, 50: 100, 100: null } as const satisfies Record<Percent, Percent | null>;
  return next[launch.stage.percent];
}
