import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VigilError } from '#domain/errors.ts';
import { newId } from '#db/ids.ts';
import { connectDatabase } from '#db/client.ts';
import { alertEvents, escalations } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let manager: Caller;
let key: string;
let integrationId: string;
beforeAll(async () => {
  // Temporal is away in all of this file: intake does not ask it.
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
  ({ id: integrationId, key } = await integrate());
});

async function integrate(document?: object): Promise<{ id: string; key: string }> {
  const made = await manager.call('POST', `/v1/services/${world.serviceId}/integrations`, {
    kind: 'pagerduty_events_v2',
    name: 'monitor',
    ...(document === undefined ? {} : { document }),
  });
  expect(made.statusCode, made.body).toBe(201);
  return { id: made.json().id, key: made.json().key.key };
}

type Payload = string | Buffer | object;
const post = (
  url: string,
  payload: Payload,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) =>
  api.app.inject({
    method: 'POST',
    url,
    headers,
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  });
const payload = { summary: 'Disk full', source: 'db-1', severity: 'critical' };
const send = (action: string, more: object = {}) =>
  post('/v2/enqueue', { routing_key: key, event_action: action, payload, ...more });
const success = (dedupKey: string) => ({ status: 'success', message: 'Event processed', dedup_key: dedupKey });
const invalid = (...errors: string[]) => ({ status: 'invalid event', message: 'Event object is invalid', errors });
const said = ({ statusCode, body }: { statusCode: number; body: string }) => [statusCode, JSON.parse(body)];

const opened = () => api.db.select().from(escalations).where(eq(escalations.serviceId, world.serviceId));
/** Without the one that the world begins with. */
const ours = async () => (await opened()).filter(({ id }) => id !== world.escalationId);
const events = () =>
  api.db.select().from(alertEvents).where(eq(alertEvents.serviceId, world.serviceId)).orderBy(alertEvents.seq);

