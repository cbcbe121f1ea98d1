import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VigilError } from '#domain/errors.ts';
import { createIntake } from '#api/intake/intake.ts';
import { heartbeatMonitors } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';

let api: TestApi;
let senders: Senders;
let key: string;
beforeAll(async () => {
  // Temporal is away in all of this file: intake does not ask it.
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  senders = await sendersOf(api);
  ({ key } = await senders.make('opsgenie'));
});

const genie = () => ({ authorization: `GenieKey ${key}` });
const create = (body: unknown, headers = genie()) => senders.post('/v2/alerts', body, headers);
const act = (alias: string, action: string, query = '?identifierType=alias', body: unknown = {}) =>
  senders.post(`/v2/alerts/${encodeURIComponent(alias)}/${action}${query}`, body, genie());
const accepted = { result: 'Request will be processed', took: expect.any(Number), requestId: expect.any(String) };
const refused = (message: string, more: object = {}) => ({
  message,
  took: expect.any(Number),
  requestId: expect.any(String),
  ...more,
});

describe("Opsgenie's alert API", () => {
  it('creates, merges and closes by alias, in its own answers', async () => {
    const alert = {
      message: 'Queue is stuck',
      alias: 'queue/7 ü',
      priority: 'P1',
      tags: ['a'],
      details: { region: 'eu' },
    };
    for (const _ of [1, 2]) {
      const answer = await create(alert);
      expect([answer.statusCode, answer.json()]).toEqual([202, accepted]);
    }
    const [open] = await senders.openOnes();
    expect(open).toMatchObject({ title: 'Queue is stuck', severity: 1, alertCount: 2 });
    const closed = await act('queue/7 ü', 'close', '?identifierType=alias', { source: 'monitor', note: 'fine again' });
    expect([closed.statusCode, closed.json()]).toEqual([202, accepted]);
    expect(await senders.factsOf(open?.id ?? '')).toEqual(['trigger opened', 'resolve resolved']);
  });

  it('notes an acknowledgement that was made over there, and stops nothing', async () => {
    await create({ message: 'm', alias: 'a' });
    expect((await act('a', 'acknowledge')).statusCode).toBe(202);
    const [open] = await senders.openOnes();
    expect(open).toMatchObject({ status: 'opening' });
    expect(await senders.factsOf(open?.id ?? '')).toEqual(['trigger opened', 'acknowledge noted']);
  });

  it('takes an alias of 512 characters, whatever they are', async () => {
    const alias = '€'.repeat(512);
    await create({ message: 'm', alias });
    expect((await act(alias, 'close')).statusCode).toBe(202);
    const [open] = await senders.openOnes();
    expect(await senders.factsOf(open?.id ?? '')).toEqual(['trigger opened', 'resolve resolved']);
  });

  it('makes an alert without an alias a new one each time', async () => {
    await create({ message: 'm' });
    await create({ message: 'm' });
    expect(await senders.openOnes()).toHaveLength(2);
  });

  it('refuses a character in the address that nothing can store, as a fault of the sender', async () => {
    expect((await act('a\u0000b', 'close')).statusCode).toBe(422);
    expect((await act('a\u0000b', 'acknowledge')).statusCode).toBe(422);
    const ping = await senders.post('/v2/heartbeats/a%00b/ping', {}, { authorization: `GenieKey ${key}` });
    expect(ping.statusCode).toBe(422);
  });

  it('answers the close of something unknown as Opsgenie does', async () => {
    expect((await act('nothing', 'close')).statusCode).toBe(202);
  });

  it('refuses in its own words', async () => {
    const empty = await create({ alias: 'a' });
    expect([empty.statusCode, empty.json()]).toEqual([
      422,
      refused('Request body is not processable. Please check the errors.', {
        errors: { message: 'Message can not be empty.' },
      }),
    ]);
    for (const headers of [
      {},
      { authorization: 'GenieKey nonsense' },
      { authorization: `GenieKey ${'0'.repeat(32)}` },
    ]) {
      const answer = await senders.post('/v2/alerts', { message: 'm' }, headers);
      expect([answer.statusCode, answer.json()]).toEqual([401, refused('Could not authenticate')]);
    }
    const byId = await act('a', 'close', '');
    expect([byId.statusCode, byId.json()]).toEqual([
      422,
      refused(expect.any(String), { errors: { identifierType: 'only alias is served' } }),
    ]);
    expect((await create('{"half')).json()).toEqual(refused(expect.any(String)));
    expect((await create(`"${'x'.repeat(600_000)}"`)).statusCode).toBe(413);
  });

  it('says 429 when too much comes, which its senders repeat, and 503 when Postgres is away', async () => {
    const real = createIntake({ db: api.db });
    const failures = [new VigilError('intake.overloaded'), Object.assign(new Error('gone'), { code: '57P01' })];
    const intake: typeof real = {
      ...real,
      accept: (...args) => {
        const failure = failures.shift();
        return failure ? Promise.reject(failure) : real.accept(...args);
      },
    };
    const app = await testApiOver(api.db, awayTemporal(), { intake });
    const statuses = [];
    for (const _ of [1, 2, 3]) {
      const answer = await senders.post('/v2/alerts', { message: 'm', alias: 'a' }, genie(), app);
      statuses.push([answer.statusCode, answer.headers['retry-after']]);
    }
    await app.close();
    expect(statuses).toEqual([
      [429, '1'],
      [503, '1'],
      [202, undefined],
    ]);
    expect(await senders.openOnes()).toHaveLength(1);
  });
});

