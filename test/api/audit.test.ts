import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let auditor: Caller;
beforeAll(async () => {
  api = await startTestApi();
  auditor = await api.principal({ roles: ['auditor'] });
});
afterAll(() => api?.stop());

/** Two changes of one object by people: a chain of two. */
beforeEach(async () => {
  world = await seedWorld(api.db);
  const manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
  for (const minutes of [10, 20]) {
    const endsAt = new Date(Date.now() + minutes * 60_000).toISOString();
    await manager.call('POST', `/v1/services/${world.serviceId}/maintenance-windows`, { endsAt });
  }
});

const verification = async () =>
  (await auditor.call('GET', `/v1/audit/service/${world.serviceId}/verification`)).json();

/** Changes the chain behind the API's back: only the owner of the schema can. */
async function tamper(statement: string): Promise<void> {
  const client = new Client({ connectionString: api.ownerUrl });
  await client.connect();
  await client.query(statement);
  await client.end();
}

describe('an audit chain', () => {
  it('is read in order, page by page', async () => {
    const path = `/v1/audit/service/${world.serviceId}/events`;
    const first = (await auditor.call('GET', `${path}?limit=1`)).json();
    expect(first).toMatchObject({
      items: [{ seq: 1, action: 'service.maintenanceAdded', actorKind: 'person' }],
      nextAfterSeq: 1,
    });
    const second = (await auditor.call('GET', `${path}?limit=1&afterSeq=1`)).json();
    expect(second).toMatchObject({ items: [{ seq: 2, prevHash: first.items[0].hash }], nextAfterSeq: null });
    expect((await auditor.call('GET', `/v1/audit/service/${newId('service')}/events`)).statusCode).toBe(404);
  });

  it('verifies as it was written', async () => {
    expect(await verification()).toMatchObject({ isWhole: true, events: 2, fault: null });
  });

  it.each([
    [
      'an edited event',
      (id: string) => `UPDATE audit_events SET actor_id = 'per_0' WHERE aggregate_id = '${id}' AND seq = 1`,
      { seq: 1, fault: 'hash' },
    ],
    [
      'a deleted event',
      (id: string) => `DELETE FROM audit_events WHERE aggregate_id = '${id}' AND seq = 1`,
      { seq: 1, fault: 'hole' },
    ],
    [
      'a chain that was cut off',
      (id: string) => `DELETE FROM audit_events WHERE aggregate_id = '${id}' AND seq = 2`,
      { seq: 2, fault: 'hole' },
    ],
  ])('shows %s at its place', async (_name, statement, fault) => {
    await tamper(statement(world.serviceId));
    expect(await verification()).toMatchObject({ isWhole: false, fault });
  });

  it('cannot be changed by the role of the API', async () => {
    for (const statement of ['UPDATE audit_events SET reason = NULL', 'DELETE FROM audit_events']) {
      await expect(api.db.$client.query(statement)).rejects.toThrow(/permission denied/);
    }
  });

  it('is read by auditors and by those who answer for the team, by nobody else', async () => {
    const path = `/v1/audit/service/${world.serviceId}/events`;
    const statusFor = async (role: 'ops_lead' | 'reviewer', teamId: string) =>
      (await (await api.principal({ roles: [role], teamId })).call('GET', path)).statusCode;
    expect(await statusFor('ops_lead', world.teamId)).toBe(200);
    expect(await statusFor('reviewer', world.teamId)).toBe(403);
    expect(await statusFor('ops_lead', await api.team())).toBe(404);
  });
});