describe('case 21: an event', () => {
  it('opens an escalation of its integration, and is merged by its key', async () => {
    expect(said(await send('trigger', { dedup_key: 'disk' }))).toEqual([202, success('disk')]);
    expect(said(await send('trigger', { dedup_key: 'disk' }))).toEqual([202, success('disk')]);
    expect(await ours()).toMatchObject([
      { dedupKey: `${integrationId}:disk`, title: 'Disk full', severity: 1, alertCount: 2, status: 'opening' },
    ]);
    expect(await events()).toMatchObject([{ details: { source: 'db-1' }, disposition: 'opened' }]);
  });

  it('without a key gets one of its own each time, with which it can be resolved', async () => {
    const keys = [];
    for (const _ of [1, 2]) keys.push((await send('trigger')).json().dedup_key);
    expect(keys[0]).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(new Set(keys).size).toBe(2);
    expect(await ours()).toHaveLength(2);
    expect(said(await send('resolve', { dedup_key: keys[0] }))).toEqual([202, success(keys[0])]);
    expect((await events()).map(({ action, disposition }) => [action, disposition])).toContainEqual([
      'resolve',
      'resolved',
    ]);
  });

  it.each(['acknowledge', 'resolve'])('to %s what is not open is dropped, and opens nothing', async (action) => {
    expect(said(await send(action, { dedup_key: 'nothing', payload: undefined }))).toEqual([202, success('nothing')]);
    expect(await ours()).toEqual([]);
    expect((await events()).map(({ disposition }) => disposition)).not.toContain('resolved');
  });

  it('that a sender acknowledges is noted, and stops nothing: only people acknowledge', async () => {
    await send('trigger', { dedup_key: 'disk' });
    expect(said(await send('acknowledge', { dedup_key: 'disk' }))).toEqual([202, success('disk')]);
    expect(await ours()).toMatchObject([{ acknowledgedAt: null, status: 'opening' }]);
    expect((await events()).map(({ action, disposition }) => [action, disposition])).toEqual([
      ['trigger', 'opened'],
      ['acknowledge', 'noted'],
    ]);
  });

  it('of another routing key meets nothing, though both report on one service', async () => {
    const other = await integrate();
    await send('trigger', { dedup_key: 'disk' });
    for (const action of ['acknowledge', 'resolve'])
      expect(said(await send(action, { dedup_key: 'disk', routing_key: other.key }))).toEqual([202, success('disk')]);
    expect((await events()).map(({ disposition }) => disposition)).not.toContain('resolved');
    await send('trigger', { dedup_key: 'disk', routing_key: other.key });
    expect((await ours()).map(({ dedupKey }) => dedupKey).toSorted()).toEqual(
      [`${integrationId}:disk`, `${other.id}:disk`].toSorted(),
    );
  });

  it('of either key of one integration is of the same sender', async () => {
    await send('trigger', { dedup_key: 'disk' });
    const second = await manager.call('POST', `/v1/integrations/${integrationId}/keys`);
    await send('trigger', { dedup_key: 'disk', routing_key: second.json().key });
    expect(await ours()).toMatchObject([{ alertCount: 2 }]);
  });

  it('goes where the routes of its integration send its labels, and so does its resolve, which has none', async () => {
    const otherService = newId('service');
    const made = await manager.call('POST', '/v1/services', {
      teamId: world.teamId,
      key: otherService.slice(-20),
      name: 'databases',
      policyId: world.policyId,
    });
    const route = {
      when: [{ label: 'component', is: 'equals', value: 'postgres' }],
      serviceId: made.json().id,
      severity: 4,
      stop: true,
    };
    const routed = await integrate({ routes: [route], severities: { critical: 2 } });
    const to = (action: string, more: object) => send(action, { routing_key: routed.key, dedup_key: 'db', ...more });
    await to('trigger', { payload: { ...payload, component: 'postgres' } });
    await to('trigger', { dedup_key: 'web' });
    const rows = await api.db.select().from(escalations).where(eq(escalations.serviceId, made.json().id));
    expect(rows).toMatchObject([{ dedupKey: `${routed.id}:db`, severity: 4 }]);
    expect(await ours()).toMatchObject([{ dedupKey: `${routed.id}:web`, severity: 2 }]);
    await to('resolve', { payload: undefined });
    const facts = await api.db
      .select()
      .from(alertEvents)
      .where(eq(alertEvents.escalationId, rows[0]?.id ?? ''))
      .orderBy(alertEvents.seq);
    expect(facts.map(({ disposition }) => disposition)).toEqual(['opened', 'resolved']);
  });
});

