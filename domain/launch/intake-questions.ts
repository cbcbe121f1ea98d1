import { actionNames } from '../enforcement/actions.ts';
import { harmNames } from '../harms.ts';
import { choice, choices, id, idOrNone, ids, instant, integer, languages, perStage, share } from './intake-fields.ts';
import type { Question } from './intake-fields.ts';
import { launchRoles } from './roles.ts';

const media = ['text', 'image', 'audio', 'video', 'file'] as const;

/** The intake form: 30 questions. Each answer drives a capability, a harm, a tier factor or who is asked. */
export const intakeQuestions = {
  ability: {
    number: 1,
    group: 'product',
    text: 'What can people do that they could not do before?',
    fields: {
      novelty: choice(
        'configuration',
        'new_surface',
        'new_modality',
        'new_tool',
        'autonomous_action',
        'new_model_class',
      ),
      descriptionNoteId: idOrNone('note'),
    },
  },
  launchType: {
    number: 2,
    group: 'product',
    text: 'What kind of launch is this?',
    fields: {
      kind: choice('new_product', 'feature', 'model_swap', 'region', 'audience', 'price_change', 'access_change'),
    },
  },
  surfaces: {
    number: 3,
    group: 'product',
    text: 'Where is it offered?',
    fields: { on: choices('web', 'mobile', 'desktop', 'api', 'plug_in', 'third_party_embed') },
  },
  dates: {
    number: 4,
    group: 'product',
    text: 'When is each stage planned?',
    fields: { onePercentAt: instant, tenPercentAt: instant, fiftyPercentAt: instant, fullAt: instant },
  },
  ownership: {
    number: 5,
    group: 'product',
    text: 'Who owns it, who is the deputy, which team, and which service pages them?',
    fields: {
      ownerPersonId: id('person'),
      deputyPersonId: id('person'),
      teamId: id('team'),
      pagerServiceId: id('service'),
    },
  },
  inputs: { number: 6, group: 'capabilities', text: 'What does it take in?', fields: { media: choices(...media) } },
  outputs: {
    number: 7,
    group: 'capabilities',
    text: 'What does it put out?',
    fields: { media: choices(...media, 'code') },
  },
  actions: {
    number: 8,
    group: 'capabilities',
    text: 'Which tools can it use, and does it act without a person confirming?',
    fields: {
      kinds: choices(
        'read_own_data',
        'change_own_data',
        'contact_others',
        'run_code',
        'spend_money',
        'irreversible',
        'third_party_systems',
      ),
      unattended: choice('yes', 'no'),
    },
  },
  browsing: {
    number: 9,
    group: 'capabilities',
    text: 'Does it read sources that others write?',
    fields: { sources: choice('none', 'trusted', 'untrusted') },
  },
  memory: {
    number: 10,
    group: 'capabilities',
    text: 'What does it remember?',
    fields: { span: choice('none', 'session', 'across_sessions') },
  },
  customisation: {
    number: 11,
    group: 'capabilities',
    text: 'Can people tune it, or share instructions with others?',
    fields: { kinds: choices('fine_tuning', 'shared_instructions') },
  },
  contact: {
    number: 12,
    group: 'capabilities',
    text: 'How can people reach each other through it?',
    fields: { kinds: choices('direct_contact', 'sharing', 'feed') },
  },
  likeness: {
    number: 13,
    group: 'capabilities',
    text: 'Can it imitate real people?',
    fields: { of: choices('realistic_people', 'realistic_voice') },
  },
  audience: {
    number: 14,
    group: 'users',
    text: 'Who is it for, how old must they be, and how is age known?',
    fields: {
      reach: choice('vulnerable_excluded', 'general_public', 'teens_likely', 'minors_intended'),
      minimumAge: integer(0, 21),
      ageSignal: choice('none', 'self_declared', 'inferred', 'verified'),
    },
  },
  signIn: {
    number: 15,
    group: 'users',
    text: 'How do people sign in, and how far are they verified?',
    fields: {
      level: choice('verified_business', 'paid_login', 'free_login', 'none', 'resold_api'),
      verification: choice('none', 'email', 'phone', 'payment', 'document'),
    },
  },
  volume: {
    number: 16,
    group: 'users',
    text: 'Who gets access at 100 %, and how many people and events a day are expected at each stage?',
    fields: {
      access: choice('staff', 'allow_list', 'public'),
      usersP50: perStage,
      usersP90: perStage,
      eventsP50: perStage,
      eventsP90: perStage,
    },
  },
  locales: {
    number: 17,
    group: 'users',
    text: 'In which languages and regions?',
    fields: {
      languages: languages(20),
      regions: choices('africa', 'asia', 'europe', 'latin_america', 'middle_east', 'north_america', 'oceania'),
    },
  },
  topics: {
    number: 18,
    group: 'users',
    text: 'Which groups or topics with a high risk does it invite?',
    fields: { invited: choices('health', 'crisis', 'dating', 'children', 'elections', 'weapons') },
  },
  logging: {
    number: 19,
    group: 'data',
    text: 'Which events are logged today, and how completely?',
    fields: {
      events: choices('messages', 'uploads', 'generations', 'tool_calls', 'account_changes', 'payments', 'reports'),
      completeness: choice('full', 'gaps', 'delayed', 'none'),
    },
  },
  reviewerView: {
    number: 20,
    group: 'data',
    text: 'What can reviewers see, and for how many days?',
    fields: { content: choice('full', 'redacted', 'metadata', 'none'), retentionDays: integer(0, 3_650) },
  },
  privateModes: {
    number: 21,
    group: 'data',
    text: 'Which share of the use keeps no content, or is encrypted?',
    fields: { zeroRetentionShare: share, encryptedShare: share },
  },
  joinKeys: {
    number: 22,
    group: 'data',
    text: 'What do the events join to?',
    fields: { keys: choices('account', 'organisation', 'api_key', 'device', 'payment') },
  },
  privacyReview: {
    number: 23,
    group: 'data',
    text: 'How far is the privacy review?',
    fields: { state: choice('not_started', 'in_progress', 'approved', 'not_needed') },
  },
  mitigations: {
    number: 24,
    group: 'controls',
    text: 'What does the model itself refuse, how often, and where is its capability rated high?',
    fields: {
      kinds: choices('trained_refusal', 'input_filter', 'output_filter', 'rate_limit'),
      refusalShare: share,
      ratedHigh: choices('biological', 'chemical', 'cyber'),
    },
  },
  detectors: {
    number: 25,
    group: 'controls',
    text: 'Which detectors are expected to cover it?',
    fields: { detectorIds: ids('detector', 20) },
  },
  enforcement: {
    number: 26,
    group: 'controls',
    text: 'Which enforcement actions work on this surface?',
    fields: { actions: choices(...actionNames) },
  },
  offSwitch: {
    number: 27,
    group: 'controls',
    text: 'What can be switched off, and who may do it?',
    fields: {
      reach: choice('none', 'whole_product', 'cohort', 'single_capability'),
      holders: choices(...launchRoles, 'responder'),
    },
  },
  reportButton: {
    number: 28,
    group: 'controls',
    text: 'What can people report?',
    fields: { on: choice('none', 'account', 'content') },
  },
  precedent: {
    number: 29,
    group: 'context',
    text: 'Which earlier launch is closest, and how many escalations did it cause?',
    fields: { launchId: idOrNone('launch'), escalations: integer(0, 100_000) },
  },
  ownAbuse: {
    number: 30,
    group: 'context',
    text: 'In which ways would the team itself abuse this? Name up to three harms.',
    fields: {
      harms: { kind: 'choices', of: harmNames, atLeast: 1, atMost: 3 },
      descriptionNoteId: idOrNone('note'),
    },
  },
} as const satisfies Record<string, Question>;
