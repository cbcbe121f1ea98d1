import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { createFirstAdmin } from '#cli/bootstrap.ts';
import { readSetup } from '#cli/setup/document.ts';
import type { Setup } from '#cli/setup/document.ts';
import { connectDatabase } from '#db/client.ts';
import { install } from '#demo/tokens.ts';
import type { Stack } from '#scripts/stack.ts';

/** `quiet`: its ladders wait on their first rung for somebody whose rules page only hours later. */
export type BenchService = 'bench' | 'neighbour' | 'short' | 'later' | 'two-ways' | 'quiet';

export interface BenchWorld {
  readonly stack: Stack;
  /** The service whose ladder stays on its first rung. */
  readonly serviceId: string;
  serviceIdOf(service: BenchService): string;
  /** Sends one request and says whether it was answered with 2xx, with the answer. */
  send(
    path: string,
    body: object,
    who?: 'sender' | 'responder',
  ): Promise<{ readonly ok: boolean; readonly status: number; readonly body: Record<string, unknown> }>;
  /** A trigger of that service and key; null when it was not accepted. */
  trigger(service: BenchService, key: string, severity?: number): Promise<string | null>;
  get(path: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;
const team = '@teams/bench';

interface Way {
  readonly phone: string;
  readonly channel: string;
  readonly delayMinutes: number;
}

const person = (key: string, phoneUrl: string, ways: readonly Way[]) => ({
  key,
  name: key,
  roles: ['responder', 'oncall_manager', 'launch_owner'].map((role) => ({ role, teamId: team })),
  contactMethods: ways.map(({ phone, channel }) => ({ key: phone, channel, address: `${phoneUrl}/${phone}` })),
  notificationRules: {
    high: ways.map(({ phone, delayMinutes }) => ({ contactMethod: phone, delayMinutes })),
    low: ways.map(({ phone, delayMinutes }) => ({ contactMethod: phone, delayMinutes })),
  },
});
const oneWay = (key: string, phoneUrl: string, delayMinutes = 0) =>
  person(key, phoneUrl, [{ phone: key, channel: 'webhook', delayMinutes }]);

const rung = (who: string, ackWithinMs = hourMs) => ({
  targets: [{ kind: 'person', personId: `@people/${who}` }],
  ackWithinMs,
});
const policies: Readonly<Record<BenchService, readonly ReturnType<typeof rung>[]>> = {
  bench: [rung('responder')],
  neighbour: [rung('neighbour')],
  short: [rung('responder', 10_000), rung('second')],
  later: [rung('responder', 60_000), rung('second')],
  'two-ways': [rung('two-ways', 10_000), rung('second')],
  quiet: [rung('quiet')],
};

/** A team with people on phones, and services whose ladders differ in how soon they go on. */
const setup = (phoneUrl: string, troubledUrl: string): Setup => {
  const keys = Object.keys(policies) as BenchService[];
  return readSetup({
    teams: [{ key: 'bench', name: 'bench' }],
    people: [
      ...['responder', 'second', 'neighbour'].map((key) => oneWay(key, phoneUrl)),
      oneWay('quiet', phoneUrl, 5 * 60),
      {
        ...person('two-ways', phoneUrl, [{ phone: 'primary', channel: 'webhook', delayMinutes: 0 }]),
        contactMethods: [
          { key: 'primary', channel: 'webhook', address: `${troubledUrl}/primary` },
          { key: 'backup', channel: 'webhook', address: `${phoneUrl}/backup` },
        ],
        notificationRules: {
          high: [
            { contactMethod: 'primary', delayMinutes: 0 },
            { contactMethod: 'backup', delayMinutes: 10 },
          ],
          low: [{ contactMethod: 'primary', delayMinutes: 0 }],
        },
      },
    ],
    senders: [{ key: 'sender', name: 'sender', roles: [{ role: 'integration', teamId: team }] }],
    escalationPolicies: keys.map((key) => ({
      key,
      by: '@people/responder',
      teamId: team,
      name: key,
      document: { rungs: policies[key], catchAllPersonId: '@people/responder' },
    })),
    services: keys.map((key) => ({
      key,
      by: '@people/responder',
      teamId: team,
      name: key,
      policyId: `@escalationPolicies/${key}`,
      integrations: [{ kind: 'generic', name: 'sender', principalId: '@senders/sender' }],
    })),
    products: [
      {
        key: 'bench',
        by: '@people/responder',
        teamId: team,
        name: 'bench',
        serviceId: '@services/bench',
        countries: ['DE'],
      },
    ],
  });
};

/** `troubledUrl` is another provider, where the first way of the person with two lies. */
export async function prepareBench(stack: Stack, phoneUrl: string, troubledUrl: string): Promise<BenchWorld> {
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
  const { ids, tokens } = await install(stack.apiUrl, admin.token, setup(phoneUrl, troubledUrl));
  const pool = new Pool(stack.apiUrl, { connections: 64 });
  const serviceIdOf = (service: BenchService): string => ids.services?.[service] ?? '';
  const ask = async (method: 'GET' | 'POST', path: string, body: object | null, who: 'sender' | 'responder') => {
    const answer = await pool.request({
      path,
      method,
      headers: {
        authorization: `Bearer ${tokens.get(who) ?? ''}`,
        ...(body === null ? {} : { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      body: body === null ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { ok: answer.statusCode < 300, status: answer.statusCode, body: parsed };
  };
  const send: BenchWorld['send'] = (path, body, who = 'sender') => ask('POST', path, body, who);
  return {
    stack,
    serviceId: serviceIdOf('bench'),
    serviceIdOf,
    send,
    async trigger(service, dedupKey, severity = 2) {
      const alert = { action: 'trigger', dedupKey, severity, title: 'bench' };
      const answer = await send(`/v1/services/${serviceIdOf(service)}/alerts`, alert);
      return answer.ok ? String(answer.body['escalationId']) : null;
    },
    get: async (path) => (await ask('GET', path, null, 'responder')).body,
    close: () => pool.close(),
  };
}
