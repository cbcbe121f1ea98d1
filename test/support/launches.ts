import type { Person } from '#domain/actor.ts';
import type { IdKind } from '#domain/ids.ts';
import { idPrefixes } from '#domain/ids.ts';
import type { Intake } from '#domain/launch/intake.ts';
import { openLaunch } from '#domain/launch/launch.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import type { LaunchRole } from '#domain/launch/roles.ts';
import { dayMs } from '#domain/time.ts';

/** The id of that kind with that number: the same each time. */
export const idOf = (kind: IdKind, number: number): string =>
  `${idPrefixes[kind]}_${number.toString(16).padStart(32, '0')}`;

/** A SHA-256 in shape. */
export const hashOf = (number: number): string => number.toString(16).padStart(64, '0');

/** The person who fills the role in the tests; `second` is another one who holds it too. */
export function personOf(role: LaunchRole, second = false): Person {
  const number = 2 * launchRoles.indexOf(role) + (second ? 101 : 100);
  return { kind: 'person', id: idOf('person', number), roles: [role] };
}

/** A Monday. */
export const startAt = Date.UTC(2026, 2, 2, 9);
export const plannedIn = (days: number): number => startAt + days * dayMs;

const volumes = (full: number): [number, number, number, number] => [full / 100, full / 10, full / 2, full];

/** A text assistant for adults with a free login: tier T2 by a score of 8, no floor. */
export const t2Intake: Intake = {
  ability: { novelty: 'new_surface', descriptionNoteId: 'none' },
  launchType: { kind: 'new_product' },
  surfaces: { on: ['web'] },
  dates: {
    onePercentAt: plannedIn(60),
    tenPercentAt: plannedIn(63),
    fiftyPercentAt: plannedIn(66),
    fullAt: plannedIn(69),
  },
  ownership: {
    ownerPersonId: personOf('launch_owner').id,
    deputyPersonId: personOf('launch_owner', true).id,
    teamId: idOf('team', 1),
    pagerServiceId: idOf('service', 1),
  },
  inputs: { media: ['text'] },
  outputs: { media: ['text'] },
  actions: { kinds: [], unattended: 'no' },
  browsing: { sources: 'none' },
  memory: { span: 'session' },
  customisation: { kinds: [] },
  contact: { kinds: ['direct_contact'] },
  likeness: { of: [] },
  audience: { reach: 'general_public', minimumAge: 18, ageSignal: 'self_declared' },
  signIn: { level: 'free_login', verification: 'email' },
  volume: {
    access: 'public',
    usersP50: volumes(10_000),
    usersP90: volumes(20_000),
    eventsP50: volumes(100_000),
    eventsP90: volumes(200_000),
  },
  locales: { languages: ['en', 'pt-BR'], regions: ['europe'] },
  topics: { invited: [] },
  logging: { events: ['messages', 'account_changes', 'reports'], completeness: 'full' },
  reviewerView: { content: 'full', retentionDays: 90 },
  privateModes: { zeroRetentionShare: 0, encryptedShare: 0 },
  joinKeys: { keys: ['account', 'device'] },
  privacyReview: { state: 'approved' },
  mitigations: { kinds: ['trained_refusal'], refusalShare: 0.9, ratedHigh: [] },
  detectors: { detectorIds: [idOf('detector', 1)] },
  enforcement: { actions: ['warn_account', 'suspend_account'] },
  offSwitch: { reach: 'cohort', holders: ['oncall_manager', 'engineer'] },
  reportButton: { on: 'content' },
  precedent: { launchId: 'none', escalations: 0 },
  ownAbuse: { harms: ['fraud', 'plat'], descriptionNoteId: 'none' },
};

/** The same for staff only, with nothing new in it: tier T3 by a score of 4. */
export const t3Intake: Intake = {
  ...t2Intake,
  ability: { novelty: 'configuration', descriptionNoteId: 'none' },
  audience: { reach: 'vulnerable_excluded', minimumAge: 18, ageSignal: 'verified' },
  signIn: { level: 'free_login', verification: 'document' },
  volume: { ...t2Intake.volume, access: 'staff' },
};

/** Everything at once, for everyone: tier T0 with all 45 requirements. */
export const t0Intake: Intake = {
  ...t2Intake,
  ability: { novelty: 'autonomous_action', descriptionNoteId: idOf('note', 1) },
  surfaces: { on: ['web', 'mobile', 'desktop', 'api', 'plug_in', 'third_party_embed'] },
  dates: {
    onePercentAt: plannedIn(120),
    tenPercentAt: plannedIn(125),
    fiftyPercentAt: plannedIn(130),
    fullAt: plannedIn(140),
  },
  inputs: { media: ['text', 'image', 'audio', 'video', 'file'] },
  outputs: { media: ['text', 'image', 'audio', 'video', 'file', 'code'] },
  actions: {
    kinds: ['read_own_data', 'contact_others', 'run_code', 'spend_money', 'third_party_systems'],
    unattended: 'yes',
  },
  browsing: { sources: 'untrusted' },
  memory: { span: 'across_sessions' },
  customisation: { kinds: ['fine_tuning', 'shared_instructions'] },
  likeness: { of: ['realistic_people', 'realistic_voice'] },
  audience: { reach: 'minors_intended', minimumAge: 13, ageSignal: 'inferred' },
  signIn: { level: 'none', verification: 'none' },
  topics: { invited: ['health', 'crisis', 'dating', 'children', 'elections', 'weapons'] },
  logging: {
    events: ['messages', 'uploads', 'generations', 'tool_calls', 'account_changes', 'payments', 'reports'],
    completeness: 'full',
  },
  mitigations: {
    kinds: ['trained_refusal', 'input_filter'],
    refusalShare: 0.9,
    ratedHigh: ['biological', 'chemical', 'cyber'],
  },
  detectors: { detectorIds: Array.from({ length: 20 }, (_, index) => idOf('detector', index + 1)) },
};

export const newLaunch = (): Launch =>
  openLaunch(
    {
      id: idOf('launch', 1),
      productId: idOf('product', 1),
      teamId: idOf('team', 1),
      openedBy: personOf('launch_owner').id,
    },
    startAt,
  );
