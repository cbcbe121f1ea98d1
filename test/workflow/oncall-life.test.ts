import { randomBytes, randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { dayMs, hourMs, minuteMs, secondMs, toIso } from '#domain/time.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { escalations, schedules, tokens } from '#db/schema/index.ts';
import { reconcile } from '#worker/schedules.ts';
import { oncallWatchWorkflow, queues, workflowId } from '#workflows/contract.ts';
import { testApiOver } from '../support/api.ts';
import { ask } from '../support/ask.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let app: FastifyInstance;
const phones = new FakePhones();

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
  app = await testApiOver(vigil.db, vigil.temporal);
});
afterAll(async () => {
  await app.close();
  await vigil.stop();
});

/** A team with two people, a rota on which the first is always, and a service whose rungs are the rota, then the second. */
async function team(name: string) {
  const { db } = vigil;
  const teamId = await seedTeam(db);
  const first = await seedPerson(db, { name: `${name}-1`, roles: ['oncall_manager'] });
  const second = await seedPerson(db, { name: `${name}-2`, roles: ['responder'] });
  const scheduleId = newId('schedule');
  const layer = { id: 'all', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: [first] };
  const document = { zone: 'UTC', layers: [layer], overrides: [], temporarySchedules: [], marks: [] };
  await db.insert(schedules).values({ id: scheduleId, teamId, key: name, name, version: 1, document });
  const serviceId = await seedService(db, teamId, first, {
    rungs: [
      { targets: [{ kind: 'schedule', scheduleId }], ackWithinMs: 15 * minuteMs },
      { targets: [{ kind: 'person', personId: second }], ackWithinMs: 15 * minuteMs },
    ],
    catchAllPersonId: second,
  });
  const token = `vgl_${randomBytes(32).toString('base64url')}`;
  const expiresAt = new Date(Date.now() + hourMs);
  const row = { id: newId('token'), principalId: first, sha256: sha256Hex(token), label: 'test', expiresAt };
  await db.insert(tokens).values(row);
  return { teamId, first, second, scheduleId, serviceId, token };
}

async function post(token: string, url: string, payload: object, headers: Record<string, string> = {}) {
  const answer = await app.inject({
    method: 'POST',
    url,
    payload,
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID(), ...headers },
  });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json();
}

const trigger = async (serviceId: string): Promise<string> => {
  const alert = {
    serviceId,
    dedupKey: randomUUID(),
    severity: 1,
    title: 'The disk is full',
    reportedBy: 'test',
  } as const;
  return (await vigil.db.transaction((tx) => acceptTrigger(tx, alert))).escalationId;
};
const ladderOf = async (id: string): Promise<Ladder | null> => {
  const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
  return (row?.state as Ladder | null | undefined) ?? null;
};
const becomes = (id: string, status: Ladder['status']) =>
  eventually(`the ladder is ${status}`, async () => (await ladderOf(id))?.status === status);
const forward = (id: string, ms: number) => fastForward(vigil.temporal, workflowId('escalation', id), ms / secondMs);
const watch = (forMs: number) =>
  vigil.temporal.workflow.execute(oncallWatchWorkflow, {
    workflowId: `watch-${randomUUID()}`,
    taskQueue: queues.orchestration,
    args: [forMs],
  });

describe('a change of the rota', () => {
  it('pages who comes on call while the rung waits, and leaves alone who was paged', async () => {
    const { first, second, scheduleId, serviceId, token } = await team('roster');
    const id = await trigger(serviceId);
    await phones.next('roster-1');
    await forward(id, 5 * minuteMs);
    expect(phones.received('roster-2')).toEqual([]);

    const now = Date.now();
    const span = { startAt: toIso(now), endAt: toIso(now + 2 * hourMs) };
    const override = { kind: 'add', layerId: null, personId: second, ...span };
    await post(token, `/v1/schedules/${scheduleId}/overrides`, override, { 'if-match': '"1"' });
    await phones.next('roster-2');
    const ladder = await ladderOf(id);
    expect(ladder?.walk.rung).toBe(0);
    expect(ladder?.pages.map(({ personId, source }) => [personId, source.scheduleVersion])).toEqual([
      [first, 1],
      [second, 2],
    ]);

    await ask(vigil, { kind: 'person', id: second, roles: ['responder'] }, 'escalation', id, 'acknowledge');
    await forward(id, dayMs);
    expect([phones.received('roster-1').length, phones.received('roster-2').length]).toEqual([1, 1]);
  });
});

