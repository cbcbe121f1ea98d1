import { randomUUID } from 'node:crypto';
import { and, asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#config/log.ts';
import { sha256Hex } from '#db/ids.ts';
import { auditEvents, commands, heartbeatMonitors } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let keeper: Caller;
beforeAll(async () => {
  // Temporal is away in all of this file: beats do not ask it.
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  keeper = await api.principal({ roles: ['responder'], teamId: world.teamId });
});

const create = (body: object = {}, by: Caller = keeper, headers: Record<string, string> = {}) =>
  by.call(
    'POST',
    '/v1/heartbeat-monitors',
    { serviceId: world.serviceId, name: 'nightly backup', intervalSeconds: 600, ...body },
    headers,
  );
const rowOf = async (id: string) => {
  const [row] = await api.db.select().from(heartbeatMonitors).where(eq(heartbeatMonitors.id, id));
  if (!row) throw new Error('no such monitor');
  return row;
};
const commandsOf = (id: string) =>
  api.db.select().from(commands).where(eq(commands.aggregateId, id)).orderBy(asc(commands.seq));
const become = (id: string, change: Partial<typeof heartbeatMonitors.$inferInsert>) =>
  api.db.update(heartbeatMonitors).set(change).where(eq(heartbeatMonitors.id, id));

async function created(): Promise<{ id: string; key: string; path: string }> {
  const answer = await create();
  expect(answer.statusCode).toBe(201);
  return answer.json();
}

describe('heartbeat monitors', () => {
  it('show their key once, keep its hash, and are started by a command', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await create({}, keeper, headers);
    expect(first.statusCode).toBe(201);
    const { id, key, path, status, severity, lastBeatAt, dueAt } = first.json();
    expect({ status, severity, lastBeatAt, dueAt }).toEqual({
      status: 'opening',
      severity: 2,
      lastBeatAt: null,
      dueAt: null,
    });
    expect(path).toBe(`/v1/heartbeats/${key}`);
    expect((await rowOf(id)).sha256).toBe(sha256Hex(key));
    expect((await commandsOf(id)).map(({ mode, name, input, actor }) => ({ mode, name, input, actor }))).toMatchObject([
      {
        mode: 'start',
        name: 'open',
        input: { monitorId: id, serviceId: world.serviceId, intervalMs: 600_000, severity: 2 },
        actor: { kind: 'person', id: keeper.id },
      },
    ]);
    const again = await create({}, keeper, headers);
    expect([again.statusCode, again.json().code]).toEqual([409, 'idempotency.secret_not_kept']);
    for (const answer of [
      await keeper.call('GET', `/v1/heartbeat-monitors/${id}`),
      await keeper.call('GET', '/v1/heartbeat-monitors?open=true'),
    ]) {
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toContain(id);
      expect(answer.body).not.toContain(key);
      expect(answer.body).not.toContain(sha256Hex(key));
    }
    const [event] = await api.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.aggregateKind, 'heartbeat'), eq(auditEvents.aggregateId, id)));
    expect(event).toMatchObject({ action: 'heartbeat.created', actorId: keeper.id });
    expect(JSON.stringify(event)).not.toContain('backup');
  });

  it.each([59, 2_592_001, 60.5])('refuse an interval of %d s', async (intervalSeconds) => {
    expect((await create({ intervalSeconds })).statusCode).toBe(422);
  });

  it.each([60, 2_592_000])('take an interval of %d s', async (intervalSeconds) => {
    expect((await create({ intervalSeconds })).statusCode).toBe(201);
  });

  it('are for people of the team that may', async () => {
    const stranger = await api.principal({ roles: ['responder'], teamId: await api.team() });
    const reader = await api.principal({ roles: ['auditor'], teamId: world.teamId });
    const machine = await api.principal({ kind: 'service', roles: ['responder'], teamId: world.teamId });
    expect((await create({}, stranger)).statusCode).toBe(404);
    expect((await create({}, reader)).statusCode).toBe(403);
    expect((await create({}, machine)).json().code).toBe('decision.person_required');
    expect((await stranger.call('GET', `/v1/heartbeat-monitors/${world.monitorId}`)).statusCode).toBe(404);
    expect((await stranger.call('GET', '/v1/heartbeat-monitors')).json().items).toEqual([]);
  });

  it('are changed by whoever read their settings, and by commands that wait while Temporal is away', async () => {
    const path = `/v1/heartbeat-monitors/${world.monitorId}`;
    const { etag } = (await keeper.call('GET', path)).headers;
    const change = (headers: Record<string, string>) =>
      keeper.call('POST', `${path}/changes`, { intervalSeconds: 120 }, headers);
    expect((await change({})).statusCode).toBe(428);
    expect((await change({ 'if-match': '"7"' })).statusCode).toBe(412);
    expect((await change({ 'if-match': String(etag) })).statusCode).toBe(202);
    expect((await keeper.call('POST', `${path}/changes`, {}, { 'if-match': String(etag) })).statusCode).toBe(422);
    for (const resource of ['pauses', 'resumptions', 'closures'])
      expect((await keeper.call('POST', `${path}/${resource}`, {})).statusCode).toBe(202);
    expect((await commandsOf(world.monitorId)).map(({ name, input }) => [name, input])).toEqual([
      ['change', { settingsVersion: 1, intervalMs: 120_000 }],
      ['pause', {}],
      ['resume', {}],
      ['close', {}],
    ]);
  });
});

