import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processEnvironment } from '#config/env.ts';
import { sha256Hex } from '#db/ids.ts';
import { createPhones } from '#demo/simulators/phones.ts';
import { createSupervisor } from '#scripts/processes.ts';
import type { Supervisor } from '#scripts/processes.ts';
import { signingSecretFile, startStack } from '#scripts/stack.ts';
import type { Stack } from '#scripts/stack.ts';
import { findAlertmanager, noAlertmanager, startAlertmanager } from '../support/alertmanager.ts';
import type { Alertmanager } from '../support/alertmanager.ts';
import { setUpOnePhone } from '../support/one-phone.ts';
import type { OnePhone } from '../support/one-phone.ts';
import { eventually } from '../support/vigil.ts';

const executable = findAlertmanager();
if (executable === null) console.warn(`skipped: ${noAlertmanager}`);

const doors = ['webhook', 'pagerduty', 'opsgenie', 'all', 'cut'] as const;
type Door = (typeof doors)[number];
const directory = mkdtempSync(join(tmpdir(), 'vigil-alertmanager-'));
let supervisor: Supervisor;
let phones: FastifyInstance;
let phonesUrl: string;
let stack: Stack;
let world: OnePhone;
let integrations: Record<Door, { id: string; key: string }>;
let alertmanager: Alertmanager;
let database: pg.Client;

async function setUp(command: string): Promise<void> {
  supervisor = await createSupervisor({ directory });
  phones = createPhones({ secret: readFileSync(signingSecretFile(directory), 'utf8').trim() });
  phonesUrl = await phones.listen({ host: '127.0.0.1', port: 0 });
  stack = await startStack({
    supervisor,
    directory,
    environment: processEnvironment,
    settings: { VIGIL_OUTGOING_ALLOW: new URL(phonesUrl).host },
  });
  database = new pg.Client({ connectionString: stack.urls.owner });
  await database.connect();
  world = await setUpOnePhone(stack, 'Ann', `${phonesUrl}/phones/ann/pages`);
  const made = doors.map(async (door) => {
    const kind = door === 'pagerduty' ? 'pagerduty_events_v2' : door === 'opsgenie' ? 'opsgenie' : 'alertmanager';
    const row = await world.call('POST', `/v1/services/${world.serviceId}/integrations`, { kind, name: door });
    return [door, { id: String(row['id']), key: (row['key'] as { key: string }).key }] as const;
  });
  integrations = Object.fromEntries(await Promise.all(made)) as typeof integrations;
  alertmanager = await startAlertmanager({ executable: command, supervisor, directory }, configuration());
}

/** As docs/senders.md says, but for the times. */
function configuration(): object {
  const webhook = (door: Door, more: object = {}) => ({
    webhook_configs: [{ url: `${stack.apiUrl}/v1/intake/alertmanager/${integrations[door].key}`, ...more }],
  });
  const pagerduty = (door: Door) => ({
    pagerduty_configs: [
      {
        routing_key: integrations[door].key,
        url: `${stack.apiUrl}/v2/enqueue`,
        // Without it Alertmanager says error of everything, and a door that says worse would page again.
        severity: '{{ .CommonLabels.severity }}',
      },
    ],
  });
  const opsgenie = (door: Door) => ({
    opsgenie_configs: [{ api_key: integrations[door].key, api_url: `${stack.apiUrl}/`, priority: 'P1' }],
  });
  const bearer = { credentials: integrations.all.key };
  const withHeader = {
    webhook_configs: [{ url: `${stack.apiUrl}/v1/intake/alertmanager`, http_config: { authorization: bearer } }],
  };
  const receivers: Record<Door, object> = {
    webhook: webhook('webhook'),
    pagerduty: pagerduty('pagerduty'),
    opsgenie: opsgenie('opsgenie'),
    all: { ...withHeader, ...pagerduty('all'), ...opsgenie('all') },
    cut: webhook('cut', { max_alerts: 1 }),
  };
  return {
    route: {
      receiver: 'webhook',
      group_by: ['alertname'],
      group_wait: '1s',
      group_interval: '1s',
      repeat_interval: '1h',
      routes: doors.map((door) => ({ matchers: [`door="${door}"`], receiver: door })),
    },
    receivers: doors.map((door) => ({ name: door, ...receivers[door] })),
  };
}

