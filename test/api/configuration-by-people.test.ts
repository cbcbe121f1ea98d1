import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cases } from '#db/schema/index.ts';
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
describe('detectors', () => {
  it('are stored only when what they say makes sense, and raised by a person with what was known then', async () => {
    const scientist = await api.principal({ roles: ['protection_scientist'], teamId: world.teamId });
    const detector = async (kind: string) =>
      (
        await scientist.call('POST', '/v1/detectors', {
          productId: world.productId,
          key: `own-${kind}`,
          kind,
          harm: 'fraud',
          severity: 2,
          title: kind,
        })
      ).json().id;
    const version = (id: string, definition: object) =>
      scientist.call('POST', `/v1/detectors/${id}/versions`, { definition, threshold: 0.5 });
    const rules = await detector('rules');
    const bad = await version(rules, {
      kind: 'rules',
      rules: { format: 1, threshold: 50, rules: [{ id: 'a', weight: 10, when: { type: 'guess' } }] },
    });
    expect([bad.statusCode, bad.json().code, bad.json().errors[0].pointer]).toEqual([
      422,
      'detector.rules_invalid',
      '/body/definition/rules/rules/0/when/type',
    ]);
    const sql = await detector('sql');
    const unsafe = await version(sql, { kind: 'sql', sql: 'DELETE FROM product_events', windowMs: 60_000 });
    expect([unsafe.statusCode, unsafe.json().code]).toEqual([422, 'detector.sql_invalid']);
    expect((await version(sql, { kind: 'http', url: 'https://detector.example' })).json().errors[0].pointer).toBe(
      '/body/definition/kind',
    );
    const http = await detector('http');
    expect((await version(http, { kind: 'http', url: 'file:///etc/passwd' })).statusCode).toBe(422);
    const good = await version(http, { kind: 'http', url: 'https://detector.example/score' });
    expect(good.json()).toMatchObject({ number: 1, maturity: 'M2', mode: 'shadow', retiredAt: null });
    const raised = await scientist.call('POST', `/v1/detector-versions/${good.json().id}/maturity-changes`, {
      to: 'M4',
      note: 'measured on Monday',
    });
    expect(raised.json()).toMatchObject({ maturity: 'M4', mode: 'live' });
    const events = (await admin.call('GET', `/v1/audit/detector/${http}/events`)).json().items;
    expect(events.at(-1)).toMatchObject({
      action: 'detector.maturityChanged',
      actorId: scientist.id,
      data: { from: 'M2', to: 'M4', decided: 0 },
    });
    expect(JSON.stringify(events)).not.toContain('measured on Monday');
    expect(
      (await scientist.call('POST', `/v1/detector-versions/${good.json().id}/retirements`)).json().retiredAt,
    ).not.toBeNull();
    expect(
      (
        await scientist.call('POST', `/v1/detector-versions/${good.json().id}/maturity-changes`, {
          to: 'M2',
          note: 'x',
        })
      ).statusCode,
    ).toBe(404);
  });

  it('have the precision that people decided, with its interval, and none while nothing is decided', async () => {
    const path = `/v1/detector-versions/${world.detectorVersionId}/precision`;
    expect((await manager.call('GET', path)).json()).toEqual({
      detectorVersionId: world.detectorVersionId,
      decided: 0,
      violations: 0,
      observed: null,
      interval: null,
    });
    const decision = { verdict: 'violation', decisionId: world.decisionId };
    await api.db.update(cases).set({ state: { decision } }).where(eq(cases.id, world.caseId));
    const measured = (await manager.call('GET', path)).json();
    expect(measured).toMatchObject({ decided: 1, violations: 1, observed: 1, interval: { high: 1 } });
    expect(measured.interval.low).toBeCloseTo(0.207, 3);
    // A drill says nothing of how well a detector does.
    await api.db.update(cases).set({ synthetic: true }).where(eq(cases.id, world.caseId));
    expect((await manager.call('GET', path)).json()).toMatchObject({ decided: 0, interval: null });
  });
});

describe('a POST that writes Postgres itself', () => {
  const create = (key: string, name: string, idempotencyKey: string) =>
    admin.call('POST', '/v1/teams', { key, name }, { 'idempotency-key': idempotencyKey });

  it('creates once for twenty requests with one key, and answers all of them alike', async () => {
    const key = `team-${randomUUID()}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(key, 'Abuse', 'one-key')));
    const done = answers.filter(({ statusCode }) => statusCode === 201);
    expect(done.length).toBeGreaterThan(0);
    for (const answer of answers) expect([201, 409]).toContain(answer.statusCode);
    expect(new Set(done.map((answer) => answer.json().id)).size).toBe(1);
    const later = await create(key, 'Abuse', 'one-key');
    expect([later.statusCode, later.headers['idempotency-replayed']]).toEqual([201, 'true']);
    expect(await actionsOf('team', later.json().id)).toEqual(['team.created']);
  });

  it('refuses the key for another body, and leaves a failed request free to try again', async () => {
    const taken = `team-${randomUUID()}`;
    await create(taken, 'Abuse', 'first');
    expect((await create(`${taken}-2`, 'Abuse', 'first')).json().code).toBe('idempotency.key_reused');
    const refused = await create(taken, 'Another', 'second');
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'resource.exists']);
    // Nothing was done, so nothing is remembered.
    expect((await create(`${taken}-3`, 'Another', 'second')).statusCode).toBe(201);
    expect((await create(`${taken}-4`, 'None', '')).json().code).toBe('idempotency.key_missing');
  });
});

describe('notes and protected accounts', () => {
  it('keeps a note for its author and for auditors', async () => {
    const made = await manager.call('POST', '/v1/notes', { body: 'why we think so' });
    const path = `/v1/notes/${made.json().id}`;
    expect((await manager.call('GET', path)).json()).toMatchObject({ authorId: manager.id, body: 'why we think so' });
    expect((await (await api.principal({ roles: ['auditor'] })).call('GET', path)).statusCode).toBe(200);
    expect((await (await api.principal({ roles: ['ops_lead'] })).call('GET', path)).statusCode).toBe(404);
  });

  it('protects an account by a person, tells it in the audit by a hash, and lets go of it', async () => {
    const path = `/v1/products/${world.productId}/protected-subjects`;
    const accountRef = 'staff/42';
    expect((await manager.call('POST', path, { accountRef })).json()).toMatchObject({
      accountRef,
      addedBy: manager.id,
    });
    expect((await manager.call('POST', path, { accountRef })).json().code).toBe('resource.exists');
    expect((await manager.call('GET', path)).json()).toMatchObject({ items: [{ accountRef }], nextAfter: null });
    expect((await manager.call('DELETE', `${path}/${encodeURIComponent(accountRef)}`)).statusCode).toBe(204);
    expect((await manager.call('GET', path)).json().items).toEqual([]);
    const events = (await admin.call('GET', `/v1/audit/product/${world.productId}/events`)).body;
    expect(events).toContain('product.subjectUnprotected');
    expect(events).not.toContain(accountRef);
  });
});
