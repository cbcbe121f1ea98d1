/**
 * The requirement catalogue, version 1, written down once more for the checks: what blocks in which tier, what proves it,
 * how good it must be and how long it counts. Kept apart from the product's own on purpose: where the two differ, one is
 * wrong.
 */

export type Tier = 'T0' | 'T1' | 'T2' | 'T3';
type ByTier = readonly [T0: number, T1: number, T2: number, T3: number];

export interface Probe {
  /** `observed` must be at least, or at most, the threshold. */
  readonly better: 'higher' | 'lower';
  readonly threshold: ByTier;
  readonly minPopulation: ByTier;
  readonly minWindowMs: ByTier;
  readonly validMs: ByTier;
}

export interface Requirement {
  /** For launches with one of these capabilities; null for all. */
  readonly of: readonly string[] | null;
  readonly probe: Probe | null;
  readonly evidence: boolean;
  readonly signOff: string | null;
  /** The mildest tier in which it blocks. */
  readonly blocksTo: Tier;
  /** The mildest tier in which it cannot be waived; null when it always can. */
  readonly fixedTo: Tier | null;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const each = (number: number): ByTier => [number, number, number, number];
const tiers: readonly string[] = ['T0', 'T1', 'T2', 'T3'];

interface Limits {
  readonly population?: number | ByTier;
  readonly windowMs?: number | ByTier;
  readonly validMs?: number | ByTier;
}

const byTier = (limit: number | ByTier | undefined, otherwise: number): ByTier =>
  typeof limit === 'object' ? limit : each(limit ?? otherwise);

const probe = (better: 'higher' | 'lower', threshold: number | ByTier, limits: Limits = {}): Probe => ({
  better,
  threshold: byTier(threshold, 0),
  minPopulation: byTier(limits.population, 1),
  minWindowMs: byTier(limits.windowMs, 0),
  validMs: byTier(limits.validMs, 7 * dayMs),
});
/** Every one of the population holds. */
const all = (limits?: Limits): Probe => probe('higher', 1, limits);

interface Row {
  readonly of?: readonly string[];
  readonly probe?: Probe;
  readonly evidence?: true;
  readonly signOff?: string;
  readonly blocksTo?: Tier;
  readonly fixedTo?: Tier;
}

const rows: Readonly<Record<string, Row>> = {
  'SC-01': { probe: probe('lower', 0, { population: 30, validMs: 365 * dayMs }) },
  'SC-02': { evidence: true, signOff: 'protection_scientist', blocksTo: 'T2' },
  'SC-03': { probe: all() },
  'SC-04': { evidence: true, signOff: 'policy', blocksTo: 'T2' },
  'SC-05': { signOff: 'legal', blocksTo: 'T1' },
  'SC-06': { probe: all({ population: 4 }) },
  'DA-01': { probe: all({ population: 8, validMs: 90 * dayMs }) },
  'DA-02': {
    probe: probe('lower', [5 * minuteMs, 15 * minuteMs, 60 * minuteMs, dayMs], { population: 30, windowMs: dayMs }),
  },
  'DA-03': {
    probe: probe('lower', [0.005, 0.005, 0.02, 0.02], { population: 100, windowMs: 3 * dayMs }),
    blocksTo: 'T2',
  },
  'DA-04': { evidence: true, signOff: 'legal', blocksTo: 'T1' },
  'DA-05': { probe: all(), evidence: true, fixedTo: 'T3' },
  'DA-06': { probe: probe('lower', 4 * hourMs, { windowMs: dayMs, validMs: 30 * dayMs }), blocksTo: 'T1' },
  'DT-01': { probe: all({ population: 10 }), signOff: 'protection_scientist', blocksTo: 'T2' },
  'DT-02': { probe: all({ population: 45, validMs: 30 * dayMs }) },
  'DT-03': {
    probe: all({ population: [14, 7, 7, 7], windowMs: [14 * dayMs, 7 * dayMs, 7 * dayMs, 7 * dayMs] }),
    blocksTo: 'T1',
  },
  'DT-04': { probe: all({ population: 50 }), blocksTo: 'T2' },
  'DT-05': { probe: probe('higher', [300, 100, 100, 100]), blocksTo: 'T1' },
  'DT-06': { of: ['image', 'video', 'file'], probe: all(), fixedTo: 'T3' },
  'DT-07': { evidence: true, blocksTo: 'T1' },
  'DT-08': { evidence: true, blocksTo: 'T1' },
  'DT-09': { probe: probe('lower', 0, { windowMs: 7 * dayMs }) },
  'CP-01': { of: ['image', 'video'], probe: all(), evidence: true },
  'CP-02': { of: ['voice'], probe: all(), evidence: true },
  'CP-03': { of: ['file'], probe: probe('higher', 0.95) },
  'CP-04': { of: ['agents', 'tools'], probe: all(), evidence: true },
  'CP-05': { of: ['browsing'], probe: all(), blocksTo: 'T2' },
  'CP-06': { of: ['api'], probe: all(), evidence: true },
  'CP-07': { of: ['fine_tuning'], probe: all(), evidence: true },
  'CP-08': { of: ['memory'], probe: all(), blocksTo: 'T2' },
  'CP-09': { of: ['minors'], probe: all(), signOff: 'policy', fixedTo: 'T3' },
  'CP-10': { of: ['code'], probe: all(), blocksTo: 'T2' },
  'RE-01': { probe: probe('lower', 0.85), blocksTo: 'T2' },
  'RE-02': { probe: all() },
  'RE-03': { probe: probe('higher', 0.7, { population: 100, validMs: 30 * dayMs }), evidence: true, blocksTo: 'T2' },
  'RE-04': { probe: all({ validMs: 30 * dayMs }) },
  'RE-05': { evidence: true, signOff: 'legal', blocksTo: 'T2' },
  'RE-06': {
    of: ['image', 'video', 'file', 'chat', 'minors'],
    probe: all({ validMs: 30 * dayMs }),
    signOff: 'legal',
    fixedTo: 'T3',
  },
  'RE-07': { probe: all() },
  'RS-01': {
    probe: probe('lower', [5 * minuteMs, 5 * minuteMs, 30 * minuteMs, 30 * minuteMs], { validMs: 30 * dayMs }),
    fixedTo: 'T1',
  },
  'RS-02': { probe: all(), evidence: true, blocksTo: 'T2' },
  'RS-03': { probe: probe('lower', 0) },
  'RS-04': {
    probe: probe('lower', 15 * minuteMs, { population: 3, validMs: [dayMs, dayMs, 2 * dayMs, 14 * dayMs] }),
    blocksTo: 'T2',
  },
  'RS-05': { probe: all({ population: 2, validMs: 30 * dayMs }) },
  'RS-06': { evidence: true, blocksTo: 'T1' },
  'GV-01': { probe: all(), signOff: 'protection_scientist' },
};

export const catalogue: ReadonlyMap<string, Requirement> = new Map(
  Object.entries(rows).map(([id, row]) => [
    id,
    {
      of: row.of ?? null,
      probe: row.probe ?? null,
      evidence: row.evidence ?? false,
      signOff: row.signOff ?? null,
      blocksTo: row.blocksTo ?? 'T3',
      fixedTo: row.fixedTo ?? null,
    },
  ]),
);

export const tierIndex = (tier: string): number => tiers.indexOf(tier);
const reaches = (mildest: Tier | null, tier: string): boolean =>
  mildest !== null && tierIndex(tier) <= tierIndex(mildest);

export const blocksIn = ({ blocksTo }: Requirement, tier: string): boolean => reaches(blocksTo, tier);
export const isFixedIn = ({ fixedTo }: Requirement, tier: string): boolean => reaches(fixedTo, tier);
export const appliesTo = ({ of }: Requirement, capabilities: readonly string[]): boolean =>
  of === null || of.some((capability) => capabilities.includes(capability));

/** The role that signs for a requirement. */
export const signerRole = (requirementId: string): string | null => catalogue.get(requirementId)?.signOff ?? null;

/** Whose approval a tier asks for before a stage opens. */
export const signOffsOf: Readonly<Record<string, readonly string[]>> = {
  T0: [
    'launch_owner',
    'protection_scientist',
    'policy',
    'ops_lead',
    'investigator',
    'data_engineer',
    'engineer',
    'legal',
    'oncall_manager',
    'executive',
  ],
  T1: ['launch_owner', 'protection_scientist', 'policy', 'ops_lead', 'legal', 'engineer', 'oncall_manager'],
  T2: ['launch_owner', 'protection_scientist', 'policy', 'ops_lead'],
  T3: ['launch_owner', 'protection_scientist'],
};

/** How long evidence and signatures count before they must be given again. */
export const recertifyMs: ByTier = [90 * dayMs, 180 * dayMs, 365 * dayMs, 730 * dayMs];
