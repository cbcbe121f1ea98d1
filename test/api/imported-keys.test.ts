import { randomBytes, randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#config/log.ts';
import { sha256Hex } from '#db/ids.ts';
import { auditEvents, heartbeatMonitors, integrationKeys } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { firingAlert, groupMessage, sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';
import { tablesWith } from '#test/support/tables-with.ts';

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

/** Keys as the other products make them, none of them twice. */
const ofPagerDuty = () => `0123456789${randomBytes(11).toString('hex')}`;
const ofOpsgenie = () => `01234567-89ab-${randomUUID().slice(14)}`;
const ofGrafanaOnCall = () => `Zk3vQ8mX1tB6n${randomBytes(6).toString('hex')}`;

const bring = (id: string, key: string, headers: Record<string, string> = {}) =>
  senders.manager.call('POST', `/v1/integrations/${id}/keys`, { key }, headers);
const create = (kind: string, key: string, headers: Record<string, string> = {}) =>
  senders.manager.call(
    'POST',
    `/v1/services/${senders.world.serviceId}/integrations`,
    { kind, name: 'sender', key },
    headers,
  );
const send = (key: string) => senders.post(`/v1/intake/generic/${key}`, { id: 'a', title: 'A' });
const auditOf = async (id: string) =>
  api.db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id)).orderBy(auditEvents.seq);

