import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { createFirstAdmin } from '#cli/bootstrap.ts';
import { readSetup } from '#cli/setup/document.ts';
import type { Setup } from '#cli/setup/document.ts';
import { connectDatabase } from '#db/client.ts';
import { install } from '#demo/tokens.ts';
import type { Stack } from '#scripts/stack.ts';

export interface BenchWorld {
  readonly stack: Stack;
  readonly serviceId: string;
  /** Sends one request and says whether it was answered with 2xx, with the answer. */
  send(
    path: string,
    body: object,
    who?: 'sender' | 'responder',
  ): Promise<{ readonly ok: boolean; readonly body: Record<string, unknown> }>;
  close(): Promise<void>;
}

/** A team, one responder with a phone, and a service whose ladder stays on its first rung. */
const setup = (phoneUrl: string): Setup =>
  readSetup({
    teams: [{ key: 'bench', name: 'bench' }],
    people: [
      {
        key: 'responder',
        name: 'responder',
        roles: ['responder', 'oncall_manager', 'launch_owner'].map((role) => ({ role, teamId: '@teams/bench' })),
        contactMethods: [{ key: 'phone', channel: 'webhook', address: phoneUrl }],
        notificationRules: {
          high: [{ contactMethod: 'phone', delayMinutes: 0 }],
          low: [{ contactMethod: 'phone', delayMinutes: 0 }],
        },
      },
    ],
    senders: [{ key: 'sender', name: 'sender', roles: [{ role: 'integration', teamId: '@teams/bench' }] }],
    escalationPolicies: [
      {
        key: 'bench',
        by: '@people/responder',
        teamId: '@teams/bench',
        name: 'bench',
        document: {
          rungs: [{ targets: [{ kind: 'person', personId: '@people/responder' }], ackWithinMs: 3_600_000 }],
          catchAllPersonId: '@people/responder',
        },
      },
    ],
    services: [
      {
        key: 'bench',
        by: '@people/responder',
        teamId: '@teams/bench',
        name: 'bench',
        policyId: '@escalationPolicies/bench',
        integrations: [{ kind: 'generic', name: 'sender', principalId: '@senders/sender' }],
      },
    ],
    products: [
      {
        key: 'bench',
        by: '@people/responder',
        teamId: '@teams/bench',
        name: 'bench',
        serviceId: '@services/bench',
        countries: ['DE'],
      },
    ],
  });

export async function prepareBench(stack: Stack, phoneUrl: string): Promise<BenchWorld> {
  const db = connectDatabase({
    url: stack.urls.app,
    size: 1,
    applicationName: 'vigil-bench',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  const admin = await createFirstAdmin(db, { name: 'admin', days: 1 });
  await db.$client.end();
  if (admin === null) throw new Error('the benchmark needs a fresh database');
  const { ids, tokens } = await install(stack.apiUrl, admin.token, setup(phoneUrl));
  const pool = new Pool(stack.apiUrl, { connections: 64 });
  return {
    stack,
    serviceId: ids.services?.['bench'] ?? '',
    async send(path, body, who = 'sender') {
      const answer = await pool.request({
        path,
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens.get(who) ?? ''}`,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify(body),
      });
      const text = await answer.body.text();
      return { ok: answer.statusCode < 300, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },
    close: () => pool.close(),
  };
}
