import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayMs, hourMs, toIso } from '#domain/time.ts';
import { oncallNotices, swapRequests } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';

let api: TestApi;
let auditor: Caller;
let manager: Caller;
let amy: Caller;
let ben: Caller;
let scheduleId: string;
beforeAll(async () => {
  api = await startTestApi();
  auditor = await api.principal({ roles: ['auditor'] });
});
afterAll(() => api?.stop());

/** Tomorrow at 09:00 UTC and the days after it: amy, ben, amy, … */
const dayAt = (day: number) => Math.floor(Date.now() / dayMs) * dayMs + 9 * hourMs + day * dayMs;
const shift = (personId: string, day: number) => ({
  personId,
  layerId: 'days',
  startAt: toIso(dayAt(day)),
  endAt: toIso(dayAt(day + 1)),
});

beforeEach(async () => {
  const teamId = await api.team();
  manager = await api.principal({ roles: ['oncall_manager'], teamId });
  amy = await api.principal({ roles: ['responder'], teamId });
  ben = await api.principal({ roles: ['responder'], teamId });
  const start = toIso(dayAt(-1)).slice(0, 16);
  // The first turn began yesterday: amy has the odd days from now on.
  const layer = { id: 'days', rotation: { kind: 'daily' }, start, participants: [amy.id, ben.id] };
  const document = { zone: 'UTC', layers: [layer] };
  const created = await manager.call('POST', '/v1/schedules', {
    teamId,
    key: teamId.slice(-12),
    name: 'Rota',
    document,
  });
  scheduleId = created.json().id;
});

const propose = (by: Caller, more: object = {}) =>
  by.call('POST', `/v1/schedules/${scheduleId}/swap-requests`, {
    sides: [shift(amy.id, 3), shift(ben.id, 4)],
    ...more,
  });
const decide = (by: Caller, id: string, resource: string) => by.call('POST', `/v1/swap-requests/${id}/${resource}`);
const onCallOn = async (day: number) =>
  (await manager.call('GET', `/v1/schedules/${scheduleId}/on-call?at=${toIso(dayAt(day) + hourMs)}`)).json().onCall;
const told = async (id: string) => {
  const rows = await api.db
    .select()
    .from(oncallNotices)
    .where(eq(oncallNotices.swapRequestId, id))
    .orderBy(oncallNotices.key);
  return rows.map(({ key, personId }) => [Number(key.split(':')[2]), personId]);
};