describe('a key of another product', () => {
  it('opens the integration beside its own, and is not given back', async () => {
    const { id, key: own } = await senders.make('generic');
    const brought = ofGrafanaOnCall();
    // A sender that was pointed here too early is not turned away any longer than it must.
    expect((await send(brought)).statusCode).toBe(404);
    const answer = await bring(id, brought);
    expect([answer.statusCode, answer.json().key, answer.headers['cache-control']]).toEqual([201, null, 'no-store']);
    expect(answer.body).not.toContain(brought);
    for (const key of [own, brought]) expect((await send(key)).statusCode).toBe(202);
    const events = await auditOf(id);
    expect(events.map(({ action, data }) => [action, data])).toEqual([
      ['integration.keyCreated', { keyId: expect.any(String), origin: 'made' }],
      ['integration.keyCreated', { keyId: answer.json().id, origin: 'imported' }],
    ]);
    expect((await senders.manager.call('DELETE', `/v1/integrations/${id}/keys/${answer.json().id}`)).statusCode).toBe(
      204,
    );
    expect((await send(brought)).statusCode).toBe(404);
  });

  it.each([
    [
      'PagerDuty',
      'pagerduty_events_v2',
      ofPagerDuty(),
      (key: string) =>
        senders.post('/v2/enqueue', {
          routing_key: key,
          event_action: 'trigger',
          dedup_key: 'd',
          payload: { summary: 'S', source: 's', severity: 'critical' },
        }),
    ],
    [
      'Opsgenie',
      'opsgenie',
      ofOpsgenie(),
      (key: string) => senders.post('/v2/alerts', { message: 'M' }, { authorization: `GenieKey ${key}` }),
    ],
    [
      'Grafana OnCall',
      'alertmanager',
      ofGrafanaOnCall(),
      (key: string) => senders.post(`/integrations/v1/alertmanager/${key}/`, groupMessage([firingAlert('a')])),
    ],
  ] as const)('of %s is all that an integration has when it comes with it', async (_product, kind, key, report) => {
    const made = await create(kind, key);
    expect([made.statusCode, made.json().key.key]).toEqual([201, null]);
    expect((await report(key)).statusCode).toBeLessThan(300);
    expect(await senders.openOnes()).toHaveLength(1);
    const { keys } = (await senders.manager.call('GET', `/v1/integrations/${made.json().id}`)).json();
    expect(keys).toHaveLength(1);
  });

  it('is answered again to a replay, since the answer tells nothing', async () => {
    const { id } = await senders.make('generic');
    const headers = { 'idempotency-key': randomUUID() };
    const key = ofOpsgenie();
    const first = await bring(id, key, headers);
    const again = await bring(id, key, headers);
    expect([again.statusCode, again.json()]).toEqual([201, first.json()]);
    const other = await bring(id, ofOpsgenie(), headers);
    expect([other.statusCode, other.json().code]).toEqual([422, 'idempotency.key_reused']);
  });

  it.each([
    ['too short', 'aB3'.repeat(6)],
    ['too long', `${'abcdefghij'.repeat(6)}klmno`],
    ['of other characters', `${'abcdefghij'.repeat(2)}/`],
    ['with a space behind it', `${'abcdefghij'.repeat(2)} `],
    ['of one character', '0'.repeat(32)],
    ['of nine characters', 'abcdefghi'.repeat(3)],
    ['no text', 1_234_567_890_123_456],
  ])('that is %s is refused, without being repeated', async (_what, key) => {
    const { id } = await senders.make('generic');
    for (const answer of [await bring(id, key as string), await create('generic', key as string)]) {
      expect([answer.statusCode, answer.json().code]).toEqual([422, 'request.invalid']);
      expect(answer.json().errors.map(({ pointer }: { pointer: string }) => pointer)).toContain('/body/key');
      expect(answer.body).not.toContain(String(key));
    }
  });

  it('that no sender of its kind could show is refused', async () => {
    for (const [kind, key] of [
      ['pagerduty_events_v2', ofOpsgenie()],
      ['pagerduty_events_v2', ofGrafanaOnCall()],
      ['email', ofPagerDuty()],
    ] as const) {
      const { id } = await senders.make(kind);
      for (const answer of [await bring(id, key), await create(kind, key)]) {
        expect([answer.statusCode, answer.json().errors[0].pointer]).toEqual([422, '/body/key']);
        expect(answer.body).not.toContain(key);
      }
    }
    const sender = await api.principal({ kind: 'service', roles: ['integration'], teamId: senders.world.teamId });
    const both = await senders.manager.call('POST', `/v1/services/${senders.world.serviceId}/integrations`, {
      kind: 'generic',
      name: 'both',
      principalId: sender.id,
      key: ofPagerDuty(),
    });
    expect([both.statusCode, both.json().errors[0].pointer]).toEqual([422, '/body/key']);
  });

  it('that is taken is refused, whoever has it, and stays with whom it was', async () => {
    const strangers = await sendersOf(api);
    const theirs = await strangers.make('generic');
    const ours = await senders.make('generic');
    const refused = await bring(ours.id, theirs.key);
    const own = await bring(ours.id, ours.key);
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'intake.key_taken']);
    expect({ ...refused.json(), instance: '' }).toEqual({ ...own.json(), instance: '' });
    for (const word of [theirs.id, theirs.key, strangers.world.teamId, strangers.world.serviceId])
      expect(refused.body).not.toContain(word);
    expect((await create('generic', theirs.key)).statusCode).toBe(409);
    expect((await send(theirs.key)).statusCode).toBe(202);
    expect(await senders.openOnes()).toEqual([]);
    expect(await strangers.openOnes()).toHaveLength(1);
  });

  it('is given to one alone when two ask at the same time', async () => {
    const made = await Promise.all([senders.make('generic'), senders.make('generic'), senders.make('generic')]);
    const key = ofGrafanaOnCall();
    const answers = await Promise.all(made.map(({ id }) => bring(id, key)));
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
  });

  it('that was brought to the wrong place can be brought elsewhere, once it is revoked or its integration is disabled', async () => {
    const key = ofGrafanaOnCall();
    const [wrong, alsoWrong] = [await senders.make('generic'), await senders.make('generic')];
    const keyId = (await bring(wrong.id, key)).json().id;
    expect((await senders.manager.call('DELETE', `/v1/integrations/${wrong.id}/keys/${keyId}`)).statusCode).toBe(204);
    expect((await bring(alsoWrong.id, key)).statusCode).toBe(201);
    const path = `/v1/services/${senders.world.serviceId}/integrations/${alsoWrong.id}`;
    expect((await senders.manager.call('DELETE', path)).statusCode).toBe(204);
    const revoked = (await auditOf(alsoWrong.id)).filter(({ action }) => action === 'integration.keyRevoked');
    expect(revoked).toHaveLength(2);
    expect((await create('generic', key)).statusCode).toBe(201);
    expect((await send(key)).statusCode).toBe(202);
    const rows = await api.db
      .select()
      .from(integrationKeys)
      .where(eq(integrationKeys.sha256, sha256Hex(key)));
    expect(rows.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
  });

  it('is a third key as any other', async () => {
    const { id } = await senders.make('generic');
    expect((await bring(id, ofGrafanaOnCall())).statusCode).toBe(201);
    const third = await bring(id, ofGrafanaOnCall());
    expect([third.statusCode, third.json().code]).toEqual([409, 'intake.keys_in_use']);
  });

  it('is for managers of the team', async () => {
    const { id } = await senders.make('generic');
    const responder = await api.principal({ roles: ['responder'], teamId: senders.world.teamId });
    const foreign = await api.principal({ roles: ['oncall_manager'], teamId: await api.team() });
    const path = `/v1/integrations/${id}/keys`;
    expect((await responder.call('POST', path, { key: ofPagerDuty() })).statusCode).toBe(403);
    expect((await foreign.call('POST', path, { key: ofPagerDuty() })).statusCode).toBe(404);
  });
});