describe('case 21: what is refused', () => {
  it.each([
    ['severity', { payload: { ...payload, severity: 'high' } }, /'payload.severity' is invalid/],
    ['summary of 1,025 characters', { payload: { ...payload, summary: 'x'.repeat(1_025) } }, /maximum is 1024/],
    ['key of 256 characters', { dedup_key: '🔑'.repeat(256) }, /maximum is 255/],
    ['action', { event_action: 'close' }, /'event_action' is invalid/],
    ['payload', { payload: 'text' }, /'payload' is missing/],
    ['routing key', { routing_key: 'short' }, /Length of 'routing_key'/],
  ])('an odd %s', async (_, more, error) => {
    const [status, answer] = said(await send('trigger', more));
    expect([status, answer]).toEqual([400, invalid(...answer.errors)]);
    expect(answer.errors.join()).toMatch(error);
    expect(await ours()).toEqual([]);
  });

  it('at 1,024 and 255 characters it is taken, whatever they are in UTF-16', async () => {
    const longest = { dedup_key: '🔑'.repeat(255), payload: { ...payload, summary: '🔥'.repeat(1_024) } };
    expect(said(await send('trigger', longest))).toEqual([202, success(longest.dedup_key)]);
    expect(await ours()).toMatchObject([{ title: '🔥'.repeat(1_024) }]);
    const responder = await api.principal({ roles: ['responder'], teamId: world.teamId });
    const listed = await responder.call('GET', `/v1/escalations?serviceId=${world.serviceId}`);
    expect(listed.statusCode, listed.body.slice(0, 200)).toBe(200);
    const [row] = await ours();
    expect((await responder.call('GET', `/v1/escalations/${row?.id}`)).statusCode).toBe(200);
    expect((await responder.call('GET', `/v1/alert-events?escalationId=${row?.id}`)).statusCode).toBe(200);
  });

  it('a key that opens nothing, and says no more of why', async () => {
    const disabled = await integrate();
    const path = `/v1/services/${world.serviceId}/integrations/${disabled.id}`;
    expect((await manager.call('DELETE', path)).statusCode).toBe(204);
    for (const routing_key of ['f'.repeat(32), 'Z'.repeat(32), disabled.key]) {
      expect(said(await send('trigger', { routing_key }))).toEqual([400, invalid('Invalid routing key')]);
      expect(said(await post('/v2/change/enqueue', { routing_key, payload }))).toEqual([
        400,
        invalid('Invalid routing key'),
      ]);
    }
    expect(await ours()).toEqual([]);
  });

  it('over 512 KB, to the byte', async () => {
    const sized = (bytes: number) => {
      const body = {
        routing_key: key,
        event_action: 'trigger',
        payload: { ...payload, custom_details: { filler: '' } },
      };
      const empty = JSON.stringify(body).length;
      body.payload.custom_details.filler = 'x'.repeat(bytes - empty);
      return JSON.stringify(body);
    };
    expect((await post('/v2/enqueue', sized(512 * 1_024))).statusCode).toBe(202);
    expect(said(await post('/v2/enqueue', sized(512 * 1_024 + 1)))).toEqual([
      400,
      invalid('Event is too large (maximum is 512 KB)'),
    ]);
    expect(await ours()).toHaveLength(1);
  });
});

const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const poisons: readonly (readonly [string, Payload])[] = [
  ['NUL', '{"routing_key":"a\\u0000b"}'],
  ['NUL in a key', '{"a\\u0000b":1}'],
  ['a lone surrogate', '{"routing_key":"\\ud800"}'],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
  ['JSON 100,000 levels deep', deep(100_000)],
  ['JSON 33 levels deep', deep(33)],
  ['__proto__', '{"__proto__":{"isAdmin":true}}'],
  ['an endless number', '{"value":1e999}'],
  ['half a document', '{"routing_key":'],
  ['no document', 'routing_key=a'],
  ['nothing', ''],
  ['a list', '[]'],
  ['null', 'null'],
];

describe.each(['/v2/enqueue', '/v2/change/enqueue'])('case 21: %s', (url) => {
  it.each(poisons)('answers %s in the shape of PagerDuty', async (_, body) => {
    const answer = await post(url, body);
    const [status, parsed] = said(answer);
    expect([status, parsed]).toEqual([400, invalid(...parsed.errors)]);
    expect(parsed.errors.length).toBeGreaterThan(0);
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.body).not.toContain('isAdmin');
  });

  it.each([
    {},
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/vnd.pagerduty+json;version=2' },
    { 'content-type': 'application/json; charset=utf-8' },
    { 'content-type': 'none/of; your = "business' },
    { 'content-type': ';;' },
    { 'content-type': 'x' },
  ])('reads JSON whatever its sender calls it: %j', async (headers) => {
    const body = JSON.stringify({ routing_key: key, event_action: 'trigger', payload });
    const answer = await api.app.inject({ method: 'POST', url, headers, payload: Buffer.from(body) });
    expect(answer.statusCode, answer.body).toBe(202);
  });

  it('never fails, whatever the body', async () => {
    const bodies = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc
        .record(
          {
            routing_key: fc.oneof(fc.constant('KEY'), fc.jsonValue()),
            event_action: fc.oneof(fc.constantFrom('trigger', 'acknowledge', 'resolve'), fc.jsonValue()),
            dedup_key: fc.oneof(fc.string({ unit: 'binary', maxLength: 260 }), fc.jsonValue()),
            payload: fc.oneof(
              fc.record({
                summary: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
                source: fc.string({ unit: 'binary' }),
                severity: fc.constantFrom('critical', 'info', 'odd'),
                custom_details: fc.jsonValue(),
                timestamp: fc.oneof(
                  fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
                  fc.jsonValue(),
                ),
              }),
              fc.jsonValue(),
            ),
            links: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((event) => JSON.stringify(event).replace('"KEY"', `"${key}"`)),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await post(url, body);
        expect([202, 400], answer.body).toContain(answer.statusCode);
        expect(JSON.parse(answer.body).status).toBe(answer.statusCode === 202 ? 'success' : 'invalid event');
      }),
      { numRuns: 400 },
    );
  });
});

