import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hourMs, toIso } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { commands, escalations } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';

let api: TestApi;
let teamId: string;
let manager: Caller;
let amy: Caller;
let ben: Caller;
let path: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  teamId = await api.team();
  manager = await api.principal({ roles: ['oncall_manager'], teamId });
  amy = await api.principal({ roles: ['responder'], teamId });
  ben = await api.principal({ roles: ['responder'], teamId });
  const layer = { id: 'days', rotation: { kind: 'daily' }, start: '2026-01-05T09:00', participants: [amy.id] };
  const created = await manager.call('POST', '/v1/schedules', {
    teamId,
    key: teamId.slice(-12),
    name: 'Rota',
    document: { zone: 'UTC', layers: [layer] },
  });
  path = `/v1/schedules/${created.json().id}`;
});

const now = Date.now();
const hour = (from: number, to: number) => ({
  startAt: toIso(now + from * hourMs),
  endAt: toIso(now + to * hourMs),
});
const match = (version: number) => ({ 'if-match': `"${version}"` });
const benForAmy = (span = hour(1, 3)) => ({
  kind: 'replace',
  layerId: null,
  personId: amy.id,
  byPersonId: ben.id,
  ...span,
});
const onCallAt = async (hours: number) =>
  (await manager.call('GET', `${path}/on-call?at=${toIso(now + hours * hourMs)}`)).json().onCall;
const auditOf = async () => {
  const auditor = await api.principal({ roles: ['auditor'] });
  return (await auditor.call('GET', `/v1/audit/schedule/${path.split('/')[3]}/events`)).json().items;
};

describe('an override', () => {
  it('is added and removed under the ETag that was read, and each raises the version', async () => {
    expect((await manager.call('POST', `${path}/overrides`, benForAmy())).statusCode).toBe(428);
    expect((await manager.call('POST', `${path}/overrides`, benForAmy(), match(7))).statusCode).toBe(412);
    const added = await manager.call('POST', `${path}/overrides`, benForAmy(), match(1));
    expect([added.statusCode, added.headers['etag']]).toEqual([201, '"2"']);
    expect(added.json()).toEqual({ id: expect.stringMatching(/^ovr_/), ...benForAmy() });
    expect([await onCallAt(0), await onCallAt(2), await onCallAt(3)]).toEqual([[amy.id], [ben.id], [amy.id]]);

    const one = `${path}/overrides/${added.json().id}`;
    expect((await manager.call('DELETE', one)).statusCode).toBe(428);
    expect((await manager.call('DELETE', one, undefined, match(1))).statusCode).toBe(412);
    const removed = await manager.call('DELETE', one, undefined, match(2));
    expect([removed.statusCode, removed.headers['etag'], removed.body]).toEqual([204, '"3"', '']);
    expect((await manager.call('DELETE', one, undefined, match(3))).statusCode).toBe(404);
    expect(await onCallAt(2)).toEqual([amy.id]);
    expect((await auditOf()).map((event: { action: string }) => event.action)).toEqual([
      'schedule.created',
      'schedule.overrideAdded',
      'schedule.overrideRemoved',
    ]);
  });

  it('stands once when two are added at once, whoever wins', async () => {
    const add = () => manager.call('POST', `${path}/overrides`, benForAmy(), match(1));
    const answers = await Promise.all(Array.from({ length: 8 }, add));
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 7 }, () => 412)]);
    const read = await manager.call('GET', path);
    expect(read.json().document.overrides).toHaveLength(1);
    // Whoever reads again and repeats is told what is in the way.
    const again = await manager.call('POST', `${path}/overrides`, benForAmy(), match(2));
    expect([again.statusCode, again.json().code, again.json().context]).toEqual([
      409,
      'oncall.override_conflict',
      { conflictsWith: read.json().document.overrides[0].id },
    ]);
    expect((await auditOf()).filter((event: { action: string }) => event.action.includes('override'))).toHaveLength(1);
  });

  it('case 6: is refused where a person would relieve themselves', async () => {
    const self = { ...benForAmy(), byPersonId: amy.id };
    const answer = await manager.call('POST', `${path}/overrides`, self, match(1));
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'oncall.override_self']);
  });

  it('names each place that is wrong, in the words of the request', async () => {
    const nobody = newId('person');
    const bad = { ...benForAmy(), layerId: 'nights', byPersonId: nobody };
    const answer = await manager.call('POST', `${path}/overrides`, bad, match(1));
    const said = answer.json().errors.map(({ pointer, code }: { pointer: string; code: string }) => [pointer, code]);
    expect([answer.statusCode, said]).toEqual([
      422,
      [
        ['/body/layerId', 'unknown_layer'],
        ['/body', 'unknown_person'],
      ],
    ]);
    const over = await manager.call('POST', `${path}/overrides`, benForAmy(hour(-3, -1)), match(1));
    expect([over.statusCode, over.json().code]).toEqual([422, 'oncall.period_over']);
  });

  it('is given the same answer for the same key, also after the version moved on', async () => {
    const key = { 'idempotency-key': 'once', ...match(1) };
    const first = await manager.call('POST', `${path}/overrides`, benForAmy(), key);
    const second = await manager.call('POST', `${path}/overrides`, benForAmy(), key);
    expect([second.statusCode, second.headers['idempotency-replayed'], second.json()]).toEqual([
      201,
      'true',
      first.json(),
    ]);
    expect(second.headers['etag']).toBe('"2"');
  });

  it('is a responder’s own to add where it brings them in, and a manager’s where it takes somebody off', async () => {
    const add = (caller: Caller, body: object, version: number) =>
      caller.call('POST', `${path}/overrides`, body, match(version));
    expect((await add(amy, benForAmy(), 1)).statusCode).toBe(403);
    expect((await add(ben, { ...benForAmy(), kind: 'remove', byPersonId: undefined }, 1)).statusCode).toBe(403);
    const added = await add(ben, benForAmy(), 1);
    expect(added.statusCode).toBe(201);
    const removed = await ben.call('DELETE', `${path}/overrides/${added.json().id}`, undefined, match(2));
    expect([removed.statusCode, removed.json().code]).toEqual([403, 'auth.forbidden']);
  });
});