describe('a heartbeat monitor', () => {
  const monitor = (key: string) =>
    senders.manager.call('POST', '/v1/heartbeat-monitors', {
      serviceId: senders.world.serviceId,
      name: 'watchdog',
      intervalSeconds: 600,
      key,
    });

  it('may have the key of an integration, and each has its own use of it', async () => {
    const key = ofGrafanaOnCall();
    expect((await create('generic', key)).statusCode).toBe(201);
    const made = await monitor(key);
    expect([made.statusCode, made.json().key, made.json().path]).toEqual([201, null, null]);
    expect((await api.app.inject({ method: 'POST', url: `/v1/heartbeats/${key}` })).statusCode).toBe(200);
    expect((await send(key)).statusCode).toBe(202);
    const [event] = await auditOf(made.json().id);
    expect(event?.data).toMatchObject({ key: 'imported' });
  });

  it('never has the key of another one that is open', async () => {
    const key = ofGrafanaOnCall();
    const { id } = (await monitor(key)).json();
    const refused = await monitor(key);
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'intake.key_taken']);
    await api.db
      .update(heartbeatMonitors)
      .set({ status: 'closed', closedAt: new Date() })
      .where(eq(heartbeatMonitors.id, id));
    expect((await monitor(key)).statusCode).toBe(201);
    expect((await monitor('0'.repeat(30))).statusCode).toBe(422);
  });
});

it('a key that is brought stands in no table, no log line and no metric', async () => {
  let written = '';
  const log = createLogger('test', 'trace', { write: (line) => (written += line) });
  const app = await testApiOver(api.db, awayTemporal(), { log });
  const { id, key: taken } = await senders.make('generic');
  const [first, second, third] = [ofPagerDuty(), ofOpsgenie(), ofGrafanaOnCall()];
  const call = (url: string, payload: object, more: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url,
      payload,
      headers: {
        authorization: `Bearer ${senders.manager.token}`,
        'idempotency-key': randomUUID(),
        ...more,
      },
    });
  const keys = `/v1/integrations/${id}/keys`;
  const serviceId = senders.world.serviceId;
  const replayed = { 'idempotency-key': randomUUID() };
  const monitor = { serviceId, name: 'm', intervalSeconds: 60, key: second };
  const integration = { kind: 'opsgenie', name: 'o', key: third };
  const answers = [
    await call(keys, { key: taken }),
    await call(keys, { key: `${first}/` }),
    await call(keys, { key: first, extra: first }),
    await call(keys, { key: first }, replayed),
    await call(keys, { key: first }, replayed),
    await call(keys, { key: first }, { 'idempotency-key': first, authorization: 'Bearer nobody-at-all-00000' }),
    await call('/v1/heartbeat-monitors', monitor),
    await call(`/v1/services/${serviceId}/integrations`, integration),
    await app.inject({ method: 'POST', url: `/integrations/v1/webhook/${first}/`, payload: { id: 1 } }),
    await app.inject({ method: 'GET', url: `/integrations/v1/webhook/${first}/` }),
    await app.inject({ method: 'GET', url: `/integrations/v1/webhook/${second}/heartbeat/` }),
    await app.inject({ method: 'PUT', url: `/integrations/v1/webhook/${first}/` }),
    await app.inject({ method: 'GET', url: '/v2/heartbeats/m/ping', headers: { authorization: `GenieKey ${third}` } }),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([
    409, 422, 422, 201, 201, 401, 201, 201, 200, 200, 200, 404, 202,
  ]);
  const metrics = await app.inject('/metrics');
  await app.close();
  expect(metrics.body).toContain('/integrations/v1/:source/:key');
  expect(written).toContain('/integrations/v1/:source/:key/heartbeat');
  for (const key of [taken, first, second, third]) {
    for (const text of [written, metrics.body, ...answers.map(({ body }) => body)]) expect(text).not.toContain(key);
    const { hits, searched } = await tablesWith(api.db, key);
    expect(searched).toBeGreaterThan(40);
    expect(hits).toEqual([]);
  }
  const kept = await tablesWith(api.db, sha256Hex(first));
  expect(kept.hits).toEqual(['integration_keys']);
});
