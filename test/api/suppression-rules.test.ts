import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditEvents } from '#db/schema/index.ts';
import { dayMs } from '#domain/time.ts';
import { startTestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { vigil } from '#test/support/cli.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let responder: Caller;
let sender: Caller;
let cliOf: (token: string) => typeof vigil;
beforeAll(async () => {
  api = await startTestApi();
  cliOf = await listen(api.app);
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  responder = await api.principal({ roles: ['responder'], teamId: world.teamId });
  sender = await api.principal({ kind: 'service', roles: ['integration'], teamId: world.teamId });
});

const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();
const rule = (more: object = {}) => ({
  teamId: world.teamId,
  name: 'The staging cluster is being rebuilt',
  conditions: [{ label: 'cluster', is: 'matches', pattern: 'staging-*' }],
  expiresAt: inDays(30),
  ...more,
});
const make = async (more: object = {}) => (await responder.call('POST', '/v1/suppression-rules', rule(more))).json();
const alert = async (dedupKey: string, labels: object = { cluster: 'staging-7' }, more: object = {}) =>
  (
    await sender.call('POST', `/v1/services/${world.serviceId}/alerts`, {
      action: 'trigger',
      dedupKey,
      severity: 3,
      title: 'Disk',
      labels,
      ...more,
    })
  ).json();
const resolve = async (dedupKey: string) =>
  (await sender.call('POST', `/v1/services/${world.serviceId}/alerts`, { action: 'resolve', dedupKey })).json();

describe('while a rule is live', () => {
  it('alerts that match page nobody, and each is counted', async () => {
    const { id } = await make();
    for (let turn = 0; turn < 3; turn++)
      expect(await alert('a')).toEqual({ escalationId: null, disposition: 'suppressed' });
    await alert('b', undefined, { severity: 1 });
    expect((await alert('c', { cluster: 'prod-1' })).disposition).toBe('opened');
    const read = await responder.call('GET', `/v1/suppression-rules/${id}`);
    expect(read.json()).toMatchObject({ suppressed: { alerts: 4, keys: 2 }, ownerId: responder.id, version: 1 });
    const kept = (await responder.call('GET', `/v1/suppression-rules/${id}/suppressed-alerts`)).json().items;
    expect(kept).toMatchObject([
      { dedupKey: 'b', count: 1, severity: 1, reportedBy: sender.id },
      { dedupKey: 'a', count: 3, severity: 3 },
    ]);
  });

  it('what is open hears of its end, and its triggers leave one trace and raise nothing', async () => {
    const { escalationId } = await alert('a');
    await make();
    expect(await alert('a', undefined, { severity: 1 })).toEqual({ escalationId, disposition: 'suppressed' });
    expect(await alert('a', undefined, { severity: 1 })).toEqual({ escalationId, disposition: 'suppressed' });
    const facts = (await responder.call('GET', `/v1/alert-events?escalationId=${escalationId}`)).json().items;
    expect(facts.map((fact: { disposition: string }) => fact.disposition)).toEqual(['suppressed', 'opened']);
    const shown = (await responder.call('GET', `/v1/escalations/${escalationId}`)).json();
    expect(shown).toMatchObject({ severity: 3, alertCount: 1 });
    expect(await resolve('a')).toEqual({ escalationId, disposition: 'resolved' });
  });

  it('only its service and its integration are meant, where it names one', async () => {
    const manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
    const path = `/v1/services/${world.serviceId}/integrations`;
    const integrationId = (await manager.call('POST', path, { kind: 'grafana', name: 'Grafana' })).json().id;
    await make({ integrationId });
    expect((await alert('a')).disposition).toBe('opened');
    await make({ serviceId: world.serviceId });
    expect((await alert('b')).disposition).toBe('suppressed');
  });
});

describe('a rule', () => {
  it('that was ended early keeps nothing quiet, and cannot be ended or changed again', async () => {
    const made = await make();
    expect((await alert('a')).disposition).toBe('suppressed');
    const ended = await responder.call('POST', `/v1/suppression-rules/${made.id}/endings`);
    expect([ended.statusCode, ended.json().endedBy]).toEqual([201, responder.id]);
    expect((await alert('a')).disposition).toBe('opened');
    const again = await responder.call('POST', `/v1/suppression-rules/${made.id}/endings`);
    expect([again.statusCode, again.json().code]).toEqual([409, 'intake.rule_over']);
    const { teamId: _, ...fields } = rule({ ownerId: responder.id });
    const changed = await responder.call('PUT', `/v1/suppression-rules/${made.id}`, fields, { 'if-match': '"2"' });
    expect(changed.json().code).toBe('intake.rule_over');
    const events = await api.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.aggregateId, made.id))
      .orderBy(auditEvents.seq);
    expect(events.map(({ action }) => action)).toEqual(['suppressionRule.created', 'suppressionRule.ended']);
    const live = (await responder.call('GET', '/v1/suppression-rules?live=true')).json().items;
    expect(live).toEqual([]);
    expect((await responder.call('GET', '/v1/suppression-rules')).json().items).toMatchObject([{ id: made.id }]);
  });

  it('is changed under the ETag that was read, and works as changed at once', async () => {
    const made = await make();
    const conditions = [{ label: 'cluster', is: 'equals', value: 'prod-1' }];
    const { teamId: _, ...fields } = rule({ ownerId: responder.id, conditions });
    const put = (etag?: string) =>
      responder.call('PUT', `/v1/suppression-rules/${made.id}`, fields, etag === undefined ? {} : { 'if-match': etag });
    expect((await put()).statusCode).toBe(428);
    expect((await put('"9"')).statusCode).toBe(412);
    expect((await alert('a', { cluster: 'prod-1' })).disposition).toBe('opened');
    expect((await put('"1"')).json()).toMatchObject({ version: 2, conditions });
    expect((await alert('b', { cluster: 'prod-1' })).disposition).toBe('suppressed');
  });

  it.each([
    ['without an end', { expiresAt: undefined }, '/body/expiresAt'],
    ['that ends in more than 90 days', { expiresAt: inDays(91) }, '/body/expiresAt'],
    ['that has ended already', { expiresAt: inDays(-1) }, '/body/expiresAt'],
    ['for everything', { conditions: [] }, '/body/conditions'],
    ['without a name', { name: '' }, '/body/name'],
    ['owned by nobody', { ownerId: `per_${'0'.repeat(32)}` }, '/body/ownerId'],
    ['with a user regex', { conditions: [{ label: 'a', is: 'matches', pattern: '', flags: 'i' }] }, '/body/conditions'],
  ])('%s is refused', async (_what, more, pointer) => {
    const refused = await responder.call('POST', '/v1/suppression-rules', rule(more));
    expect(refused.statusCode).toBe(422);
    expect(refused.json().errors[0].pointer).toContain(pointer);
  });

  it("is not there for another team, made by no machine, and about no other team's service", async () => {
    const made = await make();
    const foreign = await api.principal({ roles: ['ops_lead'], teamId: await api.team() });
    for (const path of ['', '/suppressed-alerts'])
      expect((await foreign.call('GET', `/v1/suppression-rules/${made.id}${path}`)).statusCode).toBe(404);
    expect((await foreign.call('POST', `/v1/suppression-rules/${made.id}/endings`)).statusCode).toBe(404);
    expect((await foreign.call('POST', '/v1/suppression-rules', rule())).statusCode).toBe(404);
    expect((await sender.call('POST', '/v1/suppression-rules', rule())).statusCode).toBe(403);
    const machine = await api.principal({ kind: 'service', roles: ['ops_lead'], teamId: world.teamId });
    expect((await machine.call('POST', '/v1/suppression-rules', rule())).json().code).toBe('decision.person_required');
    const other = await seedWorld(api.db);
    const refused = await responder.call('POST', '/v1/suppression-rules', rule({ serviceId: other.serviceId }));
    expect(refused.json().errors[0].pointer).toBe('/body/serviceId');
  });
});