describe('maintenance', () => {
  const announce = (token: string, serviceId: string, fromMs: number, forMs: number) => {
    const startsAt = Date.now() + fromMs;
    const body = { startsAt: toIso(startsAt), endsAt: toIso(startsAt + forMs) };
    return post(token, `/v1/services/${serviceId}/maintenance-windows`, body);
  };

  it('case 16: that begins mid-ladder holds it, and its early end begins the ladder anew', async () => {
    const { serviceId, token } = await team('early');
    const id = await trigger(serviceId);
    await phones.next('early-1');
    await forward(id, 5 * minuteMs);
    const window = await announce(token, serviceId, 1_500, 4 * hourMs);
    await watch(8_000);
    await becomes(id, 'held');
    await forward(id, hourMs);
    expect([phones.received('early-1').length, phones.received('early-2').length]).toEqual([1, 0]);

    await post(token, `/v1/services/${serviceId}/maintenance-windows/${window.id}/endings`, {});
    await phones.next('early-1', 2);
    expect(await ladderOf(id)).toMatchObject({ status: 'triggered', walk: { reason: 'hold_ended', rung: 0 } });
    await forward(id, 16 * minuteMs);
    await phones.next('early-2');
  });

  it('case 16: that expires lets paging begin by itself, for what was open and for what came in it', async () => {
    const { serviceId, token } = await team('expiry');
    const before = await trigger(serviceId);
    await phones.next('expiry-1');
    await announce(token, serviceId, 0, 30 * minuteMs);
    await becomes(before, 'held');
    const during = await trigger(serviceId);
    await becomes(during, 'held');
    for (const id of [before, during]) await forward(id, 29 * minuteMs);
    expect(phones.received('expiry-1')).toHaveLength(1);

    await forward(before, 2 * minuteMs);
    await phones.next('expiry-1', 2);
    await forward(during, 2 * minuteMs);
    await phones.next('expiry-1', 3);
    for (const id of [before, during]) expect((await ladderOf(id))?.walk.reason).toBe('hold_ended');
    expect(phones.received('expiry-2')).toEqual([]);
  });
});

describe('the watch that a worker keeps', () => {
  it('is held up by no phone that does not answer', async () => {
    const { second, scheduleId, serviceId, token } = await team('stuck');
    const now = Date.now();
    const span = { startAt: toIso(now + 5 * minuteMs), endAt: toIso(now + hourMs) };
    const override = { kind: 'add', layerId: null, personId: second, ...span };
    await post(token, `/v1/schedules/${scheduleId}/overrides`, override, { 'if-match': '"1"' });
    phones.answer = ({ kind }) =>
      kind === 'handoff' ? { outcome: 'failed_transient', retryAfterMs: 10_000 } : { outcome: 'sent' };
    const id = await trigger(serviceId);
    await phones.next('stuck-1');
    const body = { startsAt: toIso(Date.now() + 2_000), endsAt: toIso(Date.now() + hourMs) };
    await post(token, `/v1/services/${serviceId}/maintenance-windows`, body);
    const watching = watch(12_000);
    await phones.next('stuck-2', 1, 'handoff');
    // While the phone still does not answer: it does so only from now on.
    await becomes(id, 'held');
    phones.answer = () => ({ outcome: 'sent' });
    await watching;
    const [first, ...again] = phones.received('stuck-2', 'handoff');
    expect(first?.possibleDuplicate).toBe(false);
    expect(again.length).toBeGreaterThan(0);
    for (const one of again) expect(one).toMatchObject({ deliveryId: first?.deliveryId, possibleDuplicate: true });
  });

  it('tells of hand-offs and gaps without anybody asking, and takes a gap back that was filled', async () => {
    const { teamId, second, scheduleId, token } = await team('watch');
    const now = Date.now();
    const at = (ms: number) => toIso(now + ms);
    const path = `/v1/schedules/${scheduleId}`;
    const takesOver = { kind: 'add', layerId: null, personId: second, startAt: at(10 * minuteMs), endAt: at(hourMs) };
    await post(token, `${path}/overrides`, takesOver, { 'if-match': '"1"' });
    const away = { startAt: at(2 * dayMs), endAt: at(3 * dayMs), shifts: [] };
    const hole = await post(token, `${path}/temporary-schedules`, away, { 'if-match': '"2"' });

    // Twice, as two workers do: there is one watch.
    const options = { db: vigil.db, temporal: vigil.temporal, sweepEveryMs: 60_000 };
    await Promise.all([reconcile(options), reconcile(options)]);
    const notice = await phones.next('watch-2', 1, 'handoff');
    expect(notice.title).toMatch(/^You come on call for watch at .* \(UTC\)$/);
    const page = await phones.next('watch-1');
    expect([page.title, page.severity]).toEqual([`Nobody is on call in watch from ${away.startAt}`, 4]);

    const filled = await app.inject({
      method: 'DELETE',
      url: `${path}/temporary-schedules/${hole.id}`,
      headers: { authorization: `Bearer ${token}`, 'if-match': '"3"' },
    });
    expect(filled.statusCode).toBe(204);
    await eventually(
      'the gap is taken back',
      async () => {
        const rows = await vigil.db.select().from(escalations).where(eq(escalations.teamId, teamId));
        return rows.length === 1 && rows[0]?.status === 'resolved';
      },
      30_000,
    );
    expect(phones.received('watch-2', 'handoff')).toHaveLength(1);
  });
});
