import type { Capability } from './capabilities.ts';
import type { Requirement } from './catalogue/row.ts';
import { capabilityRequirements } from './catalogue/v1-capability.ts';
import { dataRequirements } from './catalogue/v1-data.ts';
import { detectionRequirements } from './catalogue/v1-detection.ts';
import { responseRequirements } from './catalogue/v1-response.ts';
import { scopeRequirements } from './catalogue/v1-scope.ts';
import type { Tier } from './tier.ts';

export type { Measure, Requirement } from './catalogue/row.ts';

/** The version that a new launch gets. It is frozen into the launch at its start. */
export const catalogueVersion = 'v1';

const catalogues: Readonly<Record<string, readonly Requirement[]>> = {
  v1: [
    ...scopeRequirements,
    ...dataRequirements,
    ...detectionRequirements,
    ...capabilityRequirements,
    ...responseRequirements,
  ],
};

/**
 * The requirements of a catalogue version, in the order in which they are shown. A version that launches use is never
 * edited in meaning: a launch keeps the version of its start.
 *
 * Fails when there is no such version: a launch without requirements would be one that nothing blocks.
 */
export function catalogueOf(version: string): readonly Requirement[] {
  const catalogue = catalogues[version];
  if (catalogue === undefined) throw new RangeError(`no catalogue version ${version}`);
  return catalogue;
}

/** The measurements that Vigil takes by itself. Every other probe is fed from outside. */
export const measuredProbes = [
  'intake_complete',
  'owner_resolves',
  'harm_matrix',
  'freshness',
  'precision',
  'detector_health',
  'routing',
  'enforcement_dry_run',
  'reviewer_protection',
  'kill_switch',
  'rota_filled',
  'canary',
] as const;
export type MeasuredProbe = (typeof measuredProbes)[number];

/** The probe's name when Vigil measures it, else null. */
export const measuredProbe = (requirement: Requirement): MeasuredProbe | null =>
  measuredProbes.find((name) => name === requirement.verify.probe?.name) ?? null;

/** What only Vigil can know about itself: no result from outside is taken for it. */
export const isReportable = (requirement: Requirement): boolean =>
  requirement.verify.probe !== null && requirement.verify.probe.name !== 'intake_complete';

export const applies = (requirement: Requirement, capabilities: readonly Capability[]): boolean =>
  requirement.appliesTo === 'all' || requirement.appliesTo.some((capability) => capabilities.includes(capability));

export const isBlocking = (requirement: Requirement, tier: Tier): boolean => requirement.blocks.includes(tier);

export const isWaivable = (requirement: Requirement, tier: Tier): boolean => !requirement.unwaivableIn.includes(tier);
