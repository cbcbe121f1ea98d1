import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#config/log.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { firingAlert, groupMessage, sendersOf } from '#test/support/senders.ts';
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

describe('a key', () => {
  it.each([
    ['the path', (key: string) => [`/v1/intake/alertmanager/${key}`, {}]],
    ['a bearer token', (key: string) => ['/v1/intake/alertmanager', { authorization: `Bearer ${key}` }]],
    [
      'a password',
      (key: string) => [
        '/v1/intake/alertmanager',
        { authorization: `Basic ${Buffer.from(`vigil:${key}`).toString('base64')}` },
      ],
    ],
  ] as const)('is taken from %s', async (_where, placed) => {
    const { key } = await senders.make('alertmanager');
    const [url, headers] = placed(key) as [string, Record<string, string>];
    expect((await senders.post(url, groupMessage([firingAlert('a')]), headers)).statusCode).toBe(202);
  });

  it('that is unknown, revoked, of another format or missing is the same 404', async () => {
    const { id, key } = await senders.make('alertmanager');
    const path = `/v1/services/${senders.world.serviceId}/integrations/${id}`;
    expect((await senders.manager.call('DELETE', path)).statusCode).toBe(204);
    const answers = [];
    for (const shown of [key, '0'.repeat(32), 'x', '%20', 'é'])
      answers.push(
        await senders.post(`/v1/intake/alertmanager/${encodeURIComponent(shown)}`, groupMessage([firingAlert('a')])),
      );
    answers.push(await senders.post('/v1/intake/alertmanager', groupMessage([firingAlert('a')])));
    answers.push(
      await senders.post('/v1/intake/alertmanager', groupMessage([firingAlert('a')]), { authorization: 'Digest x' }),
    );
    for (const { statusCode, json } of answers) expect([statusCode, json().code]).toEqual([404, 'intake.key_unknown']);
    const bodies = answers.map((answer) => ({ ...answer.json(), instance: null }));
    for (const body of bodies) expect(body).toEqual(bodies[0]);
    expect(await senders.openOnes()).toEqual([]);
  });

  it('gets into no log line, no metric and no answer', async () => {
    const { key } = await senders.make('alertmanager');
    let written = '';
    const log = createLogger('test', 'trace', { write: (line) => (written += line) });
    const app = await testApiOver(api.db, awayTemporal(), { log });
    const url = `/v1/intake/alertmanager/${key}`;
    const answers = [
      await senders.post(url, groupMessage([firingAlert('a')]), {}, app),
      await senders.post(url, '{"half', {}, app),
      await senders.post(url, {}, {}, app),
      await senders.post(url, 'x', { 'content-type': 'text/plain' }, app),
      await senders.post(`/v1/intake/nothing/${key}`, {}, {}, app),
      await app.inject({ method: 'GET', url }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 400, 400, 415, 404, 404]);
    const metrics = await app.inject('/metrics');
    await app.close();
    expect(metrics.body).toContain('/v1/intake/alertmanager/:key');
    expect(written).toContain('/v1/intake/alertmanager/:key');
    for (const text of [written, metrics.body, ...answers.map(({ body }) => body)]) expect(text).not.toContain(key);
  });
});

describe('a JSON of its own', () => {
  it('is read by the names that most senders choose', async () => {
    const { key } = await senders.make('generic');
    const send = (body: unknown) => senders.post(`/v1/intake/generic/${key}`, body);
    const opened = await send({ id: 'disk-7', title: 'Disk is full', severity: 'high', labels: { env: 'prod' } });
    expect(opened.json().accepted).toMatchObject([{ dedupKey: 'disk-7', disposition: 'opened' }]);
    expect(await senders.openOnes()).toMatchObject([{ title: 'Disk is full', severity: 2 }]);
    expect((await send({ id: 'disk-7', status: 'ok' })).json().accepted).toMatchObject([{ disposition: 'resolved' }]);
    const refused = await send({ title: 'no key' });
    expect([refused.statusCode, refused.json().code]).toEqual([400, 'intake.unreadable']);
    expect(refused.json().errors).toEqual([
      {
        pointer: '/body/dedupKey',
        code: 'missing',
        detail: 'holds no text for dedupKey: sought at /dedupKey, /dedup_key, /key, /id',
      },
    ]);
  });

  it('is read by the mapping of its integration, in batches of which all is taken or nothing', async () => {
    const { key } = await senders.make('generic', {
      mapping: {
        items: '/results',
        dedupKey: { from: [['$/site', '/check']] },
        title: { from: ['/text'] },
        severity: { from: ['/level'], values: { red: 1 }, otherwise: 4 },
        action: { from: ['/up'], values: { true: 'resolve' } },
      },
    });
    const send = (results: unknown) => senders.post(`/v1/intake/generic/${key}`, { site: 'ber1', results });
    const half = await send([{ check: 'a', text: 'A is down', level: 'red' }, { text: 'nameless' }]);
    expect([half.statusCode, half.json().errors[0].pointer]).toEqual([400, '/body/results/1/check']);
    expect(await senders.openOnes()).toEqual([]);
    const both = await send([
      { check: 'a', text: 'A is down', level: 'red' },
      { check: 'b', text: 'B is down', level: 'odd' },
    ]);
    expect(both.json().accepted).toMatchObject([
      { dedupKey: 'ber1:a', disposition: 'opened' },
      { dedupKey: 'ber1:b', disposition: 'opened' },
    ]);
    expect((await senders.openOnes()).map(({ severity }) => severity).toSorted((a, b) => a - b)).toEqual([1, 4]);
    expect((await send([{ check: 'a', up: true }])).json().accepted).toMatchObject([{ disposition: 'resolved' }]);
    expect((await send([])).json()).toEqual({ accepted: [] });
  });

  it('of the formatted webhook of Grafana OnCall is read by its preset', async () => {
    const { key } = await senders.make('generic', { mapping: { preset: 'grafana_oncall' } });
    const send = async (body: object) => (await senders.post(`/v1/intake/generic/${key}`, body)).json().accepted[0];
    const { escalationId } = await send({ alert_uid: 'u1', title: 'Disk', state: 'alerting', message: 'full' });
    expect(await send({ alert_uid: 'u1', title: 'Disk', state: 'ok' })).toMatchObject({
      disposition: 'resolved',
      escalationId,
    });
  });
});