describe('a swap of two shifts', () => {
  it('case 6: takes effect with the consent of both, as two overrides, and both are told', async () => {
    const proposed = await propose(amy);
    expect([proposed.statusCode, proposed.json()]).toMatchObject([
      201,
      { status: 'proposed', consentedIds: [amy.id], expiresAt: toIso(dayAt(3)), version: 1 },
    ]);
    const { id } = proposed.json();
    expect(await told(id)).toEqual([[1, ben.id]]);
    expect([await onCallOn(3), await onCallOn(4)]).toEqual([[amy.id], [ben.id]]);
    const own = await decide(amy, id, 'acceptances');
    expect([own.statusCode, own.json().code]).toEqual([409, 'oncall.swap_already_agreed']);

    const accepted = await decide(ben, id, 'acceptances');
    expect([accepted.statusCode, accepted.json()]).toMatchObject([
      201,
      { status: 'accepted', decidedById: ben.id, consentedIds: [amy.id, ben.id], version: 2 },
    ]);
    expect([await onCallOn(3), await onCallOn(4), await onCallOn(5)]).toEqual([[ben.id], [amy.id], [amy.id]]);
    expect(await told(id)).toEqual([
      [1, ben.id],
      [2, amy.id],
    ]);
    const schedule = (await manager.call('GET', `/v1/schedules/${scheduleId}`)).json();
    expect([schedule.version, schedule.document.overrides.length]).toEqual([2, 2]);
    const actions = async (kind: string, of: string) =>
      (await auditor.call('GET', `/v1/audit/${kind}/${of}/events`))
        .json()
        .items.map(({ action }: { action: string }) => action);
    expect(await actions('swapRequest', id)).toEqual([
      'swapRequest.propose',
      'swapRequest.accept.refused',
      'swapRequest.accept',
    ]);
    expect(await actions('schedule', scheduleId)).toEqual(['schedule.created', 'schedule.shiftsSwapped']);
    const late = await decide(amy, id, 'withdrawals');
    expect([late.statusCode, late.json().context]).toEqual([409, { status: 'accepted' }]);
  });

  it('is decided once, whoever decides at the same time', async () => {
    const { id } = (await propose(amy)).json();
    const answers = await Promise.all([
      decide(ben, id, 'acceptances'),
      decide(ben, id, 'acceptances'),
      decide(amy, id, 'withdrawals'),
      decide(ben, id, 'declines'),
    ]);
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, 409, 409, 409]);
    const [row] = await api.db.select().from(swapRequests).where(eq(swapRequests.id, id));
    const { overrides } = (await manager.call('GET', `/v1/schedules/${scheduleId}`)).json().document;
    expect([row?.version, overrides.length]).toEqual([2, row?.status === 'accepted' ? 2 : 0]);
  });

  it('may be proposed by a manager for two others, and by nobody else', async () => {
    const { id, consentedIds } = (await propose(manager)).json();
    expect(consentedIds).toEqual([]);
    expect((await decide(manager, id, 'acceptances')).json().code).toBe('oncall.swap_not_party');
    expect((await decide(amy, id, 'acceptances')).json()).toMatchObject({ status: 'proposed', version: 2 });
    expect((await decide(ben, id, 'acceptances')).json()).toMatchObject({ status: 'accepted', version: 3 });

    const { teamId } = (await manager.call('GET', `/v1/schedules/${scheduleId}`)).json();
    const third = await api.principal({ roles: ['responder'], teamId });
    expect((await propose(third)).json().code).toBe('oncall.swap_not_party');
    // A manager of another team is no manager here.
    const admin = await api.principal({ roles: ['admin'] });
    await admin.call('POST', `/v1/principals/${third.id}/role-grants`, {
      role: 'oncall_manager',
      teamId: await api.team(),
    });
    expect((await propose(third)).json().code).toBe('oncall.swap_not_party');
    const machine = await api.principal({ kind: 'service', roles: ['oncall_manager'], teamId });
    expect((await propose(machine)).json().code).toBe('decision.person_required');
  });

  it('is refused when a shift is not where the request says, when it is made and when it is accepted', async () => {
    const wrong = await propose(amy, { sides: [shift(amy.id, 4), shift(ben.id, 3)] });
    expect([wrong.statusCode, wrong.json().code]).toEqual([409, 'oncall.swap_shift_moved']);
    const past = await propose(amy, { sides: [shift(amy.id, -1), shift(ben.id, 4)] });
    expect([past.statusCode, past.json().code]).toEqual([422, 'oncall.swap_period']);

    const { id } = (await propose(amy)).json();
    const away = { kind: 'unavailable', personId: ben.id, startAt: toIso(dayAt(4)), endAt: toIso(dayAt(5)) };
    await manager.call('POST', `/v1/schedules/${scheduleId}/marks`, away, { 'if-match': '"1"' });
    const moved = await decide(ben, id, 'acceptances');
    expect([moved.statusCode, moved.json().code]).toEqual([409, 'oncall.swap_shift_moved']);
    expect((await decide(ben, id, 'declines')).json()).toMatchObject({ status: 'declined', decidedById: ben.id });
  });

  it('expires by itself: at the moment, not when somebody notices', async () => {
    const { id } = (await propose(amy, { expiresAt: toIso(Date.now() + hourMs) })).json();
    const open = async () =>
      (await amy.call('GET', `/v1/schedules/${scheduleId}/swap-requests?open=true`)).json().items.length;
    expect(await open()).toBe(1);
    // As when its hour is over: nobody has noticed yet.
    await api.db.execute(sql`
      UPDATE swap_requests SET expires_at = to_timestamp(${Date.now() - 1} / 1000.0),
        state = jsonb_set(state, '{expiresAt}', ${JSON.stringify(Date.now() - 1)}::jsonb) WHERE id = ${id}`);
    expect((await amy.call('GET', `/v1/swap-requests/${id}`)).json().status).toBe('expired');
    expect(await open()).toBe(0);
    const late = await decide(ben, id, 'acceptances');
    expect([late.statusCode, late.json().context]).toEqual([409, { status: 'expired' }]);
    expect(await onCallOn(3)).toEqual([amy.id]);
  });

  it('is listed for each of the two, over all schedules that the asker sees', async () => {
    const { id } = (await propose(amy)).json();
    const idsOf = async (by: Caller, query: string): Promise<string[]> =>
      (await by.call('GET', `/v1/swap-requests${query}`)).json().items.map((item: { id: string }) => item.id);
    expect(await idsOf(amy, `?personId=${amy.id}&open=true`)).toEqual([id]);
    expect(await idsOf(manager, `?personId=${ben.id}`)).toEqual([id]);
    expect(await idsOf(manager, `?personId=${manager.id}`)).toEqual([]);
    expect(await idsOf(manager, '')).toEqual([id]);
    const stranger = await api.principal({ roles: ['responder'], teamId: await api.team() });
    expect(await idsOf(stranger, `?personId=${amy.id}`)).toEqual([]);
    await decide(ben, id, 'declines');
    expect(await idsOf(amy, `?personId=${amy.id}&open=true`)).toEqual([]);
    expect(await idsOf(amy, `?personId=${amy.id}`)).toEqual([id]);
  });
});