describe('beats', () => {
  const beat = (path: string, more: object = {}) => api.app.inject({ method: 'POST', url: path, ...more });

  it('are one row update each, by the clock of Postgres, and tell nobody of a monitor that beats', async () => {
    const { id, path } = await created();
    await become(id, { status: 'beating', version: 3 });
    const before = Date.now();
    for (let turn = 1; turn <= 3; turn++) {
      const answer = await beat(path);
      expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
    }
    const row = await rowOf(id);
    expect(row.beats).toBe(3);
    expect(Math.abs((row.lastBeatAt?.getTime() ?? 0) - before)).toBeLessThan(60_000);
    expect((await commandsOf(id)).map(({ name }) => name)).toEqual(['open']);
  });

  it.each(['waiting', 'missed'])('leave one word to a monitor that is %s, however many come', async (status) => {
    const { id, path } = await created();
    await become(id, { status, version: 4 });
    for (let turn = 1; turn <= 5; turn++) await beat(path);
    expect((await commandsOf(id)).map(({ mode, name, input }) => ({ mode, name, input }))).toMatchObject([
      { name: 'open' },
      { mode: 'signal', name: 'beat', input: {} },
    ]);
    await become(id, { version: 5 });
    await beat(path);
    expect(await commandsOf(id)).toHaveLength(3);
  });

  it('come from whatever a crontab has: POST with any body, GET and HEAD', async () => {
    const { id, path } = await created();
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=b' };
    const broken = { headers: { 'content-type': 'application/json' }, payload: '{' };
    const bytes = { headers: { 'content-type': 'application/octet-stream' }, payload: Buffer.alloc(200_000) };
    for (const more of [{}, form, broken, bytes, { payload: '' }])
      expect((await beat(path, more)).statusCode).toBe(200);
    expect((await api.app.inject({ method: 'GET', url: path })).statusCode).toBe(200);
    expect((await api.app.inject({ method: 'HEAD', url: path })).statusCode).toBe(200);
    expect((await rowOf(id)).beats).toBe(7);
    expect((await beat(path, { ...bytes, payload: Buffer.alloc(300_000) })).statusCode).toBe(413);
  });

  it('of an unknown key, a closed monitor or a shape that no key has are 404', async () => {
    const { id, path } = await created();
    await become(id, { status: 'closed', closedAt: new Date() });
    for (const url of [path, `/v1/heartbeats/hb_${'0'.repeat(32)}`, '/v1/heartbeats/x', `/v1/heartbeats/${id}`])
      expect((await beat(url)).statusCode, url).toBe(404);
    expect((await rowOf(id)).beats).toBe(0);
  });

  it('of one key that come too fast are turned away, and those of another are not', async () => {
    const [wild, calm] = [await created(), await created()];
    const statuses: number[] = [];
    for (let turn = 0; turn < 125; turn++) statuses.push((await beat(wild.path)).statusCode);
    expect(statuses.filter((status) => status === 200)).toHaveLength(120);
    const refused = await beat(wild.path);
    expect([refused.statusCode, Number(refused.headers['retry-after'])]).toEqual([429, expect.any(Number)]);
    expect((await beat(calm.path)).statusCode).toBe(200);
  });

  it('never put their key into a log', async () => {
    const { key, path } = await created();
    let written = '';
    const log = createLogger('test', 'trace', { write: (line) => (written += line) });
    const app = await testApiOver(api.db, awayTemporal(), { log });
    await app.inject({ method: 'POST', url: path });
    await app.inject({ method: 'GET', url: `${path}0` });
    await app.close();
    expect(written).toContain('/v1/heartbeats/:key');
    expect(written).not.toContain(key);
  });
});
