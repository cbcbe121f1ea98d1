import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Person } from '#domain/actor.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { hourMs, minuteMs, toIso } from '#domain/time.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { escalations, persons, schedules, tokens } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { testApiOver } from '../support/api.ts';
import { ask, refusalOf } from '../support/ask.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let app: FastifyInstance;
const phones = new FakePhones();
const people = { amy: '', ben: '' };
const ids = { team: '', schedule: '', service: '', handled: '', alone: '', again: '' };
let token = '';

const span = () => `from=${toIso(Date.now() - hourMs)}&to=${toIso(Date.now() + minuteMs)}`;
const get = async (url: string) => {
  const answer = await app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer;
};
const trigger = async (dedupKey: string) => {
  const alert = { serviceId: ids.service, dedupKey, severity: 1, title: `The ${dedupKey} is full`, reportedBy: 'test' };
  return (await vigil.db.transaction((tx) => acceptTrigger(tx, { ...alert, severity: 1 }))).escalationId;
};
const ladderWhen = (id: string, is: (ladder: Ladder) => boolean) =>
  eventually('the ladder', async () => {
    const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
    const ladder = (row?.state as Ladder | null | undefined) ?? null;
    return ladder !== null && is(ladder) ? ladder : null;
  });
const by = (id: string): Person => ({ kind: 'person', id, roles: ['responder'] });

/** One night: an escalation that went to its second rung, one that its source resolved alone, and that one again. */
beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
  app = await testApiOver(vigil.db, vigil.temporal);
  const { db } = vigil;
  ids.team = await seedTeam(db);
  people.amy = await seedPerson(db, { name: 'amy', roles: ['oncall_manager'] });
  people.ben = await seedPerson(db, { name: 'ben', roles: ['responder'] });
  // Wherever it is night now, there amy lives.
  const hourOff = (24 + 1 - new Date().getUTCHours()) % 24;
  const zone = hourOff > 12 ? `Etc/GMT+${24 - hourOff}` : `Etc/GMT-${hourOff}`;
  await db.update(persons).set({ timeZone: zone }).where(eq(persons.id, people.amy));
  ids.schedule = newId('schedule');
  const layer = { id: 'all', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: [people.amy] };
  const document = { zone: 'UTC', layers: [layer], overrides: [], temporarySchedules: [], marks: [] };
  const row = { id: ids.schedule, teamId: ids.team, key: 'primary', name: 'Primary', version: 7, document };
  await db.insert(schedules).values(row);
  ids.service = await seedService(db, ids.team, people.amy, {
    rungs: [
      { targets: [{ kind: 'schedule', scheduleId: ids.schedule }], ackWithinMs: 15 * minuteMs },
      { targets: [{ kind: 'person', personId: people.ben }], ackWithinMs: 15 * minuteMs },
    ],
    catchAllPersonId: people.ben,
  });
  token = `vgl_${randomBytes(32).toString('base64url')}`;
  const expiresAt = new Date(Date.now() + hourMs);
  await db
    .insert(tokens)
    .values({ id: newId('token'), principalId: people.amy, sha256: sha256Hex(token), label: 'test', expiresAt });

  ids.handled = await trigger('disk');
  await phones.next('amy');
  await fastForward(vigil.temporal, workflowId('escalation', ids.handled), 16 * 60);
  await phones.next('ben');
  const seen = await ladderWhen(ids.handled, ({ counts }) => counts.sent === 2);
  const late = { until: Date.now() + 30 * 24 * hourMs };
  expect(refusalOf(await ask(vigil, by(people.ben), 'escalation', ids.handled, 'snooze', late))).toBeDefined();
  const asOfDeliveryKey = seen.pages.find(({ personId }) => personId === people.ben)?.key ?? '';
  const saw = { seenVersion: seen.version, asOfDeliveryKey };
  await ask(vigil, by(people.ben), 'escalation', ids.handled, 'acknowledge', saw);
  await ask(vigil, by(people.ben), 'escalation', ids.handled, 'resolve');
  await ladderWhen(ids.handled, ({ status }) => status === 'resolved');

  ids.alone = await trigger('queue');
  await phones.next('amy', 2);
  await ladderWhen(ids.alone, ({ counts }) => counts.sent === 1);
  const source = { serviceId: ids.service, dedupKey: 'queue', reportedBy: 'test' };
  await db.transaction((tx) => acceptResolve(tx, source));
  await eventually('the source closed it', async () => {
    const [closed] = await db.select().from(escalations).where(eq(escalations.id, ids.alone));
    return closed?.closedAt !== null;
  });
  ids.again = await trigger('queue');
  await phones.next('amy', 3);
  await ladderWhen(ids.again, ({ counts }) => counts.sent === 1);
});
afterAll(async () => {
  await app?.close();
  await vigil?.stop();
});

