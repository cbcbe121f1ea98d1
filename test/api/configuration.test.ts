import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { commands, enforcementOrders, escalations, idempotencyRecords, tokens } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let admin: Caller;
let manager: Caller;
beforeAll(async () => {
  api = await startTestApi();
  admin = await api.principal({ roles: ['admin'] });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  manager = await api.principal({ roles: ['oncall_manager', 'ops_lead'], teamId: world.teamId });
});

const actionsOf = async (kind: string, id: string): Promise<string[]> =>
  (await admin.call('GET', `/v1/audit/${kind}/${id}/events`))
    .json()
    .items.map(({ action }: { action: string }) => action);
const commandsFor = async (aggregateId: string) =>
  api.db.select().from(commands).where(eq(commands.aggregateId, aggregateId)).orderBy(commands.seq);
const anHourFrom = (at: number) => new Date(at + 3_600_000).toISOString();

describe('people and access', () => {
  it('creates a person with a token that works, and stops it by revoking', async () => {
    const person = await admin.call('POST', '/v1/principals', {
      kind: 'person',
      name: 'Launch owner',
      timeZone: 'Europe/London',
    });
    expect([person.statusCode, person.json()]).toMatchObject([201, { kind: 'person', name: 'Launch owner' }]);
    const { id } = person.json();
    const token = await admin.call('POST', `/v1/principals/${id}/tokens`, { label: 'laptop' });
    expect(token.json()).toMatchObject({ token: expect.stringMatching(/^vgl_[\w-]{43}$/) });
    const headers = { authorization: `Bearer ${token.json().token}` };
    expect((await api.app.inject({ url: '/v1/me', headers })).json()).toMatchObject({ id, grants: [] });
    const [listed] = (await admin.call('GET', `/v1/principals/${id}/tokens`)).json().items;
    expect(listed).toMatchObject({ label: 'laptop', lastUsedAt: expect.stringMatching(/Z$/) });
    expect(
      (await admin.call('POST', `/v1/principals/${id}/role-grants`, { role: 'launch_owner', teamId: world.teamId }))
        .statusCode,
    ).toBe(201);
    expect((await api.app.inject({ url: '/v1/me', headers })).json().grants).toEqual([
      { role: 'launch_owner', teamId: world.teamId },
    ]);
    expect((await admin.call('DELETE', `/v1/principals/${id}/tokens/${token.json().id}`)).statusCode).toBe(204);
    expect((await api.app.inject({ url: '/v1/me', headers })).statusCode).toBe(401);
    expect(await actionsOf('principal', id)).toEqual([
      'principal.created',
      'principal.tokenCreated',
      'principal.roleGranted',
      'principal.tokenRevoked',
    ]);
  });

  it('keeps no token in clear, neither for a list nor for a replay', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const create = () => manager.call('POST', `/v1/principals/${manager.id}/tokens`, { label: 'own' }, key);
    const first = await create();
    expect(first.statusCode).toBe(201);
    const { token } = first.json();
    const again = await create();
    expect([again.statusCode, again.json().code]).toEqual([409, 'idempotency.secret_not_kept']);
    expect((await manager.call('GET', `/v1/principals/${manager.id}/tokens`)).body).not.toContain(token);
    const stored = [await api.db.select().from(tokens), await api.db.select().from(idempotencyRecords)];
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it('takes notification rules as a whole set, of enabled methods, never louder for low urgency', async () => {
    const person = await api.principal({ roles: ['responder'], teamId: world.teamId });
    const path = `/v1/persons/${person.id}`;
    const method = async (channel: string, address: string) =>
      (await person.call('POST', `${path}/contact-methods`, { channel, address })).json().id;
    const [email, sms] = [await method('email', 'ann@example.org'), await method('sms', '+44 7700 900123')];
    const put = (urgency: string, ...rules: object[]) =>
      person.call('PUT', `${path}/notification-rules/${urgency}`, { rules });
    const quiet = await put('low', { contactMethodId: email, delayMinutes: 0 });
    expect([quiet.statusCode, quiet.json().errors[0]]).toMatchObject([422, { pointer: '/rules/high', code: 'empty' }]);
    expect(
      (await put('high', { contactMethodId: email, delayMinutes: 0 }, { contactMethodId: sms, delayMinutes: 5 }))
        .statusCode,
    ).toBe(200);
    const loud = await put('low', { contactMethodId: sms, delayMinutes: 0 });
    expect([loud.statusCode, loud.json().errors[0].code]).toEqual([422, 'low_louder_than_high']);
    expect((await put('low', { contactMethodId: sms, delayMinutes: 5 })).json().rules).toMatchObject([
      { channel: 'sms', delayMinutes: 5 },
    ]);
    expect((await person.call('DELETE', `${path}/contact-methods/${sms}`)).statusCode).toBe(204);
    const gone = await put('high', { contactMethodId: sms, delayMinutes: 0 });
    expect(gone.json().errors[0].pointer).toBe('/body/rules/0/contactMethodId');
    // Somebody else's rules are not one's own business.
    expect((await manager.call('GET', `${path}/notification-rules/high`)).statusCode).toBe(403);
  });
});

describe('documents with versions', () => {
  const policyOf = (document: object) => ({ document });
  const rung = () => ({ targets: [{ kind: 'person', personId: world.personId }], ackWithinMs: 300_000 });

  it('change only for whoever read the newest version', async () => {
    const path = `/v1/escalation-policies/${world.policyId}`;
    const read = await manager.call('GET', path);
    expect(read.headers['etag']).toBe('"1"');
    const next = policyOf({ rungs: [rung(), rung()], catchAllPersonId: world.personId, repeat: 1 });
    expect((await manager.call('PUT', path, next)).statusCode).toBe(428);
    expect((await manager.call('PUT', path, next, { 'if-match': '"7"' })).json().code).toBe('precondition.failed');
    const changed = await manager.call('PUT', path, next, { 'if-match': '"1"' });
    expect([changed.statusCode, changed.headers['etag'], changed.json().version]).toEqual([200, '"2"', 2]);
    const versions = (await manager.call('GET', `${path}/versions`)).json().items;
    expect(
      versions.map((one: { version: number; document: { rungs: unknown[] } }) => [
        one.version,
        one.document.rungs.length,
      ]),
    ).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(await actionsOf('escalationPolicy', world.policyId)).toEqual(['escalationPolicy.changed']);
  });

  it('let one of two change it who read the same version', async () => {
    const path = `/v1/escalation-policies/${world.policyId}`;
    const put = () =>
      manager.call(
        'PUT',
        path,
        { document: { rungs: [rung()], catchAllPersonId: world.personId } },
        { 'if-match': '"1"' },
      );
    const answers = await Promise.all([put(), put(), put()]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
  });

  it('name every place of a policy that is wrong, and people who do not exist', async () => {
    const nobody = newId('person');
    const document = {
      rungs: [
        { ...rung(), ackWithinMs: 1 },
        { targets: [], ackWithinMs: 60_000 },
      ],
      catchAllPersonId: nobody,
    };
    const answer = await manager.call('POST', '/v1/escalation-policies', {
      teamId: world.teamId,
      key: 'bad',
      name: 'bad',
      document,
    });
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'escalation.policy_invalid']);
    expect(
      answer.json().errors.map(({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`),
    ).toEqual([
      '/body/document/rungs/0/ackWithinMs ack_within',
      '/body/document/rungs/1/targets empty',
      '/body/document unknown_person',
    ]);
  });

  it('answer who is on call, in which stretches and where the gaps are', async () => {
    const layer = {
      id: 'week',
      rotation: { kind: 'daily' },
      start: '2026-01-05T08:00',
      participants: [world.personId, manager.id],
      windows: [{ days: [1, 2, 3, 4, 5], startTime: '08:00', endTime: '20:00' }],
    };
    const override = {
      id: 'swap',
      kind: 'replace',
      layerId: null,
      personId: world.personId,
      byPersonId: manager.id,
      startAt: '2026-01-05T10:00:00+01:00',
      endAt: '2026-01-05T12:00:00Z',
    };
    const document = { zone: 'Europe/Berlin', layers: [layer], overrides: [override] };
    const created = await manager.call('POST', '/v1/schedules', {
      teamId: world.teamId,
      key: `rota-${world.productKey}-2`,
      name: 'Rota',
      document,
    });
    expect([created.statusCode, created.headers['etag']]).toEqual([201, '"1"']);
    // Instants come back in UTC, clock times as they were written.
    expect(created.json().document.overrides[0]).toMatchObject({
      startAt: '2026-01-05T09:00:00.000Z',
      endAt: '2026-01-05T12:00:00.000Z',
    });
    const path = `/v1/schedules/${created.json().id}`;
    const onCall = async (at: string) =>
      (await manager.call('GET', `${path}/on-call?at=${encodeURIComponent(at)}`)).json();
    expect(await onCall('2026-01-05T08:30:00Z')).toMatchObject({
      onCall: [world.personId],
      why: { kind: 'layer', layerId: 'week', scheduleVersion: 1 },
    });
    expect(await onCall('2026-01-05T09:00:00Z')).toMatchObject({
      onCall: [manager.id],
      why: { kind: 'override', overrideIds: ['swap'] },
    });
    expect(await onCall('2026-01-05T22:00:00+01:00')).toMatchObject({ onCall: [], why: { kind: 'nobody' } });
    const span = '?from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z';
    const segments = (await manager.call('GET', `${path}/segments${span}`)).json().items;
    expect(segments.map((one: { people: string[] }) => one.people)).toEqual([
      [],
      [world.personId],
      [manager.id],
      [world.personId],
      [],
    ]);
    const gaps = (await manager.call('GET', `${path}/gaps${span}`)).json().items;
    expect(gaps).toEqual([
      { startAt: '2026-01-05T00:00:00.000Z', endAt: '2026-01-05T07:00:00.000Z' },
      { startAt: '2026-01-05T19:00:00.000Z', endAt: '2026-01-06T00:00:00.000Z' },
    ]);
    expect(
      (await manager.call('GET', `${path}/gaps?from=2026-01-01T00:00:00Z&to=2036-01-01T00:00:00Z`)).statusCode,
    ).toBe(422);
  });

  it('tell the open escalations whose policy reads a schedule that it changed', async () => {
    const state = { policy: { rungs: [{ targets: [{ kind: 'schedule', scheduleId: world.scheduleId }] }] } };
    await api.db.update(escalations).set({ state }).where(eq(escalations.id, world.escalationId));
    const document = {
      zone: 'UTC',
      layers: [{ id: 'all', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: [world.personId] }],
    };
    const answer = await manager.call('PUT', `/v1/schedules/${world.scheduleId}`, { document }, { 'if-match': '"1"' });
    expect(answer.statusCode).toBe(200);
    expect(await commandsFor(world.escalationId)).toMatchObject([
      { mode: 'signal', name: 'rosterChanged', input: { scheduleId: world.scheduleId } },
    ]);
  });
});

describe('what holds paging and enforcement back', () => {
  it('tells the open escalations of a service that maintenance began and ended', async () => {
    const path = `/v1/services/${world.serviceId}/maintenance-windows`;
    const begun = await manager.call('POST', path, { endsAt: anHourFrom(Date.now()) });
    expect(begun.statusCode).toBe(201);
    const { id, endsAt } = begun.json();
    expect((await manager.call('POST', `${path}/${id}/endings`)).json()).toMatchObject({ id, endedBy: manager.id });
    expect((await manager.call('POST', `${path}/${id}/endings`)).statusCode).toBe(404);
    expect(await commandsFor(world.escalationId)).toMatchObject([
      { name: 'maintenanceStarted', input: { windowId: id, until: Date.parse(endsAt) } },
      { name: 'maintenanceEnded', input: { windowId: id } },
    ]);
    const later = await manager.call('POST', path, {
      startsAt: anHourFrom(Date.now()),
      endsAt: anHourFrom(Date.now() + 3_600_000),
    });
    expect(later.statusCode).toBe(201);
    expect(await commandsFor(world.escalationId)).toHaveLength(2);
    expect((await manager.call('POST', path, { endsAt: '2020-01-01T00:00:00Z' })).statusCode).toBe(422);
    expect(await actionsOf('service', world.serviceId)).toEqual([
      'service.maintenanceAdded',
      'service.maintenanceEnded',
      'service.maintenanceAdded',
    ]);
  });

  it('engages one kill switch per product by a person, and tells open orders of its release', async () => {
    const path = `/v1/products/${world.productId}/kill-switches`;
    expect((await manager.call('POST', path)).json().code).toBe('resource.exists');
    const machine = await api.principal({ kind: 'service', roles: ['ops_lead'], teamId: world.teamId });
    expect((await machine.call('POST', `${path}/${world.killSwitchId}/releases`)).json().code).toBe(
      'decision.person_required',
    );
    const released = await manager.call('POST', `${path}/${world.killSwitchId}/releases`);
    expect(released.json()).toMatchObject({ releasedBy: manager.id });
    expect(await commandsFor(world.orderId)).toMatchObject([{ mode: 'signal', name: 'killSwitchCleared' }]);
    await api.db.update(enforcementOrders).set({ closedAt: new Date() }).where(eq(enforcementOrders.id, world.orderId));
    const again = await manager.call('POST', path);
    expect(again.statusCode).toBe(201);
    await manager.call('POST', `${path}/${again.json().id}/releases`);
    expect(await commandsFor(world.orderId)).toHaveLength(1);
  });
});
