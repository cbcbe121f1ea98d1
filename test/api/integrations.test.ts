import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findIntegrationByKey } from '#db/repositories/integrations.ts';
import { newId } from '#db/ids.ts';
import { auditEvents, integrationKeys, services } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let manager: Caller;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
});

const path = () => `/v1/services/${world.serviceId}/integrations`;
const create = async (body: object = {}) =>
  (await manager.call('POST', path(), { kind: 'alertmanager', name: 'Prometheus', ...body })).json();
const auditOf = async (id: string) =>
  (await api.db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id)).orderBy(auditEvents.seq)).map(
    ({ action }) => action,
  );

describe('an integration with a key', () => {
  it('shows it once, and keeps its hash only', async () => {
    const made = await create();
    expect(made.key.key).toMatch(/^[0-9a-f]{32}$/);
    const again = await manager.call('GET', `/v1/integrations/${made.id}`);
    expect(again.body).not.toContain(made.key.key);
    expect(again.json().keys).toMatchObject([{ id: made.key.id, revokedAt: null }]);
    const [row] = await api.db.select().from(integrationKeys).where(eq(integrationKeys.id, made.key.id));
    expect(JSON.stringify(row)).not.toContain(made.key.key);
    expect(await findIntegrationByKey(api.db, made.key.key)).toMatchObject({
      id: made.id,
      kind: 'alertmanager',
      serviceId: world.serviceId,
      teamId: world.teamId,
      principalId: made.principalId,
      version: 1,
      document: { identity: 'group', mapping: null, routes: [], severities: {} },
    });
    expect(await auditOf(made.id)).toEqual(['integration.keyCreated']);
    expect(await auditOf(made.principalId)).toEqual(['principal.created']);
  });

  it('does not show it to a replay of the request', async () => {
    const key = { 'idempotency-key': 'create-integration-1' };
    const body = { kind: 'grafana', name: 'Grafana' };
    expect((await manager.call('POST', path(), body, key)).statusCode).toBe(201);
    const replay = await manager.call('POST', path(), body, key);
    expect([replay.statusCode, replay.json().code]).toEqual([409, 'idempotency.secret_not_kept']);
  });

  it('has two keys during a rotation and no third, and the revoked one is turned away at once', async () => {
    const made = await create();
    const keys = `/v1/integrations/${made.id}/keys`;
    const second = (await manager.call('POST', keys)).json();
    const third = await manager.call('POST', keys);
    expect([third.statusCode, third.json().code]).toEqual([409, 'intake.keys_in_use']);
    for (const { key } of [made.key, second])
      expect(await findIntegrationByKey(api.db, key)).toMatchObject({ id: made.id });
    expect((await manager.call('DELETE', `${keys}/${made.key.id}`)).statusCode).toBe(204);
    expect(await findIntegrationByKey(api.db, made.key.key)).toBeNull();
    expect(await findIntegrationByKey(api.db, second.key)).not.toBeNull();
    expect((await manager.call('DELETE', `${keys}/${made.key.id}`)).statusCode).toBe(404);
    expect((await manager.call('POST', keys)).statusCode).toBe(201);
  });

  it('lets nobody make a third key by asking at the same time', async () => {
    const made = await create();
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => manager.call('POST', `/v1/integrations/${made.id}/keys`)),
    );
    expect(asked.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409]);
  });

  it('is turned away once the integration is disabled', async () => {
    const made = await create();
    expect(await findIntegrationByKey(api.db, made.key.key)).not.toBeNull();
    expect((await manager.call('DELETE', `${path()}/${made.id}`)).statusCode).toBe(204);
    expect(await findIntegrationByKey(api.db, made.key.key)).toBeNull();
    expect((await manager.call('POST', `/v1/integrations/${made.id}/keys`)).statusCode).toBe(404);
  });

  it('is found by nothing that is not a key', async () => {
    for (const text of ['', 'x', 'A'.repeat(32), `${'a'.repeat(31)}\n`, 'a'.repeat(33), '0'.repeat(32)])
      expect(await findIntegrationByKey(api.db, text), JSON.stringify(text)).toBeNull();
  });
});