describe('two senders', () => {
  it('that name the same key mean two alerts, and neither ends what the other began', async () => {
    const [one, other] = [await senders.make('generic'), await senders.make('generic')];
    const send = async ({ key }: { key: string }, body: object) =>
      (await senders.post(`/v1/intake/generic/${key}`, body)).json().accepted[0];
    const { escalationId } = await send(one, { id: 'disk', title: 'Disk' });
    expect(await send(other, { id: 'disk', status: 'resolved' })).toMatchObject({ disposition: 'dropped' });
    expect((await send(other, { id: 'disk', title: 'Disk' })).escalationId).not.toBe(escalationId);
  });
});

describe('any body at all', () => {
  it('is taken or refused, and never a failure of ours', async () => {
    const { key } = await senders.make('alertmanager');
    const odd = await senders.make('generic', {
      mapping: {
        items: '/alerts',
        dedupKey: { from: ['/id'], otherwise: 'unique' },
        title: { from: ['/t'], otherwise: 'odd' },
      },
    });
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'firing',
        'resolved',
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59Z',
        '2026-01-01T00:00:00Z',
        '+275760-09-13',
      ),
    );
    const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }));
    const alert = fc.record(
      {
        status: value,
        labels: fc.dictionary(text, value),
        annotations: value,
        startsAt: value,
        endsAt: value,
        fingerprint: value,
        id: value,
        t: value,
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.record(
        {
          groupKey: text,
          status: text,
          truncatedAlerts: value,
          groupLabels: value,
          commonLabels: value,
          commonAnnotations: value,
          message: value,
          alias: value,
          priority: value,
          alerts: fc.oneof(fc.array(alert, { maxLength: 6 }), value),
        },
        { requiredKeys: ['groupKey', 'alerts'] },
      ),
      value,
    );
    const doors: readonly [url: string, headers: Record<string, string>][] = [
      [`/v1/intake/alertmanager/${key}`, {}],
      [`/v1/intake/grafana/${key}`, {}],
      [`/v1/intake/generic/${odd.key}`, {}],
      ['/v2/alerts', { authorization: `GenieKey ${key}` }],
    ];
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...doors), body, async ([url, headers], body) => {
        const { statusCode, body: said } = await senders.post(url, body ?? 'null', headers);
        seen.add(statusCode);
        expect([202, 400, 413, 415, 422], `${url} ${JSON.stringify(body)} ${said}`).toContain(statusCode);
      }),
      { numRuns: 400 },
    );
    expect(seen).toContain(202);
    expect(seen).toContain(400);
  });

  it('of thousands of alerts is taken', async () => {
    const { key } = await senders.make('alertmanager');
    const many = groupMessage(Array.from({ length: 3_000 }, (_, index) => firingAlert(`f${index}`)));
    expect(JSON.stringify(many).length).toBeGreaterThan(600_000);
    const answer = await senders.post(`/v1/intake/alertmanager/${key}`, many);
    expect(answer.json().accepted).toMatchObject([{ disposition: 'opened' }]);
    expect((await senders.post(`/v1/intake/alertmanager/${key}`, `"${'x'.repeat(5 * 1024 * 1024)}"`)).statusCode).toBe(
      413,
    );
  });
});
