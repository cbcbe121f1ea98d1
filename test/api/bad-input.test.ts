import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '#domain/actor.ts';
import { requestsFor } from '#test/support/api-routes.ts';
import type { RouteRequest } from '#test/support/api-routes.ts';
import { awayTemporal, startTestApi } from '#test/support/api.ts';
import type { Caller, Method, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let requests: RouteRequest[];
let person: Caller;
let service: Caller;
beforeAll(async () => {
  // Nobody waits for a workflow here: Temporal is away, and many commands go to the same one.
  api = await startTestApi(awayTemporal(), 20);
  world = await seedWorld(api.db);
  requests = (await requestsFor(api, world)).filter(({ route }) => route.method === 'POST' || route.method === 'PUT');
  person = await api.principal({ roles });
  service = await api.principal({ kind: 'service', roles: ['integration'] });
});
afterAll(() => api?.stop());

const json = 'application/json';
const utf8 = (text: string) => Buffer.from(text, 'utf8');
const deep = (levels: number) => utf8(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`);

/** Bodies that no handler must ever see, each with the statuses that may answer it. */
const poisons: readonly (readonly [name: string, body: Buffer, contentType: string, statuses: readonly number[]])[] = [
  ['NUL in a value', utf8('{"name":"a\\u0000b"}'), json, [400]],
  ['NUL in a key', utf8('{"a\\u0000b":1}'), json, [400]],
  ['a lone surrogate', utf8('{"name":"\\ud800"}'), json, [400]],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]), json, [400]],
  ['JSON 100,000 levels deep', deep(100_000), json, [400]],
  ['JSON 33 levels deep', deep(33), json, [400]],
  ['__proto__', utf8('{"__proto__":{"isAdmin":true}}'), json, [400]],
  ['constructor', utf8('{"constructor":{"prototype":{"isAdmin":true}}}'), json, [400]],
  ['an endless number', utf8('{"value":1e999}'), json, [400]],
  ['half a document', utf8('{"name":'), json, [400]],
  ['no document', utf8('not json'), json, [400]],
  ['5 MiB', utf8(`{"name":"${'x'.repeat(5 * 1024 * 1024)}"}`), json, [413]],
  ['another type', utf8('<name/>'), 'application/xml', [415]],
  ['a form', utf8('name=x'), 'application/x-www-form-urlencoded', [415]],
];

const callerOf = ({ route }: RouteRequest): Caller => (route.url === '/v1/intake/events' ? service : person);

async function post(request: RouteRequest, body: unknown, contentType = json) {
  const headers = {
    authorization: `Bearer ${callerOf(request).token}`,
    'content-type': contentType,
    'idempotency-key': randomUUID(),
    'if-match': '"1"',
  };
  const payload = Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return api.app.inject({ method: request.route.method as Method, url: request.url, headers, payload });
}

async function rowCounts(): Promise<Record<string, number>> {
  const { rows: tables } = await api.db.execute<{ name: string }>(
    sql`SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await api.db.execute<{ n: string }>(sql`SELECT count(*) AS n FROM ${sql.identifier(name)}`);
    counts[name] = Number(rows[0]?.n);
  }
  return counts;
}

describe('bad input', () => {
  it.each(poisons)(
    '%s is a problem at the edge of every route, and writes nothing',
    async (_name, body, contentType, statuses) => {
      const before = await rowCounts();
      for (const request of requests) {
        const answer = await post(request, body, contentType);
        expect(statuses, `${request.name} answered ${answer.statusCode} ${answer.body}`).toContain(answer.statusCode);
        expect(answer.headers['content-type'], request.name).toContain('application/problem+json');
        expect(answer.json(), request.name).toMatchObject({
          status: answer.statusCode,
          instance: answer.headers['x-request-id'],
        });
        // Neither the value nor the place in a parser's words comes back: what is refused may be content.
        expect(answer.body, request.name).not.toContain('isAdmin');
      }
      expect(await rowCounts()).toEqual(before);
    },
  );

  it('names each field that a route does not know, and writes nothing', async () => {
    const before = await rowCounts();
    for (const request of requests.filter(({ body }) => body !== undefined)) {
      const answer = await post(request, { ...(request.body as object), surprise: true });
      expect(answer.statusCode, `${request.name} ${answer.body}`).toBe(422);
      const codes = answer.json().errors.map(({ code }: { code: string }) => code);
      expect(codes, `${request.name} ${answer.body}`).toContain('unrecognized_keys');
    }
    expect(await rowCounts()).toEqual(before);
  });

  it('says 422 to numbers that are too big, and to text and lists of any size and kind', async () => {
    const before = await rowCounts();
    const odd: readonly unknown[] = [
      1e308,
      -1,
      0.5,
      Number.MAX_SAFE_INTEGER,
      'x'.repeat(300_000),
      '',
      [],
      [[]],
      {},
      null,
      true,
      '\u202e',
    ];
    for (const request of requests.filter(({ body }) => body !== undefined)) {
      for (const field of Object.keys(request.body as object)) {
        for (const value of odd) {
          const answer = await post(request, { ...(request.body as object), [field]: value });
          const said = `${request.name} ${field}=${JSON.stringify(value)?.slice(0, 40)}: ${answer.statusCode} ${answer.body}`;
          expect(answer.statusCode === 503 || answer.statusCode < 500, said).toBe(true);
          expect(answer.json().code, said).not.toBe('internal.unexpected');
        }
      }
    }
    // Some of these values are fine where they stand; what people decide and machines find is never made by accident.
    const after = await rowCounts();
    for (const table of ['decisions', 'enforcement_orders', 'deliveries', 'signals']) {
      expect(after[table], table).toBe(before[table]);
    }
  }, 240_000);

  it('says what is unknown to bodies that name people and things which do not exist', async () => {
    const strange = (await requestsFor(api, world, 'strange')).filter(({ body }) => body !== undefined);
    expect(strange.length).toBeGreaterThan(50);
    for (const request of strange) {
      const answer = await post(request, request.body);
      const said = `${request.name} ${JSON.stringify(request.body)}: ${answer.statusCode} ${answer.body}`;
      // Temporal is away here: what can only be done there and then says so.
      if (request.name.endsWith('/restarts')) expect(answer.statusCode, said).toBe(503);
      else expect(answer.statusCode, said).toBeLessThan(500);
    }
  });

  it('takes no cursor, limit or filter that is not its own', async () => {
    for (const query of [
      'cursor=x',
      `cursor=${Buffer.from('["2026","a"]').toString('base64url')}`,
      'limit=0',
      'limit=201',
      'limit=x',
      'order=asc',
    ]) {
      const answer = await person.call('GET', `/v1/escalations?${query}`);
      expect([answer.statusCode, answer.json().code], query).toEqual([422, 'request.invalid']);
    }
  });

  it('answers unknown routes, methods and addresses with problems', async () => {
    expect((await person.call('GET', '/v1/nothing')).json()).toMatchObject({
      status: 404,
      code: 'request.unknown_route',
    });
    const wrong = await person.call('DELETE', '/v1/teams');
    expect([wrong.statusCode, wrong.headers['allow']]).toEqual([405, 'GET, POST']);
    for (const url of [
      '/v1/teams/%',
      '/v1/teams/..%2f..%2fetc',
      `/v1/teams/${'a'.repeat(5_000)}`,
      '/v1/teams/tea_%00',
    ]) {
      const answer = await person.call('GET', url);
      expect([400, 404, 414, 422], `${url.slice(0, 40)} ${answer.statusCode}`).toContain(answer.statusCode);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
  });
});
