import type { Json } from '#domain/json.ts';
import { hourMs, minuteMs, secondMs } from '#domain/time.ts';
import { readSetup } from '#cli/setup/document.ts';
import type { Setup } from '#cli/setup/document.ts';

export interface SetupFacts {
  readonly phonesUrl: string;
  readonly classifierUrl: string;
  readonly now: number;
}

/** Everyone in the story, named by what they do. */
export const people = {
  'launch-owner': ['launch_owner'],
  deputy: ['launch_owner'],
  scientist: ['protection_scientist'],
  policy: ['policy'],
  legal: ['legal'],
  'ops-lead': ['ops_lead'],
  engineer: ['engineer'],
  'data-engineer': ['data_engineer'],
  'oncall-manager': ['oncall_manager', 'responder'],
  'rung-1': ['responder'],
  'rung-2': ['responder'],
  'reviewer-a': ['reviewer'],
  'reviewer-b': ['reviewer'],
  'sensitive-reviewer': ['reviewer', 'sensitive_reviewer'],
  auditor: ['auditor'],
} as const;
export type PersonKey = keyof typeof people;

/** The shortest wait that a policy allows: the story cannot spend fifteen minutes on a silent phone. */
export const ackWithinMs = 10 * secondMs;

/** What stands before the launch: a team, its rota, its queues, its policies, its product and the detectors over it. */
export function demoSetup(facts: SetupFacts): Setup {
  const team = '@teams/integrity';
  return readSetup({
    teams: [{ key: 'integrity', name: 'Integrity' }],
    people: Object.entries(people).map(([key, roles]) => ({
      key,
      name: key,
      roles: roles.map((role) => ({ role, teamId: role === 'auditor' ? null : team })),
      contactMethods: [{ key: 'phone', channel: 'webhook', address: `${facts.phonesUrl}/phones/${key}/pages` }],
      notificationRules: {
        high: [{ contactMethod: 'phone', delayMinutes: 0 }],
        low: [{ contactMethod: 'phone', delayMinutes: 0 }],
      },
    })),
    senders: [{ key: 'outreach-events', name: 'outreach assistant', roles: [{ role: 'integration', teamId: team }] }],
    schedules: [
      {
        key: 'primary',
        by: '@people/oncall-manager',
        teamId: team,
        name: 'Primary',
        document: {
          zone: 'Europe/London',
          layers: [
            { id: 'base', rotation: { kind: 'weekly' }, start: '2026-01-05T09:00', participants: ['@people/rung-1'] },
          ],
          overrides: [],
          temporarySchedules: [],
          marks: [],
        },
      },
    ],
    escalationPolicies: [
      {
        key: 'outreach',
        by: '@people/oncall-manager',
        teamId: team,
        name: 'Outreach assistant abuse',
        document: {
          rungs: [
            { targets: [{ kind: 'schedule', scheduleId: '@schedules/primary' }], ackWithinMs },
            { targets: [{ kind: 'person', personId: '@people/rung-2' }], ackWithinMs: 5 * minuteMs },
          ],
          repeat: 1,
          catchAllPersonId: '@people/oncall-manager',
        },
      },
    ],
    services: [
      {
        key: 'outreach-abuse',
        by: '@people/oncall-manager',
        teamId: team,
        name: 'Outreach assistant abuse',
        policyId: '@escalationPolicies/outreach',
        integrations: [{ kind: 'generic', name: 'outreach assistant', principalId: '@senders/outreach-events' }],
      },
    ],
    products: [
      {
        key: 'outreach-assistant',
        by: '@people/launch-owner',
        teamId: team,
        name: 'Outreach assistant',
        serviceId: '@services/outreach-abuse',
        countries: ['DE', 'FR', 'IE'],
      },
    ],
    policies: [
      {
        key: 'spam-and-scams',
        by: '@people/policy',
        title: 'Spam and scams',
        harm: 'fraud',
        body: 'Messages that deceive people about who writes, what is offered or what is owed are not allowed, nor is bulk mail nobody asked for.',
      },
      {
        key: 'threats',
        by: '@people/policy',
        title: 'Threats to life',
        harm: 'viol-imm',
        body: 'A message that threatens or plans imminent harm to people is escalated at once and judged by a person.',
      },
    ],
    queues: [
      { key: 'outreach', by: '@people/ops-lead', teamId: team, title: 'Outreach assistant', harms: [] },
      { key: 'sensitive', by: '@people/ops-lead', teamId: team, title: 'Sensitive harm', sensitive: true, harms: [] },
    ],
    detectors: detectors(facts) as unknown as Setup['detectors'],
  });
}

