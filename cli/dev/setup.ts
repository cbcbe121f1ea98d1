import { roles } from '#domain/actor.ts';
import type { Role } from '#domain/actor.ts';
import { minuteMs } from '#domain/time.ts';
import { readSetup } from '../setup/document.ts';
import type { Setup } from '../setup/document.ts';

const team = '@teams/integrity';
const sees: readonly Role[] = ['auditor'];
/** `admin` comes from the bootstrap, `integration` is no person. */
const personRoles = roles.filter((role) => role !== 'admin' && role !== 'integration');

/** One person for each role, named by it: what a development installation always holds. Pages go to the worker's log. */
export function devSetup(): Setup {
  return readSetup({
    teams: [{ key: 'integrity', name: 'Integrity' }],
    people: personRoles.map((role) => ({
      key: role,
      name: role.replaceAll('_', ' '),
      roles: [{ role, teamId: sees.includes(role) ? null : team }],
      contactMethods: [{ key: 'log', channel: 'console', address: role }],
      notificationRules: {
        high: [{ contactMethod: 'log', delayMinutes: 0 }],
        low: [{ contactMethod: 'log', delayMinutes: 0 }],
      },
    })),
    senders: [{ key: 'integration', name: 'sender', roles: [{ role: 'integration', teamId: team }] }],
    schedules: [
      {
        key: 'primary',
        by: '@people/oncall_manager',
        teamId: team,
        name: 'Primary',
        document: {
          zone: 'UTC',
          layers: [
            {
              id: 'base',
              rotation: { kind: 'weekly' },
              start: '2026-01-05T09:00',
              participants: ['@people/responder'],
            },
          ],
        },
      },
    ],
    escalationPolicies: [
      {
        key: 'default',
        by: '@people/oncall_manager',
        teamId: team,
        name: 'Default',
        document: {
          rungs: [
            { targets: [{ kind: 'schedule', scheduleId: '@schedules/primary' }], ackWithinMs: 5 * minuteMs },
            { targets: [{ kind: 'person', personId: '@people/ops_lead' }], ackWithinMs: 5 * minuteMs },
          ],
          repeat: 2,
          catchAllPersonId: '@people/oncall_manager',
        },
      },
    ],
    services: [
      {
        key: 'assistant-abuse',
        by: '@people/oncall_manager',
        teamId: team,
        name: 'Abuse of the assistant',
        policyId: '@escalationPolicies/default',
        integrations: [{ kind: 'generic', name: 'sender', principalId: '@senders/integration' }],
      },
    ],
    products: [
      {
        key: 'assistant',
        by: '@people/launch_owner',
        teamId: team,
        name: 'Assistant',
        serviceId: '@services/assistant-abuse',
        countries: ['DE', 'FR'],
      },
    ],
    policies: [
      {
        key: 'fraud',
        by: '@people/policy',
        title: 'Fraud',
        harm: 'fraud',
        body: 'Deceiving people for gain is not allowed.',
      },
      {
        key: 'hate',
        by: '@people/policy',
        title: 'Hate',
        harm: 'hate',
        body: 'Attacking people for what they are is not allowed.',
      },
    ],
    queues: [
      { key: 'general', by: '@people/ops_lead', teamId: team, title: 'General', harms: [] },
      { key: 'hate', by: '@people/ops_lead', teamId: team, title: 'Hate', harms: ['hate'] },
    ],
    detectors: [
      detector('offers', 'fraud', 'Offers that are too good', ['guaranteed win']),
      detector('slurs', 'hate', 'Slurs', ['those people']),
    ],
  });
}

function detector(key: string, harm: string, title: string, words: readonly string[]): object {
  const rules = {
    format: 1,
    threshold: 50,
    rules: [{ id: 'words', weight: 60, when: { type: 'text_contains_any', words } }],
  };
  return {
    key,
    by: '@people/protection_scientist',
    productId: '@products/assistant',
    kind: 'rules',
    harm,
    severity: 3,
    title,
    version: {
      threshold: 0.5,
      definition: {
        kind: 'rules',
        rules,
        canary: { kind: 'message_sent', attributes: {}, text: `DRILL: ${words[0]}`, repeat: 1 },
      },
      raise: { to: 'M3', note: 'Development: every finding goes to a person.' },
    },
  };
}
