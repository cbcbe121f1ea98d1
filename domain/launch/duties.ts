import type { Maturity } from '../detection/detector.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { launchRoles } from './roles.ts';
import type { LaunchRole } from './roles.ts';
import type { Tier } from './tier.ts';

/** The stages of a rollout, in percent of the users. */
export const percents = [1, 10, 50, 100] as const;
export type Percent = (typeof percents)[number];

/** What a tier asks for. */
export interface Duties {
  /** Working days between a complete intake and the 1 % stage; less marks the launch as compressed. */
  readonly leadWorkingDays: number;
  readonly signOffs: readonly LaunchRole[];
  /** Maturity that detectors of severity-1 and severity-2 harms must have from the 50 % stage on. */
  readonly detectorLevel: { readonly 1: Maturity; readonly 2: Maturity };
  readonly canaryCadenceMs: number;
  /** The 95th percentile of the delay of product events must stay within it. */
  readonly dataDelayMs: number;
  /** Time at each stage before the next may open; at 100 % it is the watch. */
  readonly soakMs: Readonly<Record<Percent, number>>;
  readonly recertifyMs: number;
  readonly waiver: {
    readonly maxDays: number;
    /** Waivers and open requests at one time; null for no limit. */
    readonly openMax: number | null;
    /** How often a waiver of one requirement may be given again. */
    readonly renewals: number;
  };
}

const soak = (oneHours: number, tenHours: number, fiftyHours: number, watchDays: number): Duties['soakMs'] => ({
  1: oneHours * hourMs,
  10: tenHours * hourMs,
  50: fiftyHours * hourMs,
  100: watchDays * dayMs,
});

/** Starting values of catalogue version 1. */
export const dutiesByTier: Readonly<Record<Tier, Duties>> = {
  T0: {
    leadWorkingDays: 45,
    signOffs: launchRoles,
    detectorLevel: { 1: 'M4', 2: 'M4' },
    canaryCadenceMs: hourMs,
    dataDelayMs: 5 * minuteMs,
    soakMs: soak(48, 72, 72, 30),
    recertifyMs: 90 * dayMs,
    waiver: { maxDays: 14, openMax: 2, renewals: 1 },
  },
  T1: {
    leadWorkingDays: 30,
    signOffs: ['launch_owner', 'protection_scientist', 'policy', 'ops_lead', 'legal', 'engineer', 'oncall_manager'],
    detectorLevel: { 1: 'M4', 2: 'M3' },
    canaryCadenceMs: 4 * hourMs,
    dataDelayMs: 15 * minuteMs,
    soakMs: soak(24, 48, 48, 21),
    recertifyMs: 180 * dayMs,
    waiver: { maxDays: 30, openMax: 4, renewals: 1 },
  },
  T2: {
    leadWorkingDays: 15,
    signOffs: ['launch_owner', 'protection_scientist', 'policy', 'ops_lead'],
    detectorLevel: { 1: 'M3', 2: 'M3' },
    canaryCadenceMs: dayMs,
    dataDelayMs: 60 * minuteMs,
    soakMs: soak(24, 24, 24, 14),
    recertifyMs: 365 * dayMs,
    waiver: { maxDays: 60, openMax: 6, renewals: 2 },
  },
  T3: {
    leadWorkingDays: 5,
    signOffs: ['launch_owner', 'protection_scientist'],
    detectorLevel: { 1: 'M2', 2: 'M2' },
    canaryCadenceMs: 7 * dayMs,
    dataDelayMs: dayMs,
    soakMs: soak(4, 4, 4, 7),
    recertifyMs: 730 * dayMs,
    waiver: { maxDays: 90, openMax: null, renewals: 2 },
  },
};

const oneLower: Readonly<Record<Maturity, Maturity>> = { M0: 'M0', M1: 'M0', M2: 'M1', M3: 'M2', M4: 'M3', M5: 'M4' };

/**
 * The maturity that a detector of that severity must have before the given stage opens. Below 50 % one level less is
 * enough, because a new surface cannot have the labels yet and every alert there is reviewed by a person. Null for
 * severities 3 and 4: the tier asks for no level.
 */
export function requiredLevel(tier: Tier, severity: 1 | 2 | 3 | 4, percent: Percent): Maturity | null {
  if (severity > 2) return null;
  const level = dutiesByTier[tier].detectorLevel[severity as 1 | 2];
  return percent >= 50 ? level : oneLower[level];
}