it('is made, shown, changed and ended from the command line', async () => {
  const run = cliOf(responder.token);
  const create = ['suppression', 'create', 'Rebuilding', '--team', world.teamId, '--when', 'cluster~staging-*'];
  const made = await run([...create, '--when', 'env!=prod', '--until', '4h', '--json']);
  expect(made.code, made.err).toBe(0);
  const { id, conditions } = made.json<{ id: string; conditions: object[] }>();
  expect(conditions).toEqual([
    { label: 'cluster', is: 'matches', pattern: 'staging-*' },
    { label: 'env', is: 'notEquals', value: 'prod' },
  ]);
  await alert('a');
  const shown = await run(['suppression', 'show', id]);
  expect(shown.out).toContain('when cluster~staging-*, env!=prod');
  expect(shown.out).toContain('has kept quiet 1 alerts of 1 keys');
  expect(shown.out).toMatch(/\ba +1 +3 +Disk/);
  const changed = await run(['suppression', 'change', id, '--until', '8h', '--json']);
  expect(changed.json()).toMatchObject({ version: 2, name: 'Rebuilding', conditions });
  expect((await run(['suppression', 'list', '--live'])).out).toContain(id);
  expect((await run(['suppression', 'end', id])).out).toContain(`ended: ${id}`);
  expect((await run(['suppression', 'list', '--live'])).out).not.toContain(id);
  expect((await alert('a')).disposition).toBe('opened');
  expect((await run([...create, '--until', '200d'])).code).not.toBe(0);
});