describe("Opsgenie's ping", () => {
  const monitor = async (name: string, serviceId = senders.world.serviceId, by = senders.manager) => {
    const body = { serviceId, name, intervalSeconds: 600 };
    const made = await by.call('POST', '/v1/heartbeat-monitors', body);
    expect(made.statusCode).toBe(201);
    return made.json().id as string;
  };
  const beatsOf = async (id: string) =>
    (await senders.manager.call('GET', `/v1/heartbeat-monitors/${id}`)).json().beats;
  const ping = (name: string, method: 'GET' | 'POST' | 'PUT' | 'PATCH' = 'POST', more: object = {}) =>
    api.app.inject({ method, url: `/v2/heartbeats/${encodeURIComponent(name)}/ping`, headers: genie(), ...more });

  it('is a beat of the monitor of that name, by every method and with any body', async () => {
    const id = await monitor('nightly backup/7 ü');
    for (const method of ['GET', 'POST', 'PUT', 'PATCH'] as const) {
      const answer = await ping('nightly backup/7 ü', method);
      expect([answer.statusCode, answer.json()]).toEqual([202, { ...accepted, result: 'PONG - Heartbeat received' }]);
    }
    const form = { headers: { ...genie(), 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=b' };
    expect((await ping('nightly backup/7 ü', 'POST', form)).statusCode).toBe(202);
    expect(await beatsOf(id)).toBe(5);
  });

  it('reaches no monitor of another team, and none that is not the only one of its name', async () => {
    const strangers = await sendersOf(api);
    await monitor('theirs', strangers.world.serviceId, strangers.manager);
    await monitor('twice');
    const second = await monitor('twice');
    for (const name of ['theirs', 'twice', 'nothing', 'x'.repeat(200)]) {
      const answer = await ping(name);
      expect([answer.statusCode, answer.json()]).toEqual([404, refused(expect.any(String))]);
    }
    await api.db
      .update(heartbeatMonitors)
      .set({ status: 'closed', closedAt: new Date() })
      .where(eq(heartbeatMonitors.id, second));
    expect((await ping('twice')).statusCode).toBe(202);
  });

  it('needs a key of an integration of that kind', async () => {
    const id = await monitor('guarded');
    const other = await senders.make('generic');
    for (const headers of [
      {},
      { authorization: `GenieKey ${'0'.repeat(32)}` },
      { authorization: `GenieKey ${other.key}` },
    ]) {
      const answer = await ping('guarded', 'POST', { headers });
      expect([answer.statusCode, answer.json()]).toEqual([401, refused('Could not authenticate')]);
    }
    expect(await beatsOf(id)).toBe(0);
  });
});
