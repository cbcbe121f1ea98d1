import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acknowledge, change, event, resolve, trigger } from '@pagerduty/pdjs';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { processEnvironment } from '#config/env.ts';
import { createPhones } from '#demo/simulators/phones.ts';
import { createSupervisor } from '#scripts/processes.ts';
import type { Supervisor } from '#scripts/processes.ts';
import { signingSecretFile, startStack } from '#scripts/stack.ts';
import { setUpOnePhone } from '../support/one-phone.ts';
import type { OnePhone } from '../support/one-phone.ts';
import { startPagerduty } from '../support/pagerduty.ts';
import type { SimulatedPagerduty } from '../support/pagerduty.ts';
import { startTlsFront } from '../support/tls-front.ts';
import type { TlsFront } from '../support/tls-front.ts';
import { eventually } from '../support/vigil.ts';

const directory = mkdtempSync(join(tmpdir(), 'vigil-pagerduty-client-'));
let supervisor: Supervisor;
let phones: FastifyInstance;
let phonesUrl: string;
let pagerduty: SimulatedPagerduty;
let world: OnePhone;
let front: TlsFront;
/** All that the client is told anew: where it sends to. The agent believes the test's certificate. */
let where: { readonly server: string; readonly agent: Agent };
let routingKey: string;