const raised = { to: 'M3', note: 'Beta: every finding goes to a person, so that its precision can be measured.' };

function detectors(facts: SetupFacts): Json {
  const common = { by: '@people/scientist', productId: '@products/outreach-assistant' };
  return [
    {
      ...common,
      key: 'bulk-sales-rules',
      kind: 'rules',
      harm: 'fraud',
      severity: 2,
      title: 'Words and shape of bulk sales mail',
      version: { threshold: 1, definition: { kind: 'rules', rules: salesRules, canary: salesCanary }, raise: raised },
    },
    {
      ...common,
      key: 'sending-velocity',
      kind: 'sql',
      harm: 'fraud',
      severity: 3,
      title: 'Ten messages of one account within an hour',
      version: {
        threshold: 0.5,
        definition: { kind: 'sql', sql: velocitySql, windowMs: hourMs, canary: null },
        raise: raised,
      },
    },
    {
      ...common,
      key: 'text-classifier',
      kind: 'http',
      harm: 'fraud',
      severity: 2,
      title: 'Naive Bayes over the text',
      version: {
        threshold: 0.99,
        definition: { kind: 'http', url: `${facts.classifierUrl}/v1/score`, canary: null },
        raise: raised,
      },
    },
    {
      ...common,
      key: 'imminent-threat-rules',
      kind: 'rules',
      harm: 'viol-imm',
      severity: 1,
      title: 'Announced violence',
      version: { threshold: 1, definition: { kind: 'rules', rules: threatRules, canary: null }, raise: raised },
    },
  ];
}

const salesRules = {
  format: 1,
  threshold: 60,
  rules: [
    {
      id: 'offer_words',
      weight: 40,
      when: {
        type: 'text_count',
        words: ['free', 'guaranteed', 'click here', 'order now', 'money back', 'unsubscribe'],
        atLeast: 3,
      },
    },
    { id: 'shouting', weight: 20, when: { type: 'compare', attribute: 'uppercaseShare', op: 'ge', value: 0.2 } },
    { id: 'exclaiming', weight: 20, when: { type: 'compare', attribute: 'exclamationCount', op: 'ge', value: 5 } },
    { id: 'many_links', weight: 20, when: { type: 'compare', attribute: 'linkCount', op: 'ge', value: 5 } },
    {
      id: 'disposable',
      weight: 60,
      when: { type: 'in_list', attribute: 'domainHash', listName: 'disposable_domains' },
    },
    { id: 'crawler', weight: 60, when: { type: 'matches_list', attribute: 'userAgent', listName: 'crawler_agents' } },
  ],
};

const salesCanary = {
  kind: 'message_sent',
  attributes: {
    domainHash: '0000000000000000',
    userAgent: '',
    recipientCount: 40,
    linkCount: 9,
    attachmentCount: 0,
    hasHtml: true,
    textLength: 120,
    exclamationCount: 9,
    uppercaseShare: 0.5,
  },
  text: 'DRILL: free and guaranteed, order now, click here, money back! Unsubscribe never!',
  repeat: 1,
};

/** The words of the two planted threats: no mail of the corpus holds both. */
export const threatText = 'I will bring a weapon to your office tomorrow and nobody will walk out alive.';

const threatRules = {
  format: 1,
  threshold: 100,
  rules: [
    { id: 'weapon', weight: 50, when: { type: 'text_contains_any', words: ['bring a weapon'] } },
    { id: 'death', weight: 50, when: { type: 'text_contains_any', words: ['walk out alive'] } },
  ],
};

const velocitySql = `
SELECT account_ref, least(1.0, count(*) / 20.0)::float8 AS score, (array_agg(id ORDER BY occurred_at))[1:20] AS event_ids
FROM product_events
WHERE product_id = $1 AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz
GROUP BY account_ref
HAVING count(*) >= 10`.trim();
