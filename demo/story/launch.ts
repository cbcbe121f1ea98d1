import { dayMs, hourMs } from '#domain/time.ts';
import { expectThat, idOf } from './world.ts';
import type { World } from './world.ts';

export interface Readiness {
  readonly phase: string;
  readonly tier: string | null;
  readonly ready: boolean;
  readonly gate: {
    readonly open: boolean;
    readonly blockers: readonly {
      requirementId: string;
      state: string;
      ownerRole: string;
      ownerPersonId: string | null;
      dueAt: number | null;
      reason: string;
    }[];
    readonly passed: readonly string[];
    readonly waived: readonly string[];
  };
  readonly holds: { readonly [reason: string]: { readonly count: number } | undefined };
  readonly stage: { readonly percent: number } | null;
  readonly requirements: readonly {
    requirementId: string;
    state: string;
    revision: number;
    result: { observed: number | null; population: number } | null;
    waiver: object | null;
  }[];
  readonly evidenceSet: { readonly revision: number; readonly hash: string };
}

export interface CommandAnswer {
  readonly aggregate: { readonly id: string };
  readonly version: number;
  readonly result: { readonly [key: string]: unknown };
}

/** Step 1: a launch owner starts a launch with an intake file, and sees what blocks, whose it is and when it is due. */
export async function startLaunch(
  world: World,
): Promise<{ launchId: string; readiness: Readiness; requirements: number }> {
  const owner = world.as('launch-owner');
  const { aggregate } = await owner.post<CommandAnswer>('/v1/launches', {
    productId: idOf(world, 'products', 'outreach-assistant'),
    name: 'Outreach assistant, limited beta',
  });
  const launchId = aggregate.id;
  await world.as('launch-owner').post(`/v1/launches/${launchId}/intake-answers`, { intake: intakeAnswers(world) });
  const assignments = {
    protection_scientist: 'scientist',
    policy: 'policy',
    legal: 'legal',
    ops_lead: 'ops-lead',
    engineer: 'engineer',
    data_engineer: 'data-engineer',
    oncall_manager: 'oncall-manager',
  };
  for (const [role, person] of Object.entries(assignments)) {
    await world.as('launch-owner').post(`/v1/launches/${launchId}/role-assignments`, {
      role,
      personId: idOf(world, 'people', person),
      deputyPersonId: role === 'oncall_manager' ? null : idOf(world, 'people', 'oncall-manager'),
    });
  }
  const readiness = await readinessOf(world, launchId);
  expectThat(readiness.tier === 'T3', 'the intake makes a launch of tier T3', readiness.tier);
  expectThat(!readiness.gate.open && readiness.gate.blockers.length > 5, 'the readiness page says what blocks');
  return { launchId, readiness, requirements: readiness.requirements.length };
}

export const readinessOf = (world: World, launchId: string): Promise<Readiness> =>
  world.as('launch-owner').get<Readiness>(`/v1/launches/${launchId}/readiness`);

/** The intake file: a small beta for verified businesses, which writes to people outside. */
export function intakeAnswers(world: World): object {
  const at = (days: number) => world.startedAt + days * dayMs;
  return {
    ability: { novelty: 'configuration', descriptionNoteId: 'none' },
    launchType: { kind: 'new_product' },
    surfaces: { on: ['web'] },
    dates: { onePercentAt: at(10), tenPercentAt: at(11), fiftyPercentAt: at(12), fullAt: at(14) },
    ownership: {
      ownerPersonId: idOf(world, 'people', 'launch-owner'),
      deputyPersonId: idOf(world, 'people', 'deputy'),
      teamId: idOf(world, 'teams', 'integrity'),
      pagerServiceId: idOf(world, 'services', 'outreach-abuse'),
    },
    inputs: { media: ['text'] },
    outputs: { media: ['text'] },
    actions: { kinds: [], unattended: 'no' },
    browsing: { sources: 'none' },
    memory: { span: 'session' },
    customisation: { kinds: [] },
    contact: { kinds: [] },
    likeness: { of: [] },
    audience: { reach: 'vulnerable_excluded', minimumAge: 18, ageSignal: 'verified' },
    signIn: { level: 'verified_business', verification: 'document' },
    volume: {
      access: 'allow_list',
      usersP50: [20, 100, 300, 500],
      usersP90: [40, 200, 500, 800],
      eventsP50: [200, 1_000, 2_000, 3_000],
      eventsP90: [400, 2_000, 4_000, 6_000],
    },
    locales: { languages: ['en', 'de'], regions: ['europe'] },
    topics: { invited: [] },
    logging: { events: ['messages', 'account_changes'], completeness: 'full' },
    reviewerView: { content: 'full', retentionDays: 180 },
    privateModes: { zeroRetentionShare: 0, encryptedShare: 0 },
    joinKeys: { keys: ['account', 'organisation'] },
    privacyReview: { state: 'approved' },
    mitigations: { kinds: ['rate_limit'], refusalShare: 0.02, ratedHigh: [] },
    detectors: {
      detectorIds: ['bulk-sales-rules', 'sending-velocity', 'text-classifier'].map((key) =>
        idOf(world, 'detectors', key),
      ),
    },
    enforcement: { actions: ['suspend_account', 'limit_sending'] },
    offSwitch: { reach: 'whole_product', holders: ['engineer', 'oncall_manager'] },
    reportButton: { on: 'account' },
    precedent: { launchId: 'none', escalations: 0 },
    ownAbuse: { harms: ['fraud'], descriptionNoteId: 'none' },
  };
}

/** Results that the product's own checks report: what they saw, among how many, with the hash of their proof. */
export function reported(observed: number, population: number, proof: string): object {
  return { status: 'pass', observed, threshold: null, population, windowMs: hourMs, evidenceHash: proof };
}
