import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';

let api: TestApi;
let admin: Caller;
beforeAll(async () => {
  api = await startTestApi();
  admin = await api.principal({ roles: ['admin'] });
});
afterAll(() => api?.stop());

describe('people and access', () => {
  it('creates a person with a token that works, and stops it by revoking, granting and disabling', async () => {
    const team = (await admin.call('POST', '/v1/teams', { key: 'abuse', name: 'Abuse' })).json();
    const person = await admin.call('POST', '/v1/principals', {
      kind: 'person',
      name: 'Launch owner',
      timeZone: 'Europe/London',
    });
    expect(person.json()).toMatchObject({ kind: 'person', name: 'Launch owner' });
    expect(person.statusCode).toBe(201);
    const { id } = person.json();
    const token = await admin.call('POST', `/v1/principals/${id}/tokens`, { label: 'laptop' });
    expect(token.json()).toMatchObject({ token: expect.stringMatching(/^vgl_[\w-]{43}$/) });
    const listed = await admin.call('GET', `/v1/principals/${id}/tokens`);
    expect(listed.body).not.toContain(token.json().token);
    const headers = { authorization: `Bearer ${token.json().token}` };
    expect((await api.app.inject({ url: '/v1/me', headers })).json()).toMatchObject({ id, grants: [] });
    const grant = await admin.call('POST', `/v1/principals/${id}/role-grants`, {
      role: 'launch_owner',
      teamId: team.id,
    });
    expect(grant.statusCode).toBe(201);
    expect((await api.app.inject({ url: '/v1/me', headers })).json().grants).toEqual([
      { role: 'launch_owner', teamId: team.id },
    ]);
    expect((await admin.call('DELETE', `/v1/principals/${id}/role-grants/${grant.json().id}`)).statusCode).toBe(204);
    expect((await admin.call('DELETE', `/v1/principals/${id}/tokens/${token.json().id}`)).statusCode).toBe(204);
    expect((await api.app.inject({ url: '/v1/me', headers })).statusCode).toBe(401);
  });
});
