import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayMs, hourMs, toIso } from '#domain/time.ts';
import { principals } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';
import type { vigil } from '#test/support/cli.ts';

let api: TestApi;
let amy: Caller;
let ben: Caller;
let asManager: typeof vigil;
let asAmy: typeof vigil;
let asBen: typeof vigil;
const day = Math.floor(Date.now() / dayMs) * dayMs;

beforeAll(async () => {
  api = await startTestApi();
  const as = await listen(api.app);
  const teamId = await api.team();
  const manager = await api.principal({ roles: ['oncall_manager'], teamId });
  amy = await api.principal({ roles: ['responder'], teamId });
  ben = await api.principal({ roles: ['responder'], teamId });
  for (const [{ id }, name] of [
    [amy, 'Amy'],
    [ben, 'Ben'],
  ] as const)
    await api.db.update(principals).set({ name }).where(eq(principals.id, id));
  [asManager, asAmy, asBen] = [as(manager.token), as(amy.token), as(ben.token)];
  // Amy has the even days from today on, Ben the others.
  const start = toIso(day).slice(0, 16);
  const layer = { id: 'days', rotation: { kind: 'daily' }, start, participants: [amy.id, ben.id] };
  const document = { zone: 'Asia/Kolkata', layers: [layer] };
  await manager.call('POST', '/v1/schedules', { teamId, key: 'primary', name: 'Primary', document });
});
afterAll(() => api?.stop());

/** The start of a day's shift by the wall clock of the schedule, as one types it. */
const local = (offset: number) => toIso(day + offset * dayMs).slice(0, 16);
const onCall = async (offset: number) => {
  const at = toIso(day + offset * dayMs - 5.5 * hourMs + hourMs);
  return (await asAmy(['schedule', 'on-call', 'primary', '--at', at, '--json'])).json<{ onCall: string[] }>().onCall;
};

describe('vigil schedule', () => {
  it('adds and removes what changes a schedule, by local times and without naming versions', async () => {
    expect(await onCall(2)).toEqual([amy.id]);
    const span = ['--from', local(2), '--until', local(3)];
    const stand = ['schedule', 'override', 'primary', '--person', amy.id, '--by', 'me', ...span];
    const added = await asBen([...stand, '--json']);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(await onCall(2)).toEqual([ben.id]);
    const again = await asBen(stand);
    expect([again.code, again.err]).toEqual([3, expect.stringContaining('oncall.override_conflict')]);

    const { id } = added.json<{ id: string }>();
    expect((await asManager(['schedule', 'remove', 'primary', id])).out).toBe(`removed: ${id}\n`);
    expect(await onCall(2)).toEqual([amy.id]);
    expect((await asManager(['schedule', 'remove', 'primary', id])).code).toBe(2);

    const mark = await asBen(['schedule', 'mark', 'primary', '--kind', 'shadow', '--person', 'me', ...span]);
    expect(mark).toMatchObject({ code: 0, out: expect.stringMatching(/^mrk_\w+: from .* until .*\n$/) });
    const off = await asBen(['schedule', 'override', 'primary', '--person', amy.id, '--off', ...span]);
    expect(off.code).toBe(4);
    const other = { startAt: toIso(day + 9 * dayMs), endAt: toIso(day + 10 * dayMs), shifts: [] };
    const file = ['schedule', 'temporary', 'primary', '--file', '-'];
    expect((await asManager(file, { input: JSON.stringify(other) })).code).toBe(0);
    expect((await asManager(['schedule', 'gaps', 'primary', '--to', '15d'])).out).toContain(other.startAt.slice(0, 10));
  });

  it('leaves a note to the next shift, and shows it there', async () => {
    const now = (await asAmy(['schedule', 'on-call', 'primary', '--json'])).json<{ onCall: string[] }>().onCall[0];
    const mine = now === amy.id ? asAmy : asBen;
    const left = await mine(['schedule', 'handover', 'primary', '--note', 'Watch db-3.']);
    expect(left).toMatchObject({ code: 0, out: expect.stringMatching(/^hon_\w+: for the hand-off at /) });
    const asked = await asManager(['schedule', 'on-call', 'primary']);
    expect(asked.out).toMatch(new RegExp(`note of ${now === amy.id ? 'Amy' : 'Ben'} .*: Watch db-3\\.`));
  });

  it('shows the load, the metrics and the nights', async () => {
    const load = await asAmy(['schedule', 'load', 'primary', '--from', toIso(day), '--to', toIso(day + 4 * dayMs)]);
    expect(load.out).toMatch(/Amy .*\n?.*Ben .*\n\nbalance of hours: (0\.\d\d|1\.00) of 1\n$/s);
    const metrics = await asAmy(['escalation', 'metrics', '--from', '7d']);
    expect(metrics).toMatchObject({ code: 0, out: expect.stringContaining('acknowledged') });
    expect((await asAmy(['nights'])).out).toBe('No page at night.\n');
    expect((await asAmy(['nights', ben.id])).code).toBe(4);
  });
});

describe('vigil swap', () => {
  it('swaps two shifts by the consent of both', async () => {
    const span = ['--from', local(4), '--until', local(5)];
    const other = ['--with', ben.id, '--with-from', local(5), '--with-until', local(6)];
    const proposed = await asAmy(['swap', 'propose', 'primary', ...span, ...other, '--json']);
    const { id } = proposed.json<{ id: string }>();
    expect((await asBen(['swap', 'list', 'primary', '--open'])).out).toContain(id);
    expect((await asAmy(['swap', 'accept', id])).code).toBe(3);
    const accepted = await asBen(['swap', 'accept', id]);
    expect(accepted.out).toMatch(/status +accepted\n.*agreed +Amy, Ben\n/s);
    expect([await onCall(4), await onCall(5)]).toEqual([[ben.id], [amy.id]]);
    expect((await asBen(['swap', 'list', 'primary', '--open'])).out).toBe('No swaps.\n');
  });
});

describe('vigil calendar', () => {
  it('makes an address that a calendar program can read, and revokes it', async () => {
    const created = await asAmy(['calendar', 'create', '--person', 'me', '--json']);
    const { id, path } = created.json<{ id: string; path: string }>();
    expect((await api.app.inject(path)).body).toContain('BEGIN:VCALENDAR');
    expect((await asAmy(['calendar', 'list', '--person', 'me'])).out).toContain(id);
    expect((await asAmy(['calendar', 'revoke', id])).out).toBe(`revoked: ${id}\n`);
    expect((await api.app.inject(path)).statusCode).toBe(404);
    expect((await asAmy(['calendar', 'create'])).code).toBe(2);
  });
});
