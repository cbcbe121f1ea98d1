import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';

let api: TestApi;
let admin: Caller;
let cli: ReturnType<Awaited<ReturnType<typeof listen>>>;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  const as = await listen(api.app);
  admin = await api.principal({ roles: ['admin'] });
  cli = as(admin.token);
  folder = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.stop();
});

const person = (key: string, roles: readonly string[]) => ({
  key,
  name: `The ${key}`,
  roles: roles.map((role) => ({ role, teamId: '@teams/integrity' })),
  contactMethods: [{ key: 'phone', channel: 'console', address: `${key}@example.test` }],
  notificationRules: {
    high: [{ contactMethod: 'phone', delayMinutes: 0 }],
    low: [{ contactMethod: 'phone', delayMinutes: 30 }],
  },
});
const layer = {
  id: 'primary',
  rotation: { kind: 'weekly' },
  start: '2026-01-05T09:00',
  participants: ['@people/first', '@people/second'],
};
const setup = {
  teams: [{ key: 'integrity', name: 'Integrity' }],
  people: [
    person('first', ['responder']),
    person('second', ['responder']),
    person('scientist', ['protection_scientist']),
    person('policy', ['policy']),
  ],
  senders: [{ key: 'platform', name: 'Platform', roles: [{ role: 'integration', teamId: '@teams/integrity' }] }],
  schedules: [
    {
      key: 'primary',
      name: 'Primary',
      teamId: '@teams/integrity',
      document: {
        zone: 'Europe/London',
        layers: [layer],
        overrides: [
          {
            id: 'o1',
            kind: 'replace',
            layerId: null,
            personId: '@people/first',
            byPersonId: '@people/second',
            startAt: '2026-02-01T09:00:00Z',
            endAt: '2026-02-01T17:00:00+00:00',
          },
        ],
      },
    },
  ],
  escalationPolicies: [
    {
      key: 'default',
      name: 'Default',
      teamId: '@teams/integrity',
      document: {
        rungs: [{ targets: [{ kind: 'schedule', scheduleId: '@schedules/primary' }], ackWithinMs: 300_000 }],
        catchAllPersonId: '@people/second',
      },
    },
  ],
  services: [
    {
      key: 'outreach',
      name: 'Outreach',
      teamId: '@teams/integrity',
      policyId: '@escalationPolicies/default',
      integrations: [{ kind: 'generic', name: 'Platform', principalId: '@senders/platform' }],
    },
  ],
  products: [
    {
      key: 'outreach',
      name: 'Outreach',
      teamId: '@teams/integrity',
      serviceId: '@services/outreach',
      countries: ['DE', 'FR'],
    },
  ],
  policies: [{ key: 'fraud', title: 'Fraud', harm: 'fraud', by: '@people/policy', body: 'What counts as fraud.' }],
  queues: [{ key: 'general', title: 'General', teamId: '@teams/integrity', harms: [] }],
  detectors: [
    {
      key: 'velocity',
      productId: '@products/outreach',
      kind: 'sql',
      harm: 'fraud',
      severity: 2,
      title: 'Too many at once',
      by: '@people/scientist',
      version: {
        definition: {
          kind: 'sql',
          sql: 'SELECT account_ref, 1.0 AS score, array_agg(id) AS event_ids FROM product_events WHERE product_id = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY account_ref',
          windowMs: 600_000,
          canary: { kind: 'message', attributes: {}, text: null },
        },
        threshold: 0.5,
        maturity: 'M2',
      },
    },
  ],
};
const apply = (document: object, ...more: string[]) =>
  cli(['config', 'apply', '--file', '-', '--tokens', join(folder, 'tokens'), '--json', ...more], {
    input: JSON.stringify(document),
  });

interface Applied {
  readonly items: readonly {
    readonly section: string;
    readonly key: string;
    readonly id: string;
    readonly outcome: string;
  }[];
  readonly ids: Record<string, Record<string, string>>;
}

describe('vigil config apply', () => {
  it('creates everything in the order of its needs, and does nothing the second time', async () => {
    const first = await apply(setup);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.json<Applied>().items.map(({ outcome }) => outcome)).toEqual(
      first.json<Applied>().items.map(() => 'created'),
    );
    expect(first.json<Applied>().items).toHaveLength(13);
    const second = await apply(setup);
    expect(second.json<Applied>().items.filter(({ outcome }) => outcome !== 'unchanged')).toEqual([]);
    expect(second.json<Applied>().ids).toEqual(first.json<Applied>().ids);
    const { ids } = first.json<Applied>();
    const detector = await admin.call('GET', `/v1/detectors/${ids['detectors']?.['velocity']}`);
    expect(detector.json()).toMatchObject({ ownerId: ids['people']?.['scientist'] });
  });

  it('changes what can change, says what cannot, and goes on where it was', async () => {
    const changed = structuredClone(setup);
    changed.schedules[0]!.document.zone = 'Europe/Paris';
    changed.policies[0]!.body = 'What counts as fraud, better said.';
    changed.people[0]!.roles.push({ role: 'oncall_manager', teamId: '@teams/integrity' });
    changed.queues[0]!.title = 'Another title';
    const result = await apply(changed);
    expect(result.code).toBe(3);
    const outcomes = Object.fromEntries(
      result.json<Applied>().items.map(({ section, key, outcome }) => [`${section}/${key}`, outcome]),
    );
    expect(outcomes).toMatchObject({
      'schedules/primary': 'changed',
      'policies/fraud': 'changed',
      'people/first': 'changed',
      'people/second': 'unchanged',
      'queues/general': 'differs',
      'services/outreach': 'unchanged',
    });
    const { ids } = result.json<Applied>();
    const versions = await admin.call('GET', `/v1/policies/${ids['policies']?.['fraud']}/versions`);
    expect(versions.json().items).toHaveLength(2);
  });

  it('keeps a token of each person that works and that nobody else can read', async () => {
    const files = readdirSync(join(folder, 'tokens'));
    expect(files.sort()).toEqual(['first', 'platform', 'policy', 'scientist', 'second']);
    const file = join(folder, 'tokens', 'first');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, 'utf8');
    const mine = await cli(['token', 'list', '--json', '--token-file', file]);
    const [token] = mine.json<{ id: string }[]>();
    expect(mine.code).toBe(0);
    await cli(['token', 'revoke', token!.id, '--token-file', file]);
    expect((await cli(['token', 'list', '--token-file', file])).code).toBe(4);
    expect((await apply(setup)).code).not.toBe(4);
    expect(readFileSync(file, 'utf8')).not.toBe(before);
    expect((await cli(['token', 'list', '--token-file', file])).code).toBe(0);
  });

  it('names every place that is wrong before it does anything', async () => {
    const file = join(folder, 'setup.json');
    writeFileSync(
      file,
      JSON.stringify({
        teams: [
          { key: 'a', name: 'A' },
          { key: 'a', name: 'A' },
        ],
      }),
    );
    expect(await cli(['config', 'apply', '--file', file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('the key a is there twice'),
    });
    const unknown = await apply({ teamz: [], people: [{ key: 'x' }] });
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringMatching(/teamz[\s\S]*\/people\/0\/name|\/people\/0\/name[\s\S]*teamz/),
    });
    const dangling = await apply({ products: [{ key: 'p', teamId: '@teams/nobody' }] });
    expect(dangling).toMatchObject({ code: 2, err: expect.stringContaining('@teams/nobody') });
    expect(await cli(['config', 'apply', '--file', '-'], { input: '{' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not JSON'),
    });
    expect(await cli(['config', 'apply', '--file', join(folder, 'none.json')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('ENOENT'),
    });
  });
});