it('a sender with a token has no key until one is asked for', async () => {
  const sender = await api.principal({ kind: 'service', roles: ['integration'], teamId: world.teamId });
  const made = await create({ kind: 'generic', principalId: sender.id });
  expect(made).toMatchObject({ principalId: sender.id, key: null });
  const { key } = (await manager.call('POST', `/v1/integrations/${made.id}/keys`)).json();
  expect(await findIntegrationByKey(api.db, key)).toMatchObject({ principalId: sender.id });
});

describe("an integration's document", () => {
  const put = (id: string, document: object, etag = '"1"') =>
    manager.call('PUT', `/v1/integrations/${id}`, { document }, { 'if-match': etag });
  const otherService = async (teamId: string) => {
    const id = newId('service');
    const key = `other-${id.slice(-12)}`;
    await api.db.insert(services).values({ id, teamId, key, name: 'other', policyId: world.policyId });
    return { id, key };
  };

  it('is changed under the ETag that was read, with its audit event', async () => {
    const made = await create();
    const other = await otherService(world.teamId);
    const when = [{ label: 'team', is: 'matches', pattern: 'pay*' }];
    const routes = [
      { when, serviceKey: other.key },
      { when: [], severity: 3, stop: false },
    ];
    const changed = await put(made.id, { identity: 'alert', routes, severities: { Page: 1 } });
    expect(changed.json()).toMatchObject({
      version: 2,
      document: {
        identity: 'alert',
        severities: { page: 1 },
        routes: [
          { when, serviceId: other.id, severity: null, stop: true },
          { when: [], serviceId: null, severity: 3, stop: false },
        ],
      },
    });
    expect(changed.headers['etag']).toBe('"2"');
    expect((await put(made.id, {})).statusCode).toBe(412);
    expect(await findIntegrationByKey(api.db, made.key.key)).toMatchObject({ version: 2 });
    expect(await auditOf(made.id)).toEqual(['integration.keyCreated', 'integration.changed']);
  });

  it.each([
    ['a condition of another kind', { routes: [{ when: [{ label: 'a', is: 'regex', value: '(a+)+$' }] }] }],
    ['a condition without a label', { routes: [{ when: [{ is: 'present' }] }] }],
    ['a severity that there is not', { severities: { page: 5 } }],
    ['a field that it does not know', { routs: [] }],
    ['a hundred and one routes', { routes: Array.from({ length: 101 }, () => ({ when: [] })) }],
  ])('refuses %s', async (_what, document) => {
    const made = await create();
    expect((await put(made.id, document)).statusCode).toBe(422);
  });

  it("refuses another team's service", async () => {
    const made = await create();
    const foreign = await otherService(await api.team());
    for (const to of [{ serviceId: foreign.id }, { serviceKey: foreign.key }, { serviceKey: 'nowhere' }]) {
      const refused = await put(made.id, { routes: [{ when: [], ...to }] });
      expect(refused.statusCode).toBe(422);
      expect(refused.json().errors[0].pointer).toBe(`/body/document/routes/0/${Object.keys(to)[0]}`);
    }
  });
});

it('is not there for another team, and not for a responder to change', async () => {
  const made = await create();
  const foreign = await api.principal({ roles: ['oncall_manager'], teamId: await api.team() });
  const responder = await api.principal({ roles: ['responder'], teamId: world.teamId });
  expect((await foreign.call('GET', `/v1/integrations/${made.id}`)).statusCode).toBe(404);
  expect((await foreign.call('POST', `/v1/integrations/${made.id}/keys`)).statusCode).toBe(404);
  expect((await responder.call('GET', `/v1/integrations/${made.id}`)).statusCode).toBe(200);
  expect((await responder.call('POST', `/v1/integrations/${made.id}/keys`)).statusCode).toBe(403);
});
