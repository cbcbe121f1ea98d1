import { dayMs } from '../../time.ts';
import type { Capability } from '../capabilities.ts';
import type { LaunchRole } from '../roles.ts';
import { tiers } from '../tier.ts';
import type { Tier } from '../tier.ts';

/** One number per tier. */
export type ByTier = Readonly<Record<Tier, number>>;

/**
 * What the one number of a probe's result means and when it is good enough. A condition with several parts is measured
 * as the share of the parts that hold; the reporter says `fail` when a part fails that the number does not show.
 */
export interface Measure {
  /** What `observed` counts, and of which `population`. */
  readonly of: string;
  readonly unit: 'count' | 'share' | 'ms' | 'kappa';
  readonly better: 'higher' | 'lower';
  readonly threshold: ByTier;
  /** A smaller sample is inconclusive. Never below 1: nothing measured is never a pass. */
  readonly minPopulation: ByTier;
  /** A shorter window is inconclusive. */
  readonly minWindowMs: ByTier;
  /** How long a result counts. */
  readonly validForMs: ByTier;
}

interface Probe {
  /** The measurement's name: what an activity or an outside system is asked for. */
  readonly name: string;
  readonly measure: Measure;
  /** True when the detector level of the next stage decides the result: it is measured anew before 50 %. */
  readonly levelBound: boolean;
}

/** One requirement of the catalogue. Its id never changes its meaning; a changed meaning is a new catalogue version. */
export interface Requirement {
  readonly id: string;
  readonly title: string;
  /** When it is fulfilled. */
  readonly condition: string;
  /** Applies when the launch has one of these capabilities; `all` for every launch. */
  readonly appliesTo: 'all' | readonly Capability[];
  /** Everything that is not null or false has to hold. */
  readonly verify: {
    readonly probe: Probe | null;
    readonly evidence: boolean;
    readonly signOff: LaunchRole | null;
  };
  readonly owner: LaunchRole;
  /** In the other tiers it is advice. */
  readonly blocks: readonly Tier[];
  /** Days before the 1 % stage. */
  readonly dueDays: number;
  readonly unwaivableIn: readonly Tier[];
}

export const everyTier = tiers;
export const upToT2 = ['T0', 'T1', 'T2'] as const satisfies readonly Tier[];
export const upToT1 = ['T0', 'T1'] as const satisfies readonly Tier[];

export const each = (number: number): ByTier => ({ T0: number, T1: number, T2: number, T3: number });
export const perTier = (T0: number, T1: number, T2: number, T3: number): ByTier => ({ T0, T1, T2, T3 });

type Limits = { readonly [K in 'minPopulation' | 'minWindowMs' | 'validForMs']?: number | ByTier };

const byTier = (limit: number | ByTier | undefined, otherwise: number): ByTier =>
  typeof limit === 'object' ? limit : each(limit ?? otherwise);

function measure(
  better: Measure['better'],
  unit: Measure['unit'],
  of: string,
  threshold: number | ByTier,
  limits: Limits,
): Measure {
  return {
    of,
    unit,
    better,
    threshold: byTier(threshold, 0),
    minPopulation: byTier(limits.minPopulation, 1),
    minWindowMs: byTier(limits.minWindowMs, 0),
    validForMs: byTier(limits.validForMs, 7 * dayMs),
  };
}

/** `observed` must not be below the threshold. Results count for 7 days unless said otherwise. */
export const atLeast = (threshold: number | ByTier, unit: Measure['unit'], of: string, limits: Limits = {}): Measure =>
  measure('higher', unit, of, threshold, limits);

/** `observed` must not be above the threshold. */
export const atMost = (threshold: number | ByTier, unit: Measure['unit'], of: string, limits: Limits = {}): Measure =>
  measure('lower', unit, of, threshold, limits);

/** Every single one of the population must hold. */
export const allOf = (of: string, limits: Limits = {}): Measure => atLeast(1, 'share', of, limits);

export const probe = (name: string, measure: Measure, levelBound = false): Requirement['verify'] => ({
  probe: { name, measure, levelBound },
  evidence: false,
  signOff: null,
});

export const evidence: Requirement['verify'] = { probe: null, evidence: true, signOff: null };

export const signOff = (role: LaunchRole): Requirement['verify'] => ({ probe: null, evidence: false, signOff: role });

/** Asks for all of the given verifications. */
export const both = (a: Requirement['verify'], b: Requirement['verify']): Requirement['verify'] => ({
  probe: a.probe ?? b.probe,
  evidence: a.evidence || b.evidence,
  signOff: a.signOff ?? b.signOff,
});

type Row = Omit<Requirement, 'appliesTo' | 'blocks' | 'unwaivableIn'> &
  Partial<Pick<Requirement, 'appliesTo' | 'blocks' | 'unwaivableIn'>>;

/** A requirement that applies to every launch, blocks in every tier and can be waived, unless said otherwise. */
export const requirement = (row: Row): Requirement => ({
  ...row,
  appliesTo: row.appliesTo ?? 'all',
  blocks: row.blocks ?? everyTier,
  unwaivableIn: row.unwaivableIn ?? [],
});
