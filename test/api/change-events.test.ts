import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hourMs, minuteMs } from '#domain/time.ts';
import { commands, escalations } from '#db/schema/index.ts';
import { awayTemporal, startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let manager: Caller;
let key: string;
beforeAll(async () => {
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
  const made = await manager.call('POST', `/v1/services/${world.serviceId}/integrations`, {
    kind: 'pagerduty_events_v2',
    name: 'pipeline',
  });
  key = made.json().key.key;
});

const change = (summary: string, more: object = {}, around: object = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/v2/change/enqueue',
    payload: { routing_key: key, payload: { summary, ...more }, ...around },
  });
const at = (ms: number) => new Date(ms).toISOString();
const path = () => `/v1/services/${world.serviceId}/change-events`;
const listed = async (query = '') => (await manager.call('GET', `${path()}${query}`)).json();
const summaries = (items: readonly { summary: string }[]) => items.map(({ summary }) => summary);

describe('case 21: changes of a service', () => {
  it('are kept as they were told, and page nobody', async () => {
    const before = [await api.db.$count(escalations), await api.db.$count(commands)];
    const details = { source: 'pipeline-7', timestamp: '2026-02-03T04:05:06.789+0000', custom_details: { build: 2 } };
    const links = [{ href: 'https://build.example/2', text: 'build' }, { href: 'javascript:alert(1)' }];
    const answer = await change('Deployed 2.1', details, { links });
    expect([answer.statusCode, answer.json()]).toEqual([202, { status: 'success', message: 'Change event processed' }]);
    expect((await listed()).items).toEqual([
      {
        id: expect.stringMatching(/^chg_/),
        serviceId: world.serviceId,
        reportedBy: expect.stringMatching(/^svc_/),
        summary: 'Deployed 2.1',
        source: 'pipeline-7',
        happenedAt: '2026-02-03T04:05:06.789Z',
        details: { build: 2 },
        links: [{ href: 'https://build.example/2', text: 'build' }],
        receivedAt: expect.any(String),
      },
    ]);
    expect([await api.db.$count(escalations), await api.db.$count(commands)]).toEqual(before);
  });

  it('happen now when they do not say when', async () => {
    const from = Date.now() - 1_000;
    for (const timestamp of [undefined, 'yesterday', 5]) await change('Deployed', { timestamp });
    for (const { happenedAt } of (await listed()).items) {
      expect(Date.parse(happenedAt)).toBeGreaterThan(from);
      expect(Date.parse(happenedAt)).toBeLessThan(Date.now() + 1_000);
    }
  });

  it('are listed page by page, the latest first, to who may see the service', async () => {
    for (const hour of [2, 5, 1, 4, 3])
      await change(`change ${hour}`, { timestamp: at(hour * hourMs + Date.UTC(2026, 0)) });
    const first = await listed('?limit=2');
    expect(summaries(first.items)).toEqual(['change 5', 'change 4']);
    const second = await listed(`?limit=3&cursor=${first.nextCursor}`);
    expect([summaries(second.items), second.nextCursor]).toEqual([['change 3', 'change 2', 'change 1'], null]);
    const stranger = await api.principal({ roles: ['responder'], teamId: await api.team() });
    expect((await stranger.call('GET', path())).statusCode).toBe(404);
  });

  it('stand on the timeline of an escalation: those of the hours before it, until its end', async () => {
    const openedAt = Date.now() - hourMs;
    await api.db
      .update(escalations)
      .set({ openedAt: new Date(openedAt) })
      .where(eq(escalations.id, world.escalationId));
    const told = [
      ['long before', openedAt - 6 * hourMs - minuteMs],
      ['shortly\nbefore', openedAt - 5 * minuteMs],
      ['hours before', openedAt - 6 * hourMs + minuteMs],
      ['a repair', openedAt + 10 * minuteMs],
      ['after its end', openedAt + 40 * minuteMs],
    ] as const;
    for (const [summary, happenedAt] of told) await change(summary, { timestamp: at(happenedAt) });
    const story = async (query = '') => manager.call('GET', `/v1/escalations/${world.escalationId}/timeline${query}`);
    expect(summaries((await story()).json().changes)).toEqual([
      'hours before',
      'shortly\nbefore',
      'a repair',
      'after its end',
    ]);
    const resolvedAt = new Date(openedAt + 30 * minuteMs);
    await api.db.update(escalations).set({ resolvedAt }).where(eq(escalations.id, world.escalationId));
    expect(summaries((await story()).json().changes)).toEqual(['hours before', 'shortly\nbefore', 'a repair']);
    expect((await story('?format=text')).body).toContain(
      `\nChanges of the service:\n${at(openedAt - 6 * hourMs + minuteMs)}  hours before\n${at(openedAt - 5 * minuteMs)}  shortly before\n`,
    );
  });

  it('stand there up to the last twenty', async () => {
    for (let minute = 1; minute <= 25; minute++)
      await change(`change ${minute}`, { timestamp: at(Date.now() - hourMs + minute * minuteMs) });
    const { changes } = (await manager.call('GET', `/v1/escalations/${world.escalationId}/timeline`)).json();
    expect(summaries(changes)).toEqual(Array.from({ length: 20 }, (_, index) => `change ${index + 6}`));
  });
});
