import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { firingAlert, groupMessage, sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';

let api: TestApi;
let senders: Senders;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  senders = await sendersOf(api);
});

describe('a mapping trial', () => {
  const attempt = async (id: string, body: object, as = senders.manager) => {
    const answer = await as.call('POST', `/v1/integrations/${id}/mapping-trials`, body);
    return { statusCode: answer.statusCode, ...answer.json() };
  };

  it('shows what an event of PagerDuty would become, or what its sender would be told', async () => {
    const { id } = await senders.make('pagerduty_events_v2');
    const payload = { summary: 'Disk full', source: 'db-1', severity: 'error' };
    const body = { routing_key: 'a'.repeat(32), event_action: 'trigger', payload };
    expect(await attempt(id, { body })).toMatchObject({
      reports: [{ action: 'trigger', dedupKey: 'unique', severity: 2, title: 'Disk full', labels: { source: 'db-1' } }],
      refusal: null,
    });
    expect(await attempt(id, { body: { ...body, event_action: 'close', dedup_key: 'k' } })).toMatchObject({
      reports: [],
      refusal: { errors: [{ pointer: '/body', detail: expect.stringContaining("'event_action' is invalid") }] },
    });
  });

  it('shows what a body would become, and stores nothing', async () => {
    const { id } = await senders.make('alertmanager');
    const tried = await attempt(id, { body: groupMessage([firingAlert('a'), firingAlert('b')]) });
    expect(tried).toEqual({
      statusCode: 200,
      reports: [
        {
          action: 'trigger',
          dedupKey: expect.stringMatching(/^[0-9a-f]{64}$/),
          serviceId: senders.world.serviceId,
          severity: 1,
          title: 'The API is slow',
          labels: { alertname: 'HighLatency', severity: 'critical' },
          firing: 2,
          resolved: 0,
          leftOut: 0,
        },
      ],
      refusal: null,
    });
    expect(await senders.openOnes()).toEqual([]);
  });

  it('tries a document before it is stored, with its routes', async () => {
    const { id } = await senders.make('generic');
    const document = {
      mapping: { dedupKey: { from: ['/host'] }, title: { from: ['/text'] }, labels: { host: '/host' } },
      routes: [{ when: [{ label: 'host', is: 'matches', pattern: 'db*' }], severity: 1 }],
    };
    const body = { host: 'db1', text: 'slow' };
    expect(await attempt(id, { body, document })).toMatchObject({
      reports: [{ dedupKey: 'db1', severity: 1, title: 'slow' }],
    });
    expect(await attempt(id, { body })).toMatchObject({
      reports: [],
      refusal: { errors: [{ pointer: '/body/dedupKey' }, {}] },
    });
    const broken = { ...document, mapping: { dedupKey: { from: ['host'] } } };
    expect(await attempt(id, { body, document: broken })).toMatchObject({ statusCode: 422 });
  });

  it('shows what a sender would be refused for', async () => {
    const { id } = await senders.make('opsgenie');
    expect(await attempt(id, { body: { alias: 'a' } })).toMatchObject({
      statusCode: 200,
      reports: [],
      refusal: { errors: [{ pointer: '/body/message', code: 'missing' }] },
    });
    expect(await attempt(id, { body: { message: 'm' } })).toMatchObject({ reports: [{ dedupKey: 'unique' }] });
  });

  it('is for those who may see the integration', async () => {
    const { id } = await senders.make('generic');
    const foreign = await api.principal({ roles: ['oncall_manager'], teamId: await api.team() });
    expect(await attempt(id, { body: {} }, foreign)).toMatchObject({ statusCode: 404 });
    const auditor = await api.principal({ roles: ['auditor'], teamId: senders.world.teamId });
    expect(await attempt(id, { body: {} }, auditor)).toMatchObject({ statusCode: 403 });
  });
});
