import ICAL from 'ical.js';
import { sync } from 'node-ical';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayMs, hourMs, toIso } from '#domain/time.ts';
import { calendarFeeds, idempotencyRecords, principals } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';

let api: TestApi;
let teamId: string;
let admin: Caller;
let manager: Caller;
let amy: Caller;
let ben: Caller;
beforeAll(async () => {
  api = await startTestApi();
  admin = await api.principal({ roles: ['admin'] });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  teamId = await api.team();
  manager = await api.principal({ roles: ['oncall_manager'], teamId });
  amy = await api.principal({ roles: ['responder'], teamId });
  ben = await api.principal({ roles: ['responder'], teamId });
  await api.db.update(principals).set({ name: 'Amélie; "Amy", 中村' }).where(eq(principals.id, amy.id));
  await api.db.update(principals).set({ name: 'Ben' }).where(eq(principals.id, ben.id));
});

const dayAt = (day: number) => Math.floor(Date.now() / dayMs) * dayMs + day * dayMs;

async function rota(key: string, participants: readonly string[]): Promise<string> {
  const layer = { id: 'days', rotation: { kind: 'daily' }, start: toIso(dayAt(-1)).slice(0, 16), participants };
  const document = { zone: 'UTC', layers: [layer] };
  const body = { teamId, key: `${key}-${teamId.slice(-12)}`, name: `Rota ${key}`, document };
  return (await manager.call('POST', '/v1/schedules', body)).json().id;
}

/** What two readers that share no code make of the calendar; they must agree. */
async function read(path: string): Promise<{ uid: string; summary: string; startAt: string; endAt: string }[]> {
  const answer = await api.app.inject(path);
  expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
    200,
    'text/calendar; charset=utf-8',
    'no-store',
  ]);
  const byOne = new ICAL.Component(ICAL.parse(answer.body)).getAllSubcomponents('vevent').map((component) => {
    const event = new ICAL.Event(component);
    const [startAt, endAt] = [event.startDate, event.endDate].map((time) => time.toJSDate().toISOString());
    return { uid: event.uid, summary: event.summary, startAt: startAt ?? '', endAt: endAt ?? '' };
  });
  const byOther = Object.values(sync.parseICS(answer.body)).flatMap((entry) =>
    entry?.type === 'VEVENT'
      ? [
          {
            uid: entry.uid,
            summary: typeof entry.summary === 'string' ? entry.summary : entry.summary.val,
            startAt: entry.start.toISOString(),
            endAt: entry.end?.toISOString() ?? '',
          },
        ]
      : [],
  );
  expect(byOther).toEqual(byOne);
  return byOne;
}