describe('temporary schedules and marks', () => {
  it('case 7: a temporary schedule decides alone, also where it has nobody', async () => {
    const shifts = [{ personId: ben.id, ...hour(1, 2) }];
    const body = { ...hour(1, 3), shifts };
    const added = await manager.call('POST', `${path}/temporary-schedules`, body, match(1));
    expect([added.statusCode, added.json().id]).toEqual([201, expect.stringMatching(/^tmp_/)]);
    expect([await onCallAt(1.5), await onCallAt(2.5), await onCallAt(3)]).toEqual([[ben.id], [], [amy.id]]);
    const rival = await manager.call('POST', `${path}/temporary-schedules`, { ...hour(2, 5), shifts: [] }, match(2));
    expect([rival.statusCode, rival.json().code]).toEqual([409, 'oncall.temporary_schedule_conflict']);
    const outside = { ...hour(5, 6), shifts: [{ personId: ben.id, ...hour(5, 7) }] };
    const refused = await manager.call('POST', `${path}/temporary-schedules`, outside, match(2));
    expect([refused.statusCode, refused.json().errors[0].pointer]).toEqual([422, '/body/shifts/0']);
    const one = `${path}/temporary-schedules/${added.json().id}`;
    expect((await manager.call('DELETE', one, undefined, match(2))).statusCode).toBe(204);
    expect(await onCallAt(1.5)).toEqual([amy.id]);
  });

  it('marks say that a person shadows or is unavailable, once', async () => {
    const mark = (caller: Caller, kind: string, personId: string, version: number) =>
      caller.call('POST', `${path}/marks`, { kind, personId, ...hour(1, 3) }, match(version));
    expect((await mark(ben, 'unavailable', ben.id, 1)).statusCode).toBe(403);
    expect((await mark(ben, 'shadow', ben.id, 1)).statusCode).toBe(201);
    expect((await mark(ben, 'shadow', ben.id, 2)).json().code).toBe('oncall.mark_conflict');
    const away = await mark(manager, 'unavailable', amy.id, 2);
    expect(away.json()).toMatchObject({ id: expect.stringMatching(/^mrk_/), kind: 'unavailable' });
    const asked = await manager.call('GET', `${path}/on-call?at=${toIso(now + 2 * hourMs)}`);
    expect(asked.json()).toMatchObject({ onCall: [], shadows: [ben.id], why: { unavailableIds: [amy.id] } });
    const removed = await manager.call('DELETE', `${path}/marks/${away.json().id}`, undefined, match(3));
    expect(removed.statusCode).toBe(204);
    expect(await onCallAt(2)).toEqual([amy.id]);
  });
});

