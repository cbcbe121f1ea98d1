import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import { alertEvents, commands, contentItems, escalations, productEvents } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let sender: Caller;
beforeAll(async () => {
  // Temporal is away in all of this file: intake does not ask it.
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  sender = await api.principal({ kind: 'service', roles: ['integration'], teamId: world.teamId });
});

const event = (id: string, more: object = {}) => ({
  id,
  kind: 'message_sent',
  accountRef: 'account-9',
  occurredAt: '2026-02-03T04:05:06.789+02:00',
  attributes: { linkCount: 3, hasHtml: true, domainHash: 'ab12' },
  content: { text: `text of ${id}` },
  ...more,
});
const send = (events: unknown[], productKey = world.productKey) =>
  sender.call('POST', '/v1/intake/events', { productKey, events });
const alert = (body: object) => sender.call('POST', `/v1/services/${world.serviceId}/alerts`, body);
const trigger = (dedupKey: string, more: object = {}) =>
  alert({ action: 'trigger', dedupKey, severity: 3, title: 'Precision fell', ...more });

describe('product events', () => {
  it('are stored once with their content, whatever is sent again', async () => {
    const first = await send([event('a'), event('b'), event('b')]);
    expect([first.statusCode, first.json()]).toEqual([200, { accepted: 2, duplicates: 1 }]);
    expect(
      (await send([event('b', { content: { text: 'another text' } }), event('c', { content: null })])).json(),
    ).toEqual({ accepted: 1, duplicates: 1 });
    const stored = await api.db
      .select({ sourceId: productEvents.sourceId, occurredAt: productEvents.occurredAt, text: contentItems.body })
      .from(productEvents)
      .leftJoin(contentItems, eq(contentItems.id, productEvents.contentId))
      .where(sql`${productEvents.productId} = ${world.productId} AND ${productEvents.accountRef} = 'account-9'`)
      .orderBy(productEvents.sourceId);
    const occurredAt = new Date('2026-02-03T02:05:06.789Z');
    expect(stored).toEqual([
      { sourceId: 'a', occurredAt, text: 'text of a' },
      { sourceId: 'b', occurredAt, text: 'text of b' },
      { sourceId: 'c', occurredAt, text: null },
    ]);
  });

  it('are shown without their content', async () => {
    await send([event('a')]);
    const listed = await sender.call('GET', `/v1/products/${world.productId}/events?accountRef=account-9`);
    expect(listed.json().items).toMatchObject([{ sourceId: 'a', attributes: { linkCount: 3 }, synthetic: false }]);
    expect(listed.body).not.toContain('text of a');
    const one = await sender.call('GET', `/v1/product-events/${listed.json().items[0].id}`);
    expect(one.json()).toEqual(listed.json().items[0]);
  });

  it('come in batches of at most a thousand, at most 4 MiB, of the present century', async () => {
    const many = (count: number, text: string) =>
      Array.from({ length: count }, (_, index) => event(`many-${index}`, { content: { text } }));
    expect((await send(many(1_000, 'x'.repeat(3_000)))).json()).toEqual({ accepted: 1_000, duplicates: 0 });
    expect((await send(many(1_001, 'x'))).statusCode).toBe(422);
    expect((await send([])).statusCode).toBe(422);
    expect((await send(many(1_000, 'x'.repeat(4_300)))).statusCode).toBe(413);
    for (const occurredAt of ['1999-12-31T23:59:59Z', '9999-01-01T00:00:00Z', '2026-02-30T00:00:00Z', 'yesterday']) {
      const refused = await send([event('odd', { occurredAt })]);
      expect(refused.statusCode, occurredAt).toBe(422);
      expect(refused.json().errors[0].pointer).toBe('/body/events/0/occurredAt');
    }
  });

  it('cannot claim to be a drill, nor to be of an unknown product', async () => {
    expect((await send([event('a', { synthetic: true })])).statusCode).toBe(422);
    expect((await send([event('a')], 'unknown-product')).statusCode).toBe(404);
  });
});

