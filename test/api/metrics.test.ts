import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import { insertCommand, systemActor } from '#db/repositories/commands.ts';
import { commands, escalations, heartbeatMonitors, statusMirrors } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { openLinkedLadder } from '#test/support/linked-ladder.ts';
import { mailWorld, statusOf, domain, transportTo } from '#test/support/mail-world.ts';
import { runStatement } from '#test/support/run-statement.ts';
import { sendersOf } from '#test/support/senders.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

async function valueOf(name: string, { app } = api): Promise<number> {
  const { body } = await app.inject('/metrics');
  const line = body.split('\n').find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`${name} is not there`);
  return Number(line.slice(name.length));
}

/** What the first scrape after a change says: an alarm must not be a scrape late. */
describe('the vital signs', () => {
  afterEach(() => api.db.update(commands).set({ status: 'done', outcome: {} }));

  it('count the commands that wait, and those that fail', async () => {
    expect(await valueOf('vigil_pending_commands')).toBe(0);
    expect(await valueOf('vigil_oldest_pending_command_age_seconds')).toBe(0);
    for (const idempotencyKey of ['1', '2'])
      await insertCommand(api.db, {
        principalId: 'vigil',
        idempotencyKey,
        mode: 'signal',
        name: 'x',
        kind: 'escalation',
        aggregateId: idempotencyKey,
        input: {},
        actor: systemActor,
        priority: 2,
      });
    await api.db
      .update(commands)
      .set({ attempts: 3, createdAt: sql`now() - interval '90 seconds'` })
      .where(eq(commands.idempotencyKey, '1'));
    expect(await valueOf('vigil_pending_commands')).toBe(2);
    expect(await valueOf('vigil_failing_commands')).toBe(1);
    expect(await valueOf('vigil_oldest_pending_command_age_seconds')).toBeGreaterThanOrEqual(90);
  });

  it('see a step that is overdue, and an escalation that nobody was paged for', async () => {
    expect(await valueOf('vigil_escalation_step_overdue_seconds')).toBe(0);
    const { escalationId, story } = await openLinkedLadder(api.db);
    const of = eq(escalations.id, escalationId);
    const state = (change: object) =>
      api.db
        .update(escalations)
        .set({ state: { ...story.ladder, ...change } })
        .where(of);
    const { walk } = story.ladder;
    const ago = Date.now() - 60_000;
    await state({ walk: { ...walk, deadlineAt: Date.now() + 60_000 } });
    expect(await valueOf('vigil_escalation_step_overdue_seconds')).toBe(0);
    await state({ walk: { ...walk, deadlineAt: ago } });
    expect(await valueOf('vigil_escalation_step_overdue_seconds')).toBeGreaterThanOrEqual(60);
    await state({ walk: { ...walk, deadlineAt: null }, pending: [{ dueAt: ago }, { dueAt: Date.now() }] });
    expect(await valueOf('vigil_escalation_step_overdue_seconds')).toBeGreaterThanOrEqual(60);
    await state({ walk: { ...walk, deadlineAt: null }, pending: [] });
    expect(await valueOf('vigil_escalation_step_overdue_seconds')).toBe(0);

    expect(await valueOf('vigil_escalations_unpaged')).toBe(0);
    await api.db
      .update(escalations)
      .set({ openedAt: sql`now() - interval '1 minute'` })
      .where(of);
    expect(await valueOf('vigil_escalations_unpaged')).toBe(1);
    expect(await valueOf('vigil_escalations_open{status="triggered"}')).toBe(1);

    await api.db.insert(statusMirrors).values([
      { escalationId, kind: 'chat', target: 'C1/1', errorCode: 'timeout' },
      { escalationId, kind: 'chat', target: 'C2/1', errorCode: 'gone_channel_not_found' },
      { escalationId, kind: 'chat', target: 'C3/1' },
    ]);
    expect(await valueOf('vigil_status_mirrors_behind')).toBe(1);

    await api.db.update(escalations).set({ status: 'resolved', closedAt: new Date() }).where(of);
    expect(await valueOf('vigil_escalations_unpaged')).toBe(0);
    expect(await valueOf('vigil_status_mirrors_behind')).toBe(0);
  });

  it('see monitors that have not noticed that their beat is missing', async () => {
    const { world } = await sendersOf(api);
    const set = (status: string, lastBeatAt: ReturnType<typeof sql>) =>
      api.db
        .update(heartbeatMonitors)
        .set({ status, intervalSeconds: 60, lastBeatAt, updatedAt: sql`now() - interval '1 day'` })
        .where(eq(heartbeatMonitors.id, world.monitorId));
    await set('beating', sql`now() - interval '100 seconds'`);
    expect(await valueOf('vigil_heartbeats_overdue')).toBe(0);
    await set('beating', sql`now() - interval '130 seconds'`);
    expect(await valueOf('vigil_heartbeats_overdue')).toBe(1);
    await set('missed', sql`now() - interval '130 seconds'`);
    expect(await valueOf('vigil_heartbeats_overdue')).toBe(0);
  });

  it('know that both clocks of one machine agree', async () => {
    expect(Math.abs(await valueOf('vigil_clock_skew_seconds'))).toBeLessThan(5);
  });

  it('are NaN while Postgres is away: an alarm must not take silence for health', async () => {
    const db = connectDatabase({
      url: 'postgres://vigil_app@127.0.0.1:1/vigil',
      size: 2,
      applicationName: 'vigil-test',
      statementTimeoutMs: 1_000,
      onIdleError: () => undefined,
    });
    const app = await testApiOver(db, awayTemporal());
    try {
      for (const name of ['vigil_escalations_unpaged', 'vigil_pending_commands', 'vigil_clock_skew_seconds'])
        expect(await valueOf(name, { ...api, app })).toBeNaN();
    } finally {
      await app.close();
      await db.$client.end();
    }
  });
});

