import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VigilError } from '#domain/errors.ts';
import { createIntake } from '#api/intake/intake.ts';
import { heartbeatMonitors } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { firingAlert, groupMessage, resolvedAlert, sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';

let api: TestApi;
let senders: Senders;
beforeAll(async () => {
  // Temporal is away in all of this file: intake does not ask it.
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  senders = await sendersOf(api);
});

const post = (source: string, key: string, body: unknown, end = '/') =>
  senders.post(`/integrations/v1/${source}/${key}${end}`, body);
/** The facts of the one escalation that is there. */
const onlyFacts = async () => {
  const [one, ...more] = await senders.openOnes();
  expect(more).toEqual([]);
  return senders.factsOf(one?.id ?? '');
};

/** As Grafana's unified alerting sends them. */
const grafanaMessage = (alerts: readonly { status: string }[]) => ({
  ...groupMessage(alerts),
  orgId: 1,
  version: '1',
  state: 'alerting',
  title: '[FIRING:1] HighLatency',
  message: '**Firing**',
});
const formatted = {
  alert_uid: '08d6891a-835c-e661-39fa-96b6a9e26552',
  title: 'The whole system is down',
  image_url: 'https://example.org/cat.jpg',
  state: 'alerting',
  link_to_upstream_details: 'https://example.org/downtime',
  message: 'Something happened. Oh no!',
};

describe("an address of Grafana OnCall's", () => {
  it.each([
    ['alertmanager', 'alertmanager', groupMessage([firingAlert('a')]), groupMessage([resolvedAlert('a')])],
    ['grafana', 'grafana', grafanaMessage([firingAlert('a')]), grafanaMessage([resolvedAlert('a')])],
    ['grafana_alerting', 'grafana', grafanaMessage([firingAlert('a')]), grafanaMessage([resolvedAlert('a')])],
    ['formatted_webhook', 'generic', formatted, { ...formatted, state: 'ok', message: 'Fine again' }],
    [
      'webhook',
      'generic',
      { id: 7, title: 'Disk is full', state: 'alerting' },
      { id: 7, title: 'Disk is fine', state: 'ok' },
    ],
    [
      'zabbix',
      'generic',
      { alert_uid: '7', title: 'Disk is full', state: 'alerting' },
      { alert_uid: '7', title: 'Disk is full', state: 'OK' },
    ],
  ])('%s takes what its senders send, until it is over', async (source, kind, firing, over) => {
    const { key } = await senders.make(kind);
    for (const [body, end] of [
      [firing, '/'],
      [firing, ''],
      [over, '/'],
    ] as const) {
      const answer = await post(source, key, body, end);
      expect([answer.statusCode, answer.json(), answer.headers['content-type']]).toEqual([
        200,
        'Ok.',
        expect.stringContaining('application/json'),
      ]);
    }
    expect(await onlyFacts()).toEqual(['trigger opened', 'resolve resolved']);
  });

  it('is one with the address of the same reader here: the same alert is the same escalation', async () => {
    const { key } = await senders.make('alertmanager');
    await post('alertmanager', key, groupMessage([firingAlert('a')]));
    const here = await senders.post(`/v1/intake/alertmanager/${key}`, groupMessage([firingAlert('a')]));
    expect(here.json().accepted).toMatchObject([{ disposition: 'merged' }]);
  });

  it('takes any webhook without a mapping: the same body again is the same alert', async () => {
    const { key } = await senders.make('generic');
    for (const body of [{ text: 'odd' }, { text: 'odd' }, { text: 'other' }, ['a', 'list'], 'null', 'true'])
      expect((await post('webhook', key, body)).statusCode).toBe(200);
    const opened = await senders.openOnes();
    expect(new Set(opened.map(({ title }) => title))).toEqual(new Set(['An alert without a title']));
    expect(opened.map(({ alertCount }) => alertCount).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 1, 2]);
  });

  it('reads by the mapping of its integration where there is one', async () => {
    const { key } = await senders.make('generic', {
      mapping: { dedupKey: { from: ['/host'] }, title: { from: ['/text'] }, severity: { from: ['/p'] } },
    });
    expect((await post('webhook', key, { host: 'db1', text: 'Disk is full', p: 'P1' })).statusCode).toBe(200);
    expect(await senders.openOnes()).toMatchObject([{ title: 'Disk is full', severity: 1 }]);
    const refused = await post('webhook', key, { text: 'nameless' });
    expect([refused.statusCode, refused.json().errors[0].pointer]).toEqual([400, '/body/host']);
  });

  it('refuses what its format is not, and keys that open nothing', async () => {
    const { key } = await senders.make('alertmanager');
    const unread = await post('alertmanager', key, { alerts: 7 });
    expect([unread.statusCode, unread.json().code]).toEqual([400, 'intake.unreadable']);
    expect((await post('alertmanager', key, '{"half')).statusCode).toBe(400);
    for (const shown of ['x', 'Zk3vQ8mX1tB6nR9wLc5yHd7Fs', `${key}0`]) {
      for (const method of ['POST', 'GET'] as const) {
        const answer = await api.app.inject({ method, url: `/integrations/v1/alertmanager/${shown}/`, payload: {} });
        expect([answer.statusCode, answer.json().code]).toEqual([404, 'intake.key_unknown']);
      }
    }
  });

  it('says that it is known to whoever looks, and reports nothing', async () => {
    const { key } = await senders.make('alertmanager');
    for (const method of ['GET', 'HEAD'] as const)
      expect((await api.app.inject({ method, url: `/integrations/v1/alertmanager/${key}/` })).statusCode).toBe(200);
    expect(await senders.openOnes()).toEqual([]);
  });

  it('says 503 when too much comes, which Alertmanager repeats, and never 429', async () => {
    const { key } = await senders.make('alertmanager');
    const real = createIntake({ db: api.db });
    const failures = [new VigilError('intake.overloaded'), Object.assign(new Error('gone'), { code: '57P01' })];
    const intake: typeof real = {
      ...real,
      accept: (...args) => {
        const failure = failures.shift();
        return failure ? Promise.reject(failure) : real.accept(...args);
      },
    };
    const app = await testApiOver(api.db, awayTemporal(), { intake, rateLimitPerMinute: 3 });
    const answers = [];
    for (let turn = 0; turn < 4; turn++) {
      const url = `/integrations/v1/alertmanager/${key}/`;
      answers.push(await senders.post(url, groupMessage([firingAlert('a')]), {}, app));
    }
    await app.close();
    expect(answers.map(({ statusCode, headers }) => [statusCode, headers['retry-after'] !== undefined])).toEqual([
      [503, true],
      [503, true],
      [200, false],
      [503, true],
    ]);
    expect(await senders.openOnes()).toHaveLength(1);
  });
});

