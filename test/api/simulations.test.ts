import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { roundRobinTurns } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';

let api: TestApi;
let responder: Caller;
let as: Awaited<ReturnType<typeof listen>>;
let cli: ReturnType<typeof as>;
let ids: Record<string, Record<string, string>>;
let path: string;

const someone = (key: string, high: readonly object[]) => ({
  key,
  name: key[0]?.toUpperCase() + key.slice(1),
  contactMethods: [
    { key: 'push', channel: 'push', address: `push:${key}` },
    { key: 'hook', channel: 'webhook', address: `https://phone.example/${key}` },
  ],
  notificationRules: { high, low: [{ contactMethod: 'push', delayMinutes: 0 }] },
});
const push = { contactMethod: 'push', delayMinutes: 0 };
const setup = {
  teams: [{ key: 'team', name: 'Team' }],
  people: [
    someone('ann', [push, { contactMethod: 'hook', delayMinutes: 2 }]),
    someone('bob', [push]),
    someone('cid', [push]),
    someone('zoe', [push]),
  ],
  schedules: [
    {
      key: 'primary',
      name: 'Primary',
      teamId: '@teams/team',
      document: {
        zone: 'Europe/London',
        layers: [
          {
            id: 'base',
            rotation: { kind: 'daily' },
            start: '2026-12-26T09:00',
            participants: ['@people/ann', '@people/bob'],
          },
        ],
      },
    },
  ],
  escalationPolicies: [
    {
      key: 'default',
      name: 'Default',
      teamId: '@teams/team',
      document: {
        rungs: [
          { targets: [{ kind: 'schedule', scheduleId: '@schedules/primary' }], ackWithinMs: 300_000 },
          { targets: [{ kind: 'person', personId: '@people/cid' }], ackWithinMs: 300_000 },
        ],
        catchAllPersonId: '@people/zoe',
      },
    },
  ],
};

beforeAll(async () => {
  api = await startTestApi();
  as = await listen(api.app);
  const admin = as((await api.principal({ roles: ['admin'] })).token);
  const applied = await admin(['config', 'apply', '--file', '-', '--json'], { input: JSON.stringify(setup) });
  expect(applied).toMatchObject({ code: 0, err: '' });
  ids = applied.json<{ ids: typeof ids }>().ids;
  responder = await api.principal({ roles: ['responder'] });
  cli = as(responder.token);
  path = `/v1/escalation-policies/${ids['escalationPolicies']?.['default']}/simulations`;
});
afterAll(() => api?.stop());

const idOf = (key: string): string => ids['people']?.[key] ?? '';
const at = '2026-12-27T03:10:00Z';

