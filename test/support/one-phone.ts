import { randomUUID } from 'node:crypto';
import { createFirstAdmin } from '#cli/bootstrap.ts';
import { readSetup } from '#cli/setup/document.ts';
import { connectDatabase } from '#db/client.ts';
import { install } from '#demo/tokens.ts';
import type { Stack } from '#scripts/stack.ts';

/** A service of one person with one phone, set up through the API of a fresh stack. */
export interface OnePhone {
  readonly serviceId: string;
  /** Asks the API as the person; fails unless it is answered with success. */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>>;
  /** Raises an alert as the service's sender; returns its escalation. */
  alert(dedupKey: string, title: string): Promise<string>;
}

export async function setUpOnePhone(stack: Stack, name: string, address: string): Promise<OnePhone> {
  const db = connectDatabase({
    url: stack.urls.app,
    size: 1,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  const admin = await createFirstAdmin(db, { name: 'admin', days: 1 });
  await db.$client.end();
  if (admin === null) throw new Error('this needs a fresh database');
  const rule = [{ contactMethod: 'phone', delayMinutes: 0 }];
  const setup = readSetup({
    teams: [{ key: 'team', name: 'team' }],
    people: [
      {
        key: 'person',
        name,
        roles: [
          { role: 'responder', teamId: '@teams/team' },
          { role: 'oncall_manager', teamId: '@teams/team' },
        ],
        contactMethods: [{ key: 'phone', channel: 'webhook', address }],
        notificationRules: { high: rule, low: rule },
      },
    ],
    senders: [{ key: 'sender', name: 'sender', roles: [{ role: 'integration', teamId: '@teams/team' }] }],
    escalationPolicies: [
      {
        key: 'policy',
        by: '@people/person',
        teamId: '@teams/team',
        name: 'policy',
        document: {
          rungs: [{ targets: [{ kind: 'person', personId: '@people/person' }], ackWithinMs: 3_600_000 }],
          catchAllPersonId: '@people/person',
        },
      },
    ],
    services: [
      {
        key: 'service',
        by: '@people/person',
        teamId: '@teams/team',
        name: 'Search',
        policyId: '@escalationPolicies/policy',
        integrations: [{ kind: 'generic', name: 'sender', principalId: '@senders/sender' }],
      },
    ],
  });
  const { ids, tokens } = await install(stack.apiUrl, admin.token, setup);
  const serviceId = ids.services?.['service'] ?? '';
  return {
    serviceId,
    async call(method, path, body) {
      const answer = await fetch(`${stack.apiUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${tokens.get('person') ?? ''}`,
          ...(method === 'GET' ? {} : { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
      return JSON.parse(text) as Record<string, unknown>;
    },
    async alert(dedupKey, title) {
      const answer = await fetch(`${stack.apiUrl}/v1/services/${serviceId}/alerts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.get('sender') ?? ''}`, 'content-type': 'application/json' },
        body: JSON.stringify({ action: 'trigger', dedupKey, severity: 1, title }),
      });
      const { escalationId } = (await answer.json()) as { escalationId?: string };
      if (escalationId === undefined) throw new Error(`the alert was answered with ${answer.status}`);
      return escalationId;
    },
  };
}