describe('alerts', () => {
  it('open an escalation after commit, merge into it, and leave one command', async () => {
    const first = await trigger('precision');
    expect(first.statusCode).toBe(202);
    const { escalationId, disposition } = first.json();
    expect(disposition).toBe('opened');
    for (const _ of [1, 2])
      expect((await trigger('precision')).json()).toEqual({ escalationId, disposition: 'merged' });
    const [row] = await api.db.select().from(escalations).where(eq(escalations.id, escalationId));
    expect(row).toMatchObject({ alertCount: 3, severity: 3, status: 'opening' });
    const left = await api.db.select().from(commands).where(eq(commands.aggregateId, escalationId));
    expect(left).toMatchObject([{ mode: 'start', name: 'open', status: 'pending' }]);
    // What an alert says stays in Postgres: histories hold ids.
    expect(JSON.stringify(left)).not.toContain('Precision fell');
  });

  it('tell an escalation of a worse severity and of its end', async () => {
    const { escalationId } = (await trigger('precision')).json();
    await trigger('precision', { severity: 1 });
    expect((await alert({ action: 'resolve', dedupKey: 'precision' })).json()).toEqual({
      escalationId,
      disposition: 'resolved',
    });
    const left = await api.db
      .select()
      .from(commands)
      .where(eq(commands.aggregateId, escalationId))
      .orderBy(commands.seq);
    expect(left.map(({ mode, name, input }) => [mode, name, (input as { kind?: string }).kind])).toEqual([
      ['start', 'open', undefined],
      ['signal', 'sourceChanged', 'trigger'],
      ['signal', 'sourceChanged', 'resolve'],
    ]);
    const responder = await api.principal({ roles: ['responder'], teamId: world.teamId });
    const facts = (await responder.call('GET', `/v1/alert-events?escalationId=${escalationId}`)).json().items;
    expect(facts.map((fact: { disposition: string }) => fact.disposition)).toEqual(['resolved', 'merged', 'opened']);
  });

  it('are kept also when there is nothing to resolve', async () => {
    expect((await alert({ action: 'resolve', dedupKey: 'nothing' })).json()).toEqual({
      escalationId: null,
      disposition: 'dropped',
    });
    const kept = await api.db.select().from(alertEvents).where(eq(alertEvents.serviceId, world.serviceId));
    expect(kept).toMatchObject([{ action: 'resolve', disposition: 'dropped', reportedBy: sender.id }]);
  });

  it('open one escalation per key when fifty come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => trigger('storm')));
    const opened = answers.map((answer) => answer.json()).filter(({ disposition }) => disposition === 'opened');
    expect(opened).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.json().escalationId)).size).toBe(1);
    const [row] = await api.db.select().from(escalations).where(eq(escalations.id, opened[0].escalationId));
    expect(row?.alertCount).toBe(50);
  });

  it('are no longer taken from a sender whose integration was disabled', async () => {
    const manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
    const path = `/v1/services/${world.serviceId}/integrations`;
    const made = await manager.call('POST', path, { kind: 'generic', name: 'monitor', principalId: sender.id });
    expect((await trigger('a')).statusCode).toBe(202);
    expect((await manager.call('DELETE', `${path}/${made.json().id}`)).statusCode).toBe(204);
    expect((await trigger('a')).statusCode).toBe(403);
  });
});

describe('intake while Postgres is away', () => {
  it('says 503 with Retry-After, so that the sender keeps what it has', async () => {
    const db = connectDatabase({
      url: 'postgres://vigil@127.0.0.1:1/none',
      size: 1,
      applicationName: 'none',
      statementTimeoutMs: 500,
      onIdleError: () => undefined,
    });
    const app = await testApiOver(db, awayTemporal());
    const headers = { authorization: `Bearer vgl_${'A'.repeat(43)}`, 'content-type': 'application/json' };
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/intake/events',
      headers,
      payload: JSON.stringify({ productKey: 'a', events: [event('a')] }),
    });
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([
      503,
      'service.unavailable',
      '1',
    ]);
    const ready = await app.inject('/readyz');
    expect(ready.json()).toMatchObject({
      status: 'not_ready',
      failing: ['database', 'migrations', 'temporal', 'commands'],
      oldestPendingCommandMs: null,
    });
    await app.close();
    await db.$client.end();
  });
});