it('is watched over as it says: minutes of notice, gaps that are meant, and who hears of others', async () => {
  const read = async () => (await manager.call('GET', path)).json();
  expect(await read()).toMatchObject({ handOffNoticeMinutes: 15, gapCheck: true, gapServiceId: null });
  const { document } = await read();
  const put = (version: number, options: object) => manager.call('PUT', path, { document, ...options }, match(version));
  expect((await put(1, { handOffNoticeMinutes: 60, gapCheck: false })).statusCode).toBe(200);
  // What is left out stays.
  expect((await put(2, {})).json()).toMatchObject({ handOffNoticeMinutes: 60, gapCheck: false, version: 3 });
  const foreign = await put(3, { gapServiceId: newId('service') });
  expect([foreign.statusCode, foreign.json().errors[0].pointer]).toEqual([422, '/body/gapServiceId']);
  expect((await put(3, { handOffNoticeMinutes: 1_441 })).statusCode).toBe(422);
});

it('tells the open escalations whose ladder reads the schedule, and no other', async () => {
  const scheduleId = path.split('/')[3] ?? '';
  const reads = { policy: { rungs: [{ targets: [{ kind: 'schedule', scheduleId }] }] } };
  const takesTurns = { policy: { rungs: [{ targets: [] }, { targets: [{ kind: 'round_robin', scheduleId }] }] } };
  const other = { policy: { rungs: [{ targets: [{ kind: 'schedule', scheduleId: newId('schedule') }] }] } };
  const service = (
    await manager.call('POST', '/v1/services', {
      teamId,
      key: teamId.slice(-12),
      name: 'service',
      policyId: (
        await manager.call('POST', '/v1/escalation-policies', {
          teamId,
          key: teamId.slice(-12),
          name: 'policy',
          document: {
            rungs: [{ targets: [{ kind: 'schedule', scheduleId }], ackWithinMs: 60_000 }],
            catchAllPersonId: amy.id,
          },
        })
      ).json().id,
    })
  ).json().id;
  const open = async (state: object | null, closedAt: Date | null = null) => {
    const id = newId('escalation');
    const more = { dedupKey: id, title: 'x', severity: 2, status: 'triggered', firstTriggerSeq: 1, lastTriggerSeq: 1 };
    await api.db.insert(escalations).values({ id, serviceId: service, teamId, state, closedAt, ...more });
    return id;
  };
  const told = [await open(reads), await open(takesTurns), await open(null)];
  const untold = [await open(other), await open(reads, new Date())];
  await manager.call('POST', `${path}/overrides`, benForAmy(), match(1));
  for (const id of told) {
    const left = await api.db.select().from(commands).where(eq(commands.aggregateId, id));
    expect(left).toMatchObject([{ mode: 'signal', name: 'rosterChanged', input: { scheduleId } }]);
  }
  for (const id of untold) expect(await api.db.select().from(commands).where(eq(commands.aggregateId, id))).toEqual([]);
});