it('tells who was paged by which rule and schedule version, what became of each page, and what the acker saw', async () => {
  const { entries, isCut } = (await get(`/v1/escalations/${ids.handled}/timeline`)).json();
  const paged = entries.filter(({ kind }: { kind: string }) => kind === 'paged');
  expect(isCut).toBe(false);
  expect(paged).toMatchObject([
    {
      fact: { personId: people.amy, source: { kind: 'schedule', scheduleId: ids.schedule, scheduleVersion: 7 } },
      outcome: { result: 'sent', deliveryId: expect.stringMatching(/^dlv_/) },
      delivery: { status: 'sent', attempts: 1, possibleDuplicate: false, errorCode: null },
    },
    { fact: { personId: people.ben, rung: 1, source: { kind: 'person' } }, delivery: { status: 'sent' } },
  ]);
  expect(paged[0].text).toMatch(
    /^paged amy by webhook: their rung, rung 1 of pass 1, rule .*, on call in Primary version 7/,
  );
  const acknowledged = entries.find(({ kind }: { kind: string }) => kind === 'acknowledged');
  expect(acknowledged).toMatchObject({
    actor: { kind: 'person', id: people.ben },
    saw: { page: paged[1].fact.key, version: expect.any(Number), last: expect.stringContaining('page to ben: sent') },
  });
  const refused = entries.find(({ kind }: { kind: string }) => kind === 'refused');
  expect(refused).toMatchObject({ version: null, fact: null, actor: { id: people.ben } });
  expect(refused.text).toContain('ben was refused snooze');
  expect(entries.at(-1).text).toMatch(/told amy that it is resolved|resolved by ben/);
});

it('tells the same as text, a line an entry, and what is related', async () => {
  const answer = await get(`/v1/escalations/${ids.alone}/timeline?format=text`);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  const lines = answer.body.trimEnd().split('\n');
  expect(lines.some((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}v\d+ +paged amy by webhook/.test(line))).toBe(true);
  expect(lines.some((line) => line.includes('resolved by the source'))).toBe(true);
  expect(lines.slice(lines.indexOf('Related:') + 1).map((line) => line.split('  ')[1]?.trim())).toEqual(['next']);
  const related = async (id: string) =>
    (await get(`/v1/escalations/${id}/timeline`))
      .json()
      .related.map(({ id: other, relation }: { id: string; relation: string }) => [other, relation]);
  expect(await related(ids.again)).toEqual([[ids.alone, 'previous']]);
  const third = await trigger('memory');
  expect(await related(third)).toEqual([[ids.again, 'same_service']]);
  // Its page counts in what the reports below say, and must not come between two of them.
  await ladderWhen(third, ({ counts }) => counts.sent === 1);
});

it('measures how soon people were reached, and which pages woke someone for nothing', async () => {
  const metrics = (await get(`/v1/escalation-metrics?${span()}&teamId=${ids.team}`)).json();
  expect(metrics).toMatchObject({ acknowledged: 1, resolved: 2, exhausted: 0, drills: 0, isCut: false });
  expect(metrics.escalations).toBeGreaterThanOrEqual(3);
  expect(metrics.toAck.count).toBe(1);
  expect(metrics.toAck.p50Ms).toBeGreaterThanOrEqual(16 * minuteMs);
  expect(metrics.toFirstHuman).toEqual(metrics.toAck);
  expect(metrics.toFirstAttempt.p90Ms).toBeLessThan(minuteMs);
  const { pages } = metrics;
  // Of the night's pages, one was for nothing: its source took it back, and nobody had touched it.
  expect([pages.forNothing, pages.shareForNothing]).toEqual([1, 1 / pages.reached]);
  const empty = (await get(`/v1/escalation-metrics?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z`)).json();
  expect(empty).toMatchObject({ escalations: 0, toAck: { count: 0, p50Ms: null }, pages: { shareForNothing: null } });
});

it('shows the load of a rota, and the nights of a person in their own zone', async () => {
  const load = (await get(`/v1/schedules/${ids.schedule}/load?${span()}`)).json();
  expect(load).toMatchObject({ balance: 1, people: [{ personId: people.amy, nights: 1 }] });
  expect(load.people[0].hours).toBeCloseTo(1 + 1 / 60, 2);
  // Ben was paged as a person of the ladder, not because of the rota.
  expect(load.people[0].pages).toBeGreaterThanOrEqual(3);
  expect(load.people[0].nightPages).toBe(load.people[0].pages);
  const nights = (await get(`/v1/persons/${people.amy}/pages-per-night?${span()}`)).json();
  expect(nights).toMatchObject({ dayPages: 0, nights: [{ night: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) }] });
  expect(nights.nights[0].escalations).toBeGreaterThanOrEqual(3);
  expect(nights.nightPages).toBe(load.people[0].pages);
});