describe('what comes in', () => {
  it('is counted by what became of it', async () => {
    const senders = await sendersOf(api);
    const { key } = await senders.make('generic');
    const send = (body: object) =>
      senders.post(`/v1/intake/generic/${key}`, { key: 'disk', title: 'Disk full', ...body });
    for (const status of ['firing', 'firing', 'resolved']) await send({ status });
    await send({ key: 'unknown', status: 'resolved' });
    const { body } = await api.app.inject('/metrics');
    expect(body.match(/^vigil_alerts_total.*/gm)?.toSorted()).toEqual([
      'vigil_alerts_total{disposition="dropped"} 1',
      'vigil_alerts_total{disposition="merged"} 1',
      'vigil_alerts_total{disposition="opened"} 1',
      'vigil_alerts_total{disposition="resolved"} 1',
    ]);
  });

  it('is refused as something to send again while the disk of Postgres is full', async () => {
    const senders = await sendersOf(api);
    const { key } = await senders.make('generic');
    await runStatement(
      api.ownerUrl,
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT ON alert_events EXECUTE FUNCTION full_disk()`,
    );
    const answer = await senders.post(`/v1/intake/generic/${key}`, { key: 'disk', title: 'Disk full' });
    await runStatement(api.ownerUrl, 'DROP FUNCTION full_disk CASCADE');
    expect(answer.statusCode).toBe(503);
    expect((await senders.post(`/v1/intake/generic/${key}`, { key: 'disk', title: 'Disk full' })).statusCode).toBe(202);
  });
});

describe('mails', () => {
  const world = mailWorld();

  it('are counted by how they were answered', async () => {
    const answered: number[] = [];
    const listener = await world.listen({}, { onAnswer: (status) => void answered.push(status) });
    const client = transportTo(listener);
    const away = await world.listen(
      {},
      {
        intake: { ...world.intake, accept: () => Promise.reject(new Error('away')) },
        onAnswer: (status) => void answered.push(status),
      },
    );
    const awayClient = transportTo(away);
    try {
      expect(await statusOf(world.send({}, client))).toBe(250);
      expect(await statusOf(world.send({ to: `nobody@${domain}` }, client))).toBe(550);
      expect(await statusOf(world.send({ subject: 'Another' }, awayClient))).toBe(451);
      expect(answered).toEqual([250, 550, 451]);
    } finally {
      for (const one of [client, awayClient]) one.close();
      await Promise.all([listener.close(), away.close()]);
    }
  });
});