describe('case 21: too much', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await testApiOver(api.db, awayTemporal(), { eventsPerMinute: 3 });
  });
  afterAll(() => app?.close());
  const enqueue = (routing_key: string, url = '/v2/enqueue') =>
    app.inject({ method: 'POST', url, payload: { routing_key, event_action: 'trigger', payload } });

  it('from one sender is 429 with Retry-After, and nothing of it is stored; others go on', async () => {
    const other = await integrate();
    for (const url of ['/v2/enqueue', '/v2/change/enqueue', '/v2/enqueue'])
      expect((await enqueue(key, url)).statusCode).toBe(202);
    const limited = await enqueue(key);
    expect(said(limited)).toEqual([429, { status: 'throttle exceeded', message: expect.any(String) }]);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(await ours()).toHaveLength(2);
    expect((await enqueue(other.key)).statusCode).toBe(202);
  });

  it('from one address is 429 in the same shape', async () => {
    const statuses = new Set<number>();
    for (let n = 0; n < 40; n++) statuses.add((await enqueue('f'.repeat(32))).statusCode);
    expect([...statuses]).toEqual([400, 429]);
    expect((await enqueue('f'.repeat(32))).json().status).toBe('throttle exceeded');
  });
});

describe('case 21: more than can be stored', () => {
  it.each([
    ['intake.overloaded', { retryAfterSeconds: 7 }, 429, 'throttle exceeded', '7'],
    ['intake.overloaded', {}, 429, 'throttle exceeded', '1'],
    ['service.unavailable', {}, 429, 'throttle exceeded', '1'],
    ['internal.unexpected', {}, 500, 'internal error', '1'],
  ] as const)('%s %j is %i in the shape of PagerDuty', async (code, detail, status, word, retryAfter) => {
    const accept = () => Promise.reject(new VigilError(code, detail));
    const app = await testApiOver(api.db, awayTemporal(), { intake: { accept, close: () => Promise.resolve() } });
    const answer = await app.inject({
      method: 'POST',
      url: '/v2/enqueue',
      payload: { routing_key: key, event_action: 'trigger', payload },
    });
    expect(said(answer)).toEqual([status, { status: word, message: expect.any(String) }]);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    await app.close();
  });
});

describe('case 21: while Postgres is away', () => {
  it('an event is answered with 503 and Retry-After, so that its sender keeps it', async () => {
    const db = connectDatabase({
      url: 'postgres://vigil@127.0.0.1:1/none',
      size: 1,
      applicationName: 'none',
      statementTimeoutMs: 500,
      onIdleError: () => undefined,
    });
    const app = await testApiOver(db, awayTemporal());
    for (const url of ['/v2/enqueue', '/v2/change/enqueue']) {
      const answer = await app.inject({
        method: 'POST',
        url,
        payload: { routing_key: key, event_action: 'trigger', payload },
      });
      expect(said(answer)).toEqual([503, { status: 'internal error', message: expect.any(String) }]);
      expect(answer.headers['retry-after']).toBe('1');
    }
    await app.close();
    await db.$client.end();
  });
});
