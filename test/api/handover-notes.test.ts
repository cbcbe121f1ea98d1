import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hourMs, toIso } from '#domain/time.ts';
import { auditEvents, idempotencyRecords } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

it('leaves what one shift says to the next where the next asks who is on call, and nowhere else', async () => {
  const teamId = await api.team();
  const manager = await api.principal({ roles: ['oncall_manager'], teamId });
  const [amy, ben] = [
    await api.principal({ roles: ['responder'], teamId }),
    await api.principal({ roles: ['responder'], teamId }),
  ];
  const start = toIso(Date.now() - 20 * hourMs).slice(0, 16);
  const layer = { id: 'days', rotation: { kind: 'daily' }, start, participants: [amy.id, ben.id] };
  const document = { zone: 'UTC', layers: [layer] };
  const created = await manager.call('POST', '/v1/schedules', { teamId, key: 'rota', name: 'Rota', document });
  const path = `/v1/schedules/${created.json().id}`;
  const leave = (by: typeof amy, note: string) => by.call('POST', `${path}/handover-notes`, { note });

  const left = await leave(amy, 'The disk of db-3 fills slowly: watch it.');
  expect([left.statusCode, left.json()]).toMatchObject([
    201,
    { authorId: amy.id, handOffAt: toIso(Date.parse(`${start}Z`) + 24 * hourMs) },
  ]);
  const refused = await leave(ben, 'nothing to say');
  expect([refused.statusCode, refused.json().code]).toEqual([409, 'oncall.not_going_off']);
  await leave(amy, 'And db-4.');

  const asked = (await ben.call('GET', `${path}/on-call`)).json();
  expect(asked).toMatchObject({
    onCall: [amy.id],
    handoverNotes: [{ authorId: amy.id, text: 'And db-4.' }, { text: 'The disk of db-3 fills slowly: watch it.' }],
  });
  const earlier = (await ben.call('GET', `${path}/on-call?at=${toIso(Date.now() - hourMs)}`)).json();
  expect(earlier.handoverNotes).toEqual([]);
  const stranger = await api.principal({ roles: ['responder'], teamId: await api.team() });
  expect((await stranger.call('GET', `${path}/on-call`)).statusCode).toBe(404);
  const kept = [
    await api.db.select().from(auditEvents).where(eq(auditEvents.aggregateId, created.json().id)),
    await api.db.select().from(idempotencyRecords),
  ];
  expect(kept[0]).toHaveLength(3);
  expect(JSON.stringify(kept)).not.toContain('db-3');
});