beforeAll(async () => {
  supervisor = await createSupervisor({ directory });
  phones = createPhones({ secret: readFileSync(signingSecretFile(directory), 'utf8').trim() });
  phonesUrl = await phones.listen({ host: '127.0.0.1', port: 0 });
  pagerduty = await startPagerduty();
  const mirrors = join(directory, 'mirrors');
  writeFileSync(mirrors, `service=${'0a'.repeat(16)}\n`);
  const stack = await startStack({
    supervisor,
    directory,
    environment: processEnvironment,
    settings: {
      VIGIL_OUTGOING_ALLOW: `${new URL(phonesUrl).host},${pagerduty.hostPort}`,
      VIGIL_EVENTS_RATE_LIMIT: '40',
      VIGIL_PAGERDUTY_MIRRORS_FILE: mirrors,
      VIGIL_PAGERDUTY_EVENTS_URL: `${pagerduty.url}/v2/enqueue`,
    },
  });
  world = await setUpOnePhone(stack, 'Ann', `${phonesUrl}/phones/ann/pages`);
  front = await startTlsFront(stack.apiUrl);
  where = { server: front.host, agent: new Agent({ ca: front.ca }) };
  routingKey = await integrate();
});
afterAll(async () => {
  where?.agent.destroy();
  await front?.close();
  await supervisor?.stopAll();
  await phones?.close();
  await pagerduty?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function integrate(): Promise<string> {
  const made = await world.call('POST', `/v1/services/${world.serviceId}/integrations`, {
    kind: 'pagerduty_events_v2',
    name: 'monitor',
  });
  return (made['key'] as { key: string }).key;
}

interface Arrival {
  readonly escalationId: string;
  readonly kind: string;
  readonly title: string;
}
const arrivals = async (): Promise<Arrival[]> => {
  const { records } = (await (await fetch(`${phonesUrl}/log`)).json()) as { records: { page?: Arrival }[] };
  return records.flatMap(({ page }) => (page === undefined ? [] : [page]));
};
const arrived = (title: string, kind = 'page') =>
  eventually(`${kind} of ${title}`, async () =>
    (await arrivals()).find((page) => page.kind === kind && page.title.endsWith(title)),
  );
const statusOf = async (escalationId: string) => (await world.call('GET', `/v1/escalations/${escalationId}`))['status'];

/** Waits until PagerDuty, where escalations are shown too, says so of that one. */
const shownAtPagerduty = (escalationId: string, status: string) =>
  eventually(`it is shown as ${status}`, async () =>
    (await pagerduty.incidents()).some((one) => one.dedupKey === `vigil:${escalationId}` && one.status === status),
  );

const data = (summary: string, more: { dedup_key?: string; routing_key?: string } = {}) => ({
  routing_key: routingKey,
  event_action: 'trigger' as const,
  payload: { summary, source: 'db-1', severity: 'critical' as const, custom_details: { used: '98 %' } },
  ...more,
});

it('case 21: the real PagerDuty client triggers a page and resolves it', async () => {
  const triggered = await event({ ...where, data: data('Disk full') });
  expect([triggered.status, triggered.data]).toEqual([
    202,
    { status: 'success', message: 'Event processed', dedup_key: expect.stringMatching(/^[\da-f-]{36}$/) },
  ]);
  const { escalationId } = await arrived('Disk full');
  await shownAtPagerduty(escalationId, 'triggered');
  const resolved = await resolve({ ...where, data: data('Disk full', { dedup_key: triggered.data.dedup_key }) });
  expect([resolved.status, resolved.data]).toEqual([202, triggered.data]);
  await arrived('Disk full', 'resolved');
  await eventually('it is resolved', async () => (await statusOf(escalationId)) === 'resolved');
  await shownAtPagerduty(escalationId, 'resolved');
});

it('case 21: a trigger while a person has it pages nobody; after the resolve it opens another', async () => {
  const { data: answer } = await trigger({ ...where, data: data('Queue late', { dedup_key: 'queue' }) });
  expect(answer.dedup_key).toBe('queue');
  const { escalationId } = await arrived('Queue late');
  await shownAtPagerduty(escalationId, 'triggered');
  // What a sender says of an acknowledgement stops nothing: only people acknowledge.
  expect((await acknowledge({ ...where, data: data('Queue late', { dedup_key: 'queue' }) })).status).toBe(202);
  expect(await statusOf(escalationId)).toBe('triggered');
  await world.call('POST', `/v1/escalations/${escalationId}/acknowledgements`, {});
  await shownAtPagerduty(escalationId, 'acknowledged');
  for (const _ of [1, 2]) await trigger({ ...where, data: data('Queue late', { dedup_key: 'queue' }) });
  expect(await world.call('GET', `/v1/escalations/${escalationId}`)).toMatchObject({
    status: 'acknowledged',
    alertCount: 3,
  });

  // Another routing key of the same service means another alert.
  const other = await integrate();
  await resolve({ ...where, data: data('Queue late', { dedup_key: 'queue', routing_key: other }) });
  expect(await statusOf(escalationId)).toBe('acknowledged');

  await resolve({ ...where, data: data('Queue late', { dedup_key: 'queue' }) });
  await arrived('Queue late', 'resolved');
  await eventually('it is resolved', async () => (await statusOf(escalationId)) === 'resolved');
  await trigger({ ...where, data: data('Queue late again', { dedup_key: 'queue' }) });
  const second = await arrived('Queue late again');
  expect(second.escalationId).not.toBe(escalationId);
  expect((await arrivals()).filter((page) => page.escalationId === escalationId && page.kind === 'page')).toHaveLength(
    1,
  );
});

it('case 21: its change events stand beside the escalation, and page nobody', async () => {
  const before = (await arrivals()).length;
  // The client's types demand of a change what only an alert has.
  const told = await change({
    ...where,
    data: {
      routing_key: routingKey,
      payload: { summary: 'Deployed 2.1', timestamp: new Date().toISOString(), custom_details: { build: 2 } },
      links: [{ href: 'https://build.example/2' }],
    },
  } as unknown as Parameters<typeof change>[0]);
  expect([told.status, told.data]).toEqual([202, { status: 'success', message: 'Change event processed' }]);
  const { escalationId } = await arrived('Queue late again');
  const listed = await world.call('GET', `/v1/services/${world.serviceId}/change-events`);
  expect(listed['items']).toMatchObject([{ summary: 'Deployed 2.1', details: { build: 2 } }]);
  const story = await world.call('GET', `/v1/escalations/${escalationId}/timeline`);
  expect(story['changes']).toMatchObject([{ summary: 'Deployed 2.1' }]);
  expect((await arrivals()).length).toBe(before);
});

it('case 21: it is told what is invalid, and waits and sends again when there is too much', async () => {
  const refused = await trigger({ ...where, data: data('x'.repeat(1_025)) });
  expect([refused.status, refused.data]).toMatchObject([400, { status: 'invalid event' }]);
  const unknown = await trigger({ ...where, data: data('Disk full', { routing_key: 'f'.repeat(32) }) });
  expect(unknown.data).toEqual({
    status: 'invalid event',
    message: 'Event object is invalid',
    errors: ['Invalid routing key'],
  });
  const third = await integrate();
  const bombard = () =>
    trigger({ ...where, retryTimeout: 50, data: data('Storm', { routing_key: third, dedup_key: 'storm' }) });
  const answers = await Promise.all(Array.from({ length: 41 }, bombard));
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([...Array.from({ length: 40 }, () => 202), 429]);
  const limited = answers.find(({ status }) => status === 429);
  expect(limited?.data).toMatchObject({ status: 'throttle exceeded' });
  expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
});