describe("a heartbeat address of Grafana OnCall's", () => {
  const token = 'Zk3vQ8mX1tB6nR9wLc5yHd7Fs';
  const beat = (method: 'GET' | 'POST' | 'HEAD', key: string, more: object = {}) =>
    api.app.inject({ method, url: `/integrations/v1/alertmanager/${key}/heartbeat/`, ...more });

  it('beats the monitor that has the token, whatever is sent', async () => {
    const made = await senders.manager.call('POST', '/v1/heartbeat-monitors', {
      serviceId: senders.world.serviceId,
      name: 'watchdog',
      intervalSeconds: 600,
      key: token,
    });
    const posted = await beat('POST', token, { payload: groupMessage([firingAlert('Watchdog')]) });
    expect([posted.statusCode, posted.body]).toEqual([200, '']);
    const got = await beat('GET', token);
    expect([got.statusCode, got.json()]).toEqual([200, ':)']);
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=b' };
    expect((await beat('POST', token, form)).statusCode).toBe(200);
    expect((await beat('HEAD', token)).statusCode).toBe(200);
    const [row] = await api.db.select().from(heartbeatMonitors).where(eq(heartbeatMonitors.id, made.json().id));
    expect(row?.beats).toBe(4);
    expect(await senders.openOnes()).toEqual([]);
  });

  it('is 404 while no monitor has the token, also for one that an integration has', async () => {
    const { key } = await senders.make('alertmanager');
    for (const shown of [key, 'x', 'Zk3vQ8mX1tB6nR9wLc5yHd7F0'])
      expect((await beat('POST', shown)).statusCode).toBe(404);
  });
});
