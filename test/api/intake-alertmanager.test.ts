import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIntake } from '#api/intake/intake.ts';
import { VigilError } from '#domain/errors.ts';
import { escalations } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { firingAlert, groupMessage, resolvedAlert, sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';

let api: TestApi;
let senders: Senders;
beforeAll(async () => {
  // Temporal is away in all of this file: intake does not ask it.
  api = await startTestApi(awayTemporal());
});
afterAll(() => api?.stop());
beforeEach(async () => {
  senders = await sendersOf(api);
});

describe.each(['alertmanager', 'grafana'])('the webhook of %s', (kind) => {
  let sender: { id: string; key: string };
  beforeEach(async () => {
    sender = await senders.make(kind);
  });
  const send = async (body: object) => {
    const answer = await senders.post(`/v1/intake/${kind}/${sender.key}`, body);
    expect(answer.statusCode, answer.body).toBe(202);
    return answer.json().accepted[0] as { disposition: string; escalationId: string | null };
  };

  it('case 22: the same summary with other labels is two escalations', async () => {
    const first = await send(groupMessage([firingAlert('a')]));
    const other = await send(groupMessage([firingAlert('b')], { groupKey: '{}:{alertname="HighLatency", zone="b"}' }));
    expect([first.disposition, other.disposition]).toEqual(['opened', 'opened']);
    expect(await senders.openOnes()).toMatchObject([
      { title: 'The API is slow', severity: 1 },
      { title: 'The API is slow', severity: 1 },
    ]);
  });

  it('case 22: a partial resolve stays open, in one message and in two', async () => {
    const { escalationId } = await send(groupMessage([firingAlert('a'), firingAlert('b')]));
    expect(await send(groupMessage([firingAlert('a'), resolvedAlert('b')]))).toMatchObject({
      disposition: 'merged',
      escalationId,
    });
    // Its group was split between two messages: what is not in this one still fires.
    expect(await send(groupMessage([resolvedAlert('b')]))).toMatchObject({ disposition: 'noted', escalationId });
    expect(await send(groupMessage([resolvedAlert('a'), resolvedAlert('b')]))).toMatchObject({
      disposition: 'resolved',
      escalationId,
    });
    expect(await senders.factsOf(escalationId ?? '')).toContain('resolve resolved');
  });

  it('case 22: resolved before firing opens nothing, and the same alert opens when it fires anew', async () => {
    expect(await send(groupMessage([resolvedAlert('a')]))).toEqual(
      expect.objectContaining({ disposition: 'dropped', escalationId: null }),
    );
    expect(await send(groupMessage([firingAlert('a')]))).toMatchObject({ disposition: 'dropped' });
    expect(await senders.openOnes()).toEqual([]);
    const anew = groupMessage([firingAlert('a', { startsAt: '2026-03-01T12:30:00Z' })]);
    expect(await send(anew)).toMatchObject({ disposition: 'opened' });
  });

  it('case 22: alerts left out of the message keep it open though it says resolved, and the timeline tells', async () => {
    const { escalationId } = await send(groupMessage([firingAlert('a')], { truncatedAlerts: 2 }));
    const cut = groupMessage([resolvedAlert('a')], { truncatedAlerts: 2 });
    expect(cut.status).toBe('resolved');
    expect(await send(cut)).toMatchObject({ disposition: 'noted', escalationId });
    expect(await senders.factsOf(escalationId ?? '')).toEqual(['trigger opened', 'resolve noted']);
    expect(await send(groupMessage([resolvedAlert('a')]))).toMatchObject({ disposition: 'resolved', escalationId });
  });

  it('an alert that was silenced while it fired keeps open its own escalation, and none after a person closed that', async () => {
    const { escalationId } = await send(groupMessage([firingAlert('silenced'), firingAlert('a')]));
    expect(await send(groupMessage([resolvedAlert('a')]))).toMatchObject({ disposition: 'noted', escalationId });
    await api.db
      .update(escalations)
      .set({ status: 'resolved', closedAt: new Date() })
      .where(eq(escalations.id, escalationId ?? ''));
    const again = { startsAt: '2026-03-01T13:00:00Z' };
    const opened = await send(groupMessage([firingAlert('a', again)]));
    expect(opened.disposition).toBe('opened');
    const over = firingAlert('a', { ...again, status: 'resolved', endsAt: '2026-03-01T13:05:00Z' });
    expect(await send(groupMessage([over]))).toMatchObject({
      disposition: 'resolved',
      escalationId: opened.escalationId,
    });
  });

  it('case 22: overload is 503 with Retry-After, and the retry is the same escalation, however often', async () => {
    const real = createIntake({ db: api.db });
    let overloads = 2;
    const intake: typeof real = {
      ...real,
      accept: (...args) =>
        overloads-- > 0
          ? Promise.reject(new VigilError('intake.overloaded', { retryAfterSeconds: 1 }))
          : real.accept(...args),
    };
    const app = await testApiOver(api.db, awayTemporal(), { intake });
    const url = `/v1/intake/${kind}/${sender.key}`;
    for (const _ of [1, 2]) {
      const refused = await senders.post(url, groupMessage([firingAlert('a')]), {}, app);
      expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([
        503,
        'intake.overloaded',
        '1',
      ]);
    }
    const answers = [];
    for (const _ of [1, 2, 3])
      answers.push((await senders.post(url, groupMessage([firingAlert('a')]), {}, app)).json().accepted[0]);
    await app.close();
    expect(answers.map(({ disposition }) => disposition)).toEqual(['opened', 'merged', 'merged']);
    expect(new Set(answers.map(({ escalationId }) => escalationId)).size).toBe(1);
    expect(await senders.openOnes()).toHaveLength(1);
  });

  it('is limited by 503 and never by 429, which Alertmanager does not repeat', async () => {
    const app = await testApiOver(api.db, awayTemporal(), { rateLimitPerMinute: 2 });
    const statuses = [];
    for (const _ of [1, 2, 3]) {
      const answer = await senders.post(`/v1/intake/${kind}/${sender.key}`, groupMessage([firingAlert('a')]), {}, app);
      statuses.push([answer.statusCode, answer.headers['retry-after'] !== undefined]);
    }
    // Another sender has a limit of its own.
    const other = await senders.make(kind);
    statuses.push([
      (await senders.post(`/v1/intake/${kind}/${other.key}`, groupMessage([firingAlert('a')]), {}, app)).statusCode,
      false,
    ]);
    await app.close();
    expect(statuses).toEqual([
      [202, false],
      [202, false],
      [503, true],
      [202, false],
    ]);
  });
});

describe('single alerts as escalations', () => {
  it('open and end each for itself, with severities in the words of the integration', async () => {
    const { key } = await senders.make('alertmanager', {
      identity: 'alert',
      severities: { critical: 2 },
      mapping: { severityLabel: 'severity' },
    });
    const send = async (body: object) => (await senders.post(`/v1/intake/alertmanager/${key}`, body)).json().accepted;
    const both = await send(groupMessage([firingAlert('a'), firingAlert('b')]));
    expect(both).toMatchObject([{ disposition: 'opened' }, { disposition: 'opened' }]);
    expect(await senders.openOnes()).toMatchObject([{ severity: 2 }, { severity: 2 }]);
    const [first, second] = both;
    expect(await send(groupMessage([resolvedAlert('a'), firingAlert('b')]))).toMatchObject([
      { disposition: 'resolved', escalationId: first.escalationId },
      { disposition: 'merged', escalationId: second.escalationId },
    ]);
  });
});

describe('routes of an integration', () => {
  it('never lead an end to another service than its beginning', async () => {
    const policy = {
      teamId: senders.world.teamId,
      key: `other-${senders.world.teamId.slice(-8)}`,
      name: 'other',
      policyId: senders.world.policyId,
    };
    const other = (await senders.manager.call('POST', '/v1/services', policy)).json().id;
    const when = [{ label: 'severity', is: 'equals', value: 'critical' }];
    const { key } = await senders.make('alertmanager', { routes: [{ when, serviceId: other }] });
    const send = async (body: object) =>
      (await senders.post(`/v1/intake/alertmanager/${key}`, body)).json().accepted[0];
    const { escalationId } = await send(groupMessage([firingAlert('a')]));
    const [opened] = await api.db.select().from(escalations).where(eq(escalations.id, escalationId));
    expect(opened?.serviceId).toBe(other);
    const withoutLabel = groupMessage([resolvedAlert('a')], { commonLabels: { alertname: 'HighLatency' } });
    expect(await send(withoutLabel)).toMatchObject({ disposition: 'resolved', escalationId });
  });
});