async function rowCounts(): Promise<Record<string, number>> {
  const { rows } = await api.db.execute<{ name: string }>(
    sql`SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of rows) {
    const counted = await api.db.execute<{ n: string }>(sql`SELECT count(*) AS n FROM ${sql.identifier(name)}`);
    counts[name] = Number(counted.rows[0]?.n);
  }
  return counts;
}

describe('POST /v1/escalation-policies/{id}/simulations', () => {
  it('says who would be paged when, by which way and why', async () => {
    const answer = await responder.call('POST', path, { at });
    expect(answer.statusCode, answer.body).toBe(200);
    const { pages, status, people, ...rest } = answer.json();
    expect(rest).not.toHaveProperty('snapshot');
    expect(status).toBe('exhausted');
    expect(
      pages.map((page: Record<string, unknown>) => [page['at'], page['personId'], page['channel'], page['reason']]),
    ).toEqual([
      ['2026-12-27T03:10:00.000Z', idOf('ann'), 'push', 'rung'],
      ['2026-12-27T03:12:00.000Z', idOf('ann'), 'webhook', 'personal_rule'],
      ['2026-12-27T03:15:00.000Z', idOf('cid'), 'push', 'rung'],
      ['2026-12-27T03:20:00.000Z', idOf('zoe'), 'push', 'catch_all'],
    ]);
    expect(pages[1]).toMatchObject({
      ruleDelayMinutes: 2,
      source: { kind: 'schedule', scheduleId: ids['schedules']?.['primary'], scheduleVersion: 1, layerId: 'base' },
    });
    expect(people).toContainEqual({ id: idOf('bob'), name: 'Bob' });
  });

  it('sends nothing and writes nothing, not even a turn of a round robin', async () => {
    const scheduleId = ids['schedules']?.['primary'] ?? '';
    await api.db.insert(roundRobinTurns).values({ scheduleId, turn: 4 });
    const before = await rowCounts();
    const answer = await responder.call('POST', path, { at, silentIds: [idOf('ann')], withSnapshot: true });
    expect(answer.json()).toMatchObject({
      status: 'acknowledged',
      snapshot: { turns: { [scheduleId]: 4 }, people: expect.any(Array) },
    });
    expect(await rowCounts()).toEqual(before);
    expect((await api.db.select().from(roundRobinTurns))[0]?.turn).toBe(4);
    await api.db.delete(roundRobinTurns);
  });

  it('holds no address of anybody', async () => {
    const answer = await responder.call('POST', path, { at, withSnapshot: true });
    expect(answer.body).not.toMatch(/push:ann|phone\.example/);
  });

  it('is for those who answer pages, and of their own team', async () => {
    const reviewer = await api.principal({ roles: ['reviewer'] });
    expect((await reviewer.call('POST', path, { at })).statusCode).toBe(403);
    const stranger = await api.principal({ roles: ['responder'], teamId: await api.team() });
    expect((await stranger.call('POST', path, { at })).statusCode).toBe(404);
    const unknown = `/v1/escalation-policies/${newId('escalationPolicy')}/simulations`;
    expect((await responder.call('POST', unknown, { at })).statusCode).toBe(404);
  });

  it.each([{}, { at: 'soon' }, { at, hours: 73 }, { at, severity: 5 }, { at, acknowledgements: [{ personId: 'x' }] }])(
    'refuses %j',
    async (body) => {
      expect((await responder.call('POST', path, body)).statusCode).toBe(422);
    },
  );
});

describe('vigil simulate', () => {
  const simulate = (...more: string[]) =>
    cli(['simulate', '--policy', 'default', '--at', '2026-12-27T03:10', '--zone', 'Europe/London', ...more]);

  it('tells it as a story, by names and in the zone that was asked for', async () => {
    const told = await simulate();
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toBe(
      [
        'policy version 1, high urgency, from 2026-12-27 03:10:00 to 2026-12-27 09:10:00 in Europe/London',
        '',
        '2026-12-27 03:10:00  +0:00:00  paged Ann by push: their rung, rung 1 of pass 1, rule at once, on call in primary version 1, layer base',
        '2026-12-27 03:12:00  +0:02:00  paged Ann by webhook: their next rule, rung 1 of pass 1, rule after 2 min, on call in primary version 1, layer base',
        '2026-12-27 03:15:00  +0:05:00  paged Cid by push: their rung, rung 2 of pass 1, rule at once',
        '2026-12-27 03:20:00  +0:10:00  exhausted: no rung is left',
        '2026-12-27 03:20:00  +0:10:00  paged Zoe by push: they are the catch-all, rule at once',
        '',
        'in the end: exhausted',
        '',
      ].join('\n'),
    );
  });

  it('knows people by their names, and lets the others answer', async () => {
    const told = await simulate('--silent', 'ann', '--hours', '1');
    expect(told.out).toContain('Cid acknowledged');
    const given = await simulate('--ack', 'Ann@1', '--json');
    expect(given.json()).toMatchObject({ status: 'acknowledged', pages: [{ personId: idOf('ann') }] });
  });

  it('says whom it does not know, and what it cannot read', async () => {
    expect(await simulate('--silent', 'Nobody')).toMatchObject({ code: 2, out: '' });
    expect((await simulate('--silent', 'Nobody')).err).toContain('there are Ann, Bob, Cid, Zoe');
    expect((await simulate('--ack', 'Ann')).err).toContain('give it as Ann@12');
    expect(await simulate('--zone', 'London')).toMatchObject({ code: 2 });
    expect((await cli(['simulate', '--policy', 'other', '--at', '1h'])).err).toContain('no escalation policy "other"');
  });

  it('needs a Temporal server for a simulation by the workflow itself', async () => {
    const run = await cli(['simulate', '--policy', 'default', '--at', '1h', '--durable'], {
      environment: { TEMPORAL_ADDRESS: '127.0.0.1:1' },
    });
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toContain('no Temporal server answers at 127.0.0.1:1');
  });
});
