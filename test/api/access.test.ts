import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '#domain/actor.ts';
import type { Role } from '#domain/actor.ts';
import { isTeamOwned, requestsFor } from '#test/support/api-routes.ts';
import type { RouteRequest } from '#test/support/api-routes.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, Method, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let requests: RouteRequest[];
beforeAll(async () => {
  api = await startTestApi();
  world = await seedWorld(api.db);
  requests = await requestsFor(api, world);
});
afterAll(() => api?.stop());

const send = (caller: Caller, { route, url, body }: RouteRequest) => caller.call(route.method as Method, url, body);

describe('who may use the API', () => {
  it('answers nobody without a token, nor with one that is not ours', async () => {
    for (const { route, url, body, name } of requests) {
      const payload =
        body === undefined ? {} : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const without = await api.app.inject({ method: route.method as Method, url, ...payload });
      expect(without.statusCode, name).toBe(401);
      expect(without.json().code, name).toBe('auth.missing');
      const headers = { ...payload.headers, authorization: `Bearer vgl_${'A'.repeat(43)}` };
      const unknown = await api.app.inject({ method: route.method as Method, url, ...payload, headers });
      expect(unknown.json().code, name).toBe('auth.invalid');
    }
  });

  it('answers 403 to whoever holds every role but those that the route asks for', async () => {
    const callers = new Map<string, Caller>();
    for (const request of requests) {
      const { access } = request.route;
      if (!Array.isArray(access)) continue;
      const others = roles.filter((role) => role !== 'admin' && !access.includes(role));
      const caller = callers.get(others.join()) ?? (await api.principal({ roles: others }));
      callers.set(others.join(), caller);
      const answer = await send(caller, request);
      expect([answer.statusCode, answer.json().code], request.name).toEqual([403, 'auth.forbidden']);
    }
  });

  it('lets no role of another team see that an object exists', async () => {
    const all = roles.filter((role) => role !== 'admin');
    const stranger = await api.principal({ roles: [...all, 'admin'], teamId: await api.team() });
    const owned = requests.filter(isTeamOwned);
    expect(owned.length).toBeGreaterThan(80);
    for (const request of owned) {
      const answer = await send(stranger, request);
      expect([answer.statusCode, answer.json().code], `${request.name} ${answer.body}`).toEqual([
        404,
        'resource.not_found',
      ]);
    }
  });

  it('lists nothing of another team', async () => {
    const stranger = await api.principal({ roles: roles.filter((role) => role !== 'admin'), teamId: await api.team() });
    const lists = requests.filter(
      ({ route, url }) => route.method === 'GET' && !url.includes(':') && !route.url.includes(':'),
    );
    for (const request of lists) {
      const answer = await send(stranger, request);
      if (answer.statusCode !== 200) continue;
      expect(answer.body, request.name).not.toContain(world.teamId);
      expect(answer.body, request.name).not.toContain(world.decisionId);
    }
  });

  it('takes a role, a token and a person away at once', async () => {
    const admin = await api.principal({ roles: ['admin'] });
    const auditor = await api.principal({ roles: ['auditor'] });
    expect((await auditor.call('GET', '/v1/decisions')).statusCode).toBe(200);
    const [grant] = (await admin.call('GET', `/v1/principals/${auditor.id}/role-grants`)).json().items;
    await admin.call('DELETE', `/v1/principals/${auditor.id}/role-grants/${grant.id}`);
    expect((await auditor.call('GET', '/v1/decisions')).statusCode).toBe(403);
    expect((await admin.call('POST', `/v1/principals/${auditor.id}/disablements`)).statusCode).toBe(200);
    expect((await auditor.call('GET', '/v1/me')).statusCode).toBe(401);
  });

  it('lets an administrator of one team rule that team only', async () => {
    const teamId = await api.team();
    const admin = await api.principal({ roles: ['admin'], teamId });
    const person = await api.principal();
    const grant = (team: string | null, role: Role) =>
      admin.call('POST', `/v1/principals/${person.id}/role-grants`, { role, teamId: team });
    expect((await grant(teamId, 'reviewer')).statusCode).toBe(201);
    expect((await grant(null, 'reviewer')).statusCode).toBe(403);
    expect((await grant(world.teamId, 'admin')).statusCode).toBe(404);
    expect((await admin.call('POST', `/v1/principals/${person.id}/tokens`, { label: 'theirs' })).statusCode).toBe(403);
    expect((await admin.call('POST', '/v1/teams', { key: 'another', name: 'another' })).statusCode).toBe(403);
  });
});
