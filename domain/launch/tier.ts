import { capabilitiesOf, has, inScopeHarms, is, worstSeverity } from './capabilities.ts';
import { unknown } from './intake-fields.ts';
import type { Intake } from './intake.ts';

/** T0 carries the highest risk and the most duties. */
export const tiers = ['T0', 'T1', 'T2', 'T3'] as const;
export type Tier = (typeof tiers)[number];

export const tierRank = (tier: Tier): number => tiers.indexOf(tier);

/** The tier with more duties. */
export const stricter = (a: Tier, b: Tier): Tier => (tierRank(a) <= tierRank(b) ? a : b);

/**
 * What the tier is computed from, each from 0 to 3:
 * A worst harm in scope, B reach at 100 %, C novelty, D how hard it is for an abuser to get in, E vulnerable users,
 * F visibility and reversibility.
 */
export const factorNames = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
export type FactorName = (typeof factorNames)[number];
type Factors = Readonly<Record<FactorName, number>>;

const floorReasons = [
  'minors_intended',
  'likeness_of_real_people',
  'capability_rated_high',
  'unattended_on_third_party_systems',
  'fine_tuning',
  'voice',
  'zero_retention',
] as const;
export type FloorReason = (typeof floorReasons)[number];

export interface ComputedTier {
  readonly factors: Factors;
  /** Sum of the factors, 0 to 18. */
  readonly score: number;
  readonly floorReasons: readonly FloorReason[];
  /** The lowest tier that the floors allow; T3 when no floor applies. */
  readonly floor: Tier;
  readonly tier: Tier;
}

/** From 13 on T0, from 9 on T1, from 5 on T2. */
export function tierOfScore(score: number): Tier {
  if (score >= 13) return 'T0';
  if (score >= 9) return 'T1';
  return score >= 5 ? 'T2' : 'T3';
}

/** Computes the tier of an intake. An unknown answer counts as the worst one, so that answering can only lower it. */
export function computeTier(intake: Intake): ComputedTier {
  const factors: Factors = {
    A: 4 - worstSeverity(inScopeHarms(intake)),
    B: reach(intake),
    C: novelty[intake.ability.novelty],
    D: friction[intake.signIn.level],
    E: vulnerability(intake),
    F: opacity(intake),
  };
  const score = factorNames.reduce((sum, name) => sum + factors[name], 0);
  const reasons = floorReasons.filter((reason) => floors[reason].applies(intake));
  const floor = reasons.reduce<Tier>((strictest, reason) => stricter(strictest, floors[reason].tier), 'T3');
  return { factors, score, floorReasons: reasons, floor, tier: stricter(tierOfScore(score), floor) };
}

const floors: Readonly<Record<FloorReason, { readonly tier: Tier; applies(intake: Intake): boolean }>> = {
  minors_intended: { tier: 'T0', applies: ({ audience }) => is(audience.reach, 'minors_intended') },
  likeness_of_real_people: { tier: 'T0', applies: ({ likeness }) => has(likeness.of, 'realistic_people') },
  capability_rated_high: {
    tier: 'T0',
    applies: ({ mitigations }) => has(mitigations.ratedHigh, 'biological', 'chemical', 'cyber'),
  },
  unattended_on_third_party_systems: {
    tier: 'T0',
    applies: ({ actions }) => has(actions.kinds, 'third_party_systems') && is(actions.unattended, 'yes'),
  },
  fine_tuning: { tier: 'T1', applies: (intake) => capabilitiesOf(intake).includes('fine_tuning') },
  voice: { tier: 'T1', applies: (intake) => capabilitiesOf(intake).includes('voice') },
  zero_retention: { tier: 'T1', applies: (intake) => capabilitiesOf(intake).includes('zero_retention') },
};

const novelty = {
  configuration: 0,
  new_surface: 1,
  new_modality: 2,
  new_tool: 2,
  autonomous_action: 3,
  new_model_class: 3,
  unknown: 3,
} as const satisfies Record<Intake['ability']['novelty'], number>;

const friction = {
  verified_business: 0,
  paid_login: 1,
  free_login: 2,
  none: 3,
  resold_api: 3,
  unknown: 3,
} as const satisfies Record<Intake['signIn']['level'], number>;

const audienceRisk = {
  vulnerable_excluded: 0,
  general_public: 1,
  teens_likely: 2,
  minors_intended: 3,
  unknown: 3,
} as const satisfies Record<Intake['audience']['reach'], number>;

const loggingGap = { full: 0, gaps: 1, delayed: 2, none: 3, unknown: 3 } as const satisfies Record<
  Intake['logging']['completeness'],
  number
>;

function reach({ volume, signIn }: Intake): number {
  if (volume.access === 'staff') return 0;
  const isAnonymous = is(signIn.level, 'none');
  if (isAnonymous || volume.access === unknown || volume.usersP90 === unknown) return 3;
  const users = volume.usersP90[3];
  if (volume.access === 'allow_list' && users <= 1_000) return 1;
  return users <= 1_000_000 ? 2 : 3;
}

const vulnerability = ({ audience, topics }: Intake): number =>
  has(topics.invited, 'crisis', 'children') ? 3 : audienceRisk[audience.reach];

function opacity({ logging, reviewerView, privateModes, actions, enforcement }: Intake): number {
  const shares = [privateModes.zeroRetentionShare, privateModes.encryptedShare];
  const nothingKept = is(reviewerView.content, 'none') || [0, unknown].includes(reviewerView.retentionDays);
  const nothingUndone = has(actions.kinds, 'irreversible') || enforcement.actions === unknown;
  if (nothingKept || nothingUndone || shares.some((share) => share === 1 || share === unknown)) return 3;
  return Math.max(loggingGap[logging.completeness], shares.some((share) => share !== 0) ? 1 : 0);
}