interface Escalation {
  readonly id: string;
  readonly status: string;
  readonly alertCount: number;
}
/** Alertmanager's own key of a group, as each door makes it one of its integration. */
const keyOf = (door: Door, alertname: string) => {
  const groupKey = `{}/{door="${door}"}:{alertname="${alertname}"}`;
  return `${integrations[door].id}:${sha256Hex(groupKey)}`;
};
async function escalationsOf(door: Door, alertname: string): Promise<Escalation[]> {
  const { rows } = await database.query<Escalation>(
    'SELECT id, status, alert_count::integer AS "alertCount" FROM escalations WHERE dedup_key = $1',
    [keyOf(door, alertname)],
  );
  return rows;
}
const only = async (door: Door, alertname: string): Promise<Escalation | null> => {
  const found = await escalationsOf(door, alertname);
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0] ?? null;
};
const statusBecomes = (door: Door, alertname: string, status: string) =>
  eventually(`${alertname} is ${status}`, async () => (await only(door, alertname))?.status === status, 60_000);

const alert = (door: Door, alertname: string, instance: string, isOver = false) => ({
  labels: { alertname, instance, door, severity: 'critical' },
  annotations: { summary: 'The same words for all' },
  ...(isOver ? { endsAt: new Date(Date.now() - 1_000).toISOString() } : {}),
});
const pagesOf = async (escalationId: string): Promise<number> => {
  const { records } = (await (await fetch(`${phonesUrl}/log`)).json()) as {
    records: { page?: { escalationId: string; kind: string } }[];
  };
  return records.filter(({ page }) => page?.escalationId === escalationId && page.kind === 'page').length;
};

describe.skipIf(executable === null)('a real Alertmanager', () => {
  beforeAll(() => setUp(executable ?? ''));
  afterAll(async () => {
    await database?.end();
    await supervisor?.stopAll();
    await phones?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(['webhook', 'pagerduty', 'opsgenie', 'all'] as const)(
    'case 22: by %s opens one escalation a group, keeps it open while anything fires, and resolves it',
    async (door) => {
      const name = `Case-${door}`;
      await alertmanager.report(alert(door, name, 'a'), alert(door, name, 'b'), alert(door, `${name}-other`, 'a'));
      const opened = await eventually('the group is open', async () => {
        const found = await only(door, name);
        return found?.status === 'triggered' ? found : null;
      });
      await eventually('Ann is paged', async () => (await pagesOf(opened.id)) > 0);
      await eventually('the other group is open', async () => (await only(door, `${name}-other`)) !== null);
      // All receivers of the integration have told of it before the next change.
      if (door === 'all')
        await eventually('all three told', async () => ((await only(door, name))?.alertCount ?? 0) >= 3);

      const { alertCount: before = 0 } = (await only(door, name)) ?? {};
      await alertmanager.report(alert(door, name, 'b', true));
      await eventually('the partial resolve arrived', async () => ((await only(door, name))?.alertCount ?? 0) > before);
      expect((await only(door, name))?.status).toBe('triggered');

      await alertmanager.report(alert(door, name, 'a', true));
      await statusBecomes(door, name, 'resolved');
      expect(await pagesOf(opened.id)).toBe(1);
      expect((await only(door, `${name}-other`))?.status).toBe('triggered');
    },
  );

  it('case 22: that leaves alerts out of its messages says resolved of the rest, and is not believed', async () => {
    await alertmanager.report(alert('cut', 'Cut', 'a'), alert('cut', 'Cut', 'b'));
    const opened = await eventually('the group is open', () => only('cut', 'Cut'));
    await alertmanager.report(alert('cut', 'Cut', 'a', true), alert('cut', 'Cut', 'b', true));
    const noted = async () => {
      const { items } = await world.call('GET', `/v1/alert-events?escalationId=${opened.id}`);
      return (items as { action: string; disposition: string }[]).find(({ disposition }) => disposition === 'noted');
    };
    expect(await eventually('the end of the rest is noted', noted)).toMatchObject({ action: 'resolve' });
    expect((await only('cut', 'Cut'))?.status).not.toBe('resolved');
  });

  it('case 22: sends again what Vigil could not take, and it is one escalation', async () => {
    await stack.api.kill();
    const before = await alertmanager.failures();
    await alertmanager.report(alert('webhook', 'Away', 'a'));
    await eventually('Alertmanager tried in vain', async () => (await alertmanager.failures()) > before, 60_000);
    await stack.api.start();
    await statusBecomes('webhook', 'Away', 'triggered');
    expect(await escalationsOf('webhook', 'Away')).toHaveLength(1);
  });
});
