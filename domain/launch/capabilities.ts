import { harmNames, harms } from '../harms.ts';
import type { Harm } from '../harms.ts';
import type { Severity } from '../severity.ts';
import { unknown } from './intake-fields.ts';
import type { Unknown } from './intake-fields.ts';
import type { Intake } from './intake.ts';

/** What a product can do or whom it reaches, as far as requirements depend on it. */
export const capabilities = [
  'image',
  'video',
  'file',
  'voice',
  'chat',
  'agents',
  'tools',
  'browsing',
  'api',
  'fine_tuning',
  'memory',
  'minors',
  'code',
  'contact',
  'likeness',
  'zero_retention',
] as const;
export type Capability = (typeof capabilities)[number];

/** Reads an answer; an unknown one counts as yes, so that not knowing never removes a requirement. */
const when = <T>(answer: T | Unknown, test: (known: T) => boolean): boolean => answer === unknown || test(answer);

/** True when the list holds one of the entries, or is unknown. */
export const has = <O extends string>(answer: readonly O[] | Unknown, ...wanted: readonly NoInfer<O>[]): boolean =>
  when(answer, (list: readonly O[]) => wanted.some((entry) => list.includes(entry)));

/** True when the answer is one of the options, or is unknown. */
export const is = <O extends string>(answer: O | Unknown, ...wanted: readonly NoInfer<O>[]): boolean =>
  when(answer, (option: O) => wanted.includes(option));

const tests: Readonly<Record<Capability, (intake: Intake) => boolean>> = {
  image: ({ inputs, outputs }) => has(inputs.media, 'image') || has(outputs.media, 'image'),
  video: ({ inputs, outputs }) => has(inputs.media, 'video') || has(outputs.media, 'video'),
  file: ({ inputs, outputs }) => has(inputs.media, 'file') || has(outputs.media, 'file'),
  voice: ({ inputs, outputs, likeness }) =>
    has(inputs.media, 'audio') || has(outputs.media, 'audio') || has(likeness.of, 'realistic_voice'),
  chat: ({ inputs, outputs, contact }) =>
    has(contact.kinds, 'direct_contact') || (has(inputs.media, 'text') && has(outputs.media, 'text')),
  agents: ({ actions }) => is(actions.unattended, 'yes'),
  tools: ({ actions }) => when(actions.kinds, (kinds) => kinds.length > 0),
  browsing: ({ browsing }) => is(browsing.sources, 'trusted', 'untrusted'),
  api: ({ surfaces, signIn }) => has(surfaces.on, 'api') || is(signIn.level, 'resold_api'),
  fine_tuning: ({ customisation }) => has(customisation.kinds, 'fine_tuning'),
  memory: ({ memory }) => is(memory.span, 'across_sessions'),
  minors: ({ audience, topics }) =>
    is(audience.reach, 'teens_likely', 'minors_intended') ||
    when(audience.minimumAge, (age: number) => age < 18) ||
    has(topics.invited, 'children'),
  code: ({ actions }) => has(actions.kinds, 'run_code'),
  contact: ({ contact }) => has(contact.kinds, 'direct_contact', 'sharing', 'feed'),
  likeness: ({ likeness }) => has(likeness.of, 'realistic_people', 'realistic_voice'),
  zero_retention: ({ privateModes }) => when(privateModes.zeroRetentionShare, (share: number) => share > 0),
};

/** The capabilities that the answers name or do not rule out, always in the same order. */
export const capabilitiesOf = (intake: Intake): readonly Capability[] =>
  capabilities.filter((capability) => tests[capability](intake));

const harmsByCapability: Readonly<Partial<Record<Capability, readonly Harm[]>>> = {
  image: ['csae', 'ncii'],
  video: ['csae', 'ncii'],
  voice: ['fraud'],
  agents: ['inject', 'cyber'],
  tools: ['inject'],
  browsing: ['inject'],
  api: ['plat'],
  fine_tuning: ['plat'],
  minors: ['groom'],
  code: ['cyber'],
  contact: ['hate', 'fraud'],
  likeness: ['ncii', 'elect'],
};

/**
 * The harms that a launch answers for: those the team names, those its capabilities bring, and those its topics
 * invite. A team cannot narrow the scope by leaving a harm out.
 */
export function inScopeHarms(intake: Intake): readonly Harm[] {
  const named = intake.ownAbuse.harms === unknown ? harmNames : intake.ownAbuse.harms;
  const found = new Set<Harm>(named);
  for (const capability of capabilitiesOf(intake)) {
    for (const harm of harmsByCapability[capability] ?? []) found.add(harm);
  }
  const { topics, mitigations } = intake;
  if (has(topics.invited, 'health')) found.add('advice');
  if (has(topics.invited, 'crisis')) found.add('self');
  if (has(topics.invited, 'dating')) found.add('fraud');
  if (has(topics.invited, 'children')) found.add('groom');
  if (has(topics.invited, 'elections')) found.add('elect').add('io');
  if (has(topics.invited, 'weapons')) found.add('infra');
  if (has(mitigations.ratedHigh, 'biological', 'chemical')) found.add('cbrn');
  if (has(mitigations.ratedHigh, 'cyber')) found.add('cyber');
  return harmNames.filter((harm) => found.has(harm));
}

/** The worst severity among the harms; 4 when there is none. */
export const worstSeverity = (scope: readonly Harm[]): Severity =>
  scope.reduce<Severity>((worst, harm) => (harms[harm].severity < worst ? harms[harm].severity : worst), 4);