describe('the calendar of a schedule', () => {
  it('shows the shifts of 90 days in UTC to whoever has its token, and follows overrides', async () => {
    const id = await rota('one', [amy.id, ben.id]);
    const created = await amy.call('POST', `/v1/schedules/${id}/calendar-feeds`);
    expect([created.statusCode, created.headers['cache-control'], created.json().scheduleId]).toEqual([
      201,
      'no-store',
      id,
    ]);
    const { path } = created.json();
    const shifts = await read(path);
    expect(shifts[0]).toMatchObject({ summary: 'Ben', startAt: toIso(dayAt(0)), endAt: toIso(dayAt(1)) });
    expect(shifts[1]).toMatchObject({ summary: 'Amélie; "Amy", 中村', startAt: toIso(dayAt(1)) });
    expect(shifts.length).toBe(91);
    const segments = await amy.call(
      'GET',
      `/v1/schedules/${id}/segments?from=${toIso(dayAt(1))}&to=${toIso(dayAt(91))}`,
    );
    expect(shifts.slice(1).map(({ startAt }) => startAt)).toEqual(
      segments.json().items.map(({ startAt }: { startAt: string }) => startAt),
    );

    const override = { kind: 'replace', layerId: null, personId: amy.id, byPersonId: ben.id };
    const span = { startAt: toIso(dayAt(1)), endAt: toIso(dayAt(1) + 12 * hourMs) };
    await manager.call('POST', `/v1/schedules/${id}/overrides`, { ...override, ...span }, { 'if-match': '"1"' });
    const after = await read(path);
    expect(after.slice(0, 2).map(({ summary, endAt }) => [summary, endAt])).toEqual([
      ['Ben', span.endAt],
      ['Amélie; "Amy", 中村', toIso(dayAt(2))],
    ]);
    // A shift that did not move is the same event for the reader's calendar.
    expect(after[2]?.uid).toBe(shifts[2]?.uid);
  });

  it('is gone when its token is revoked, and never shows the token again', async () => {
    const id = await rota('one', [amy.id]);
    const key = { 'idempotency-key': 'feed' };
    const created = await amy.call('POST', `/v1/schedules/${id}/calendar-feeds`, undefined, key);
    const { token, path, id: feedId } = created.json();
    const again = await amy.call('POST', `/v1/schedules/${id}/calendar-feeds`, undefined, key);
    expect([again.statusCode, again.json().code]).toEqual([409, 'idempotency.secret_not_kept']);
    const listed = await manager.call('GET', `/v1/schedules/${id}/calendar-feeds`);
    expect(listed.json().items).toMatchObject([{ id: feedId, createdBy: amy.id, revokedAt: null }]);
    const kept = [await api.db.select().from(calendarFeeds), await api.db.select().from(idempotencyRecords)];
    expect(JSON.stringify(kept) + listed.body).not.toContain(token.slice(4));

    expect((await ben.call('DELETE', `/v1/calendar-feeds/${feedId}`)).statusCode).toBe(403);
    await read(path);
    expect((await manager.call('DELETE', `/v1/calendar-feeds/${feedId}`)).statusCode).toBe(204);
    const gone = await api.app.inject(path);
    expect([gone.statusCode, gone.json().code]).toEqual([404, 'resource.not_found']);
    expect((await amy.call('DELETE', `/v1/calendar-feeds/${feedId}`)).statusCode).toBe(404);
    const events = (await admin.call('GET', `/v1/audit/schedule/${id}/events`)).json().items;
    expect(events.map(({ action }: { action: string }) => action)).toEqual([
      'schedule.created',
      'schedule.calendarFeedCreated',
      'schedule.calendarFeedRevoked',
    ]);
    for (const path of ['/v1/calendars/none.ics', `/v1/calendars/${token}`, `/v1/calendars/${'a'.repeat(150)}.ics`])
      expect((await api.app.inject(path)).statusCode, path).toBe(404);
  });

  it('shows nothing any more once its creator is disabled or has left the team', async () => {
    const id = await rota('one', [amy.id]);
    const create = async (by: Caller) => (await by.call('POST', `/v1/schedules/${id}/calendar-feeds`)).json().path;
    const [ofAmy, ofBen] = [await create(amy), await create(ben)];
    await read(ofAmy);
    await admin.call('POST', `/v1/principals/${amy.id}/disablements`);
    expect((await api.app.inject(ofAmy)).statusCode).toBe(404);
    const [grant] = (await admin.call('GET', `/v1/principals/${ben.id}/role-grants`)).json().items;
    await admin.call('DELETE', `/v1/principals/${ben.id}/role-grants/${grant.id}`);
    expect((await api.app.inject(ofBen)).statusCode).toBe(404);
    const stranger = await api.principal({ roles: ['responder'], teamId: await api.team() });
    expect((await stranger.call('POST', `/v1/schedules/${id}/calendar-feeds`)).statusCode).toBe(404);
  });
});

describe('the calendar of a person', () => {
  it('shows that person’s shifts in all schedules, and is theirs to make', async () => {
    await rota('one', [amy.id, ben.id]);
    await rota('two', [ben.id, amy.id]);
    await rota('three', [ben.id]);
    expect((await ben.call('POST', `/v1/persons/${amy.id}/calendar-feeds`)).statusCode).toBe(403);
    const created = await amy.call('POST', `/v1/persons/${amy.id}/calendar-feeds`);
    const shifts = await read(created.json().path);
    expect(shifts.slice(0, 3).map(({ summary, startAt }) => [summary, startAt])).toEqual([
      ['On call: Rota two', toIso(dayAt(0))],
      ['On call: Rota one', toIso(dayAt(1))],
      ['On call: Rota two', toIso(dayAt(2))],
    ]);
    expect((await amy.call('DELETE', `/v1/calendar-feeds/${created.json().id}`)).statusCode).toBe(204);
    expect((await api.app.inject(created.json().path)).statusCode).toBe(404);
    const listed = await amy.call('GET', `/v1/persons/${amy.id}/calendar-feeds`);
    expect(listed.json().items).toMatchObject([{ personId: amy.id, revokedAt: expect.any(String) }]);
  });
});
