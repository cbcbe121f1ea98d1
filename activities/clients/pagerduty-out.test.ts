import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShownStatus } from '#domain/escalation/shown.ts';
import { startPagerduty } from '#test/support/pagerduty.ts';
import type { SimulatedPagerduty } from '#test/support/pagerduty.ts';
import { createHttpClient } from './http.ts';
import type { HttpClient } from './http.ts';
import { createPagerdutyMirror } from './pagerduty-out.ts';
import type { PagerdutyMirror } from './pagerduty-out.ts';
import { createSsrfGuard } from './ssrf-guard.ts';

const routingKey = '0123456789abcdef0123456789abcdef';
const status: ShownStatus = {
  escalationId: 'esc_1',
  version: 1,
  status: 'triggered',
  severity: 2,
  title: 'Queue of grooming reports is 40 minutes late',
  isSensitive: false,
  isDrill: false,
  serviceKey: 'mail',
  openedAt: Date.UTC(2026, 1, 3),
  acknowledged: null,
  snoozedUntilAt: null,
  resolved: null,
  escalated: null,
};

let pagerduty: SimulatedPagerduty;
let http: HttpClient;
let mirror: PagerdutyMirror;

const mirrorOf = (more: { url?: string; timeoutMs?: number; http?: HttpClient } = {}) =>
  createPagerdutyMirror({
    http,
    url: `${pagerduty.url}/v2/enqueue`,
    publicUrl: 'https://vigil.example',
    keys: new Map([['mail', { reveal: () => routingKey }]]),
    ...more,
  });

beforeEach(async () => {
  pagerduty = await startPagerduty();
  http = createHttpClient({ guard: createSsrfGuard({ allowList: [pagerduty.hostPort] }) });
  mirror = mirrorOf();
});
afterEach(async () => {
  await http.close();
  await pagerduty.stop();
});

const show = (over: Partial<ShownStatus> = {}, by = mirror) => {
  const shown = { ...status, ...over };
  return by.show(shown, { target: by.targetOf(shown) ?? 'none', page: null });
};
describe('the PagerDuty mirror', () => {
  it('opens, acknowledges and resolves one incident of the escalation', async () => {
    expect(await show()).toEqual({ outcome: 'shown' });
    expect(await pagerduty.incidents()).toMatchObject([
      { dedupKey: 'vigil:esc_1', status: 'triggered', severity: 'error', summary: status.title },
    ]);
    expect((await pagerduty.events())[0]?.event).toEqual({
      client: 'Vigil',
      client_url: 'https://vigil.example/v1/escalations/esc_1',
      payload: {
        summary: status.title,
        source: 'mail',
        severity: 'error',
        timestamp: '2026-02-03T00:00:00.000Z',
        custom_details: { escalation: 'esc_1', status: 'triggered' },
      },
    });
    await show({ status: 'acknowledged' });
    expect(await pagerduty.incidents()).toMatchObject([{ status: 'acknowledged' }]);
    await show({ status: 'resolved' });
    await show({ status: 'resolved' });
    expect(await pagerduty.incidents()).toMatchObject([{ status: 'resolved', triggers: 1 }]);
  });

  it.each([
    ['triggered', 'trigger'],
    ['exhausted', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['snoozed', 'acknowledge'],
    ['resolved', 'resolve'],
    ['held', undefined],
  ] as const)('says of %s: %s', async (shown, action) => {
    expect(await show({ status: shown })).toEqual({ outcome: 'shown' });
    expect((await pagerduty.events()).map((event) => event.action)).toEqual(action === undefined ? [] : [action]);
  });

  it('tells nothing of sensitive harm, and marks a drill', async () => {
    await show({ isSensitive: true, isDrill: true, severity: 1 });
    expect(JSON.stringify(await pagerduty.events())).not.toContain('grooming');
    expect(await pagerduty.incidents()).toMatchObject([
      { severity: 'critical', summary: 'Drill: Severity 1 escalation about sensitive harm: open Vigil to read it' },
    ]);
  });

  it('shows only services that have a routing key', async () => {
    expect(mirror.targetOf({ escalationId: 'esc_1', serviceKey: 'chat' })).toBeNull();
    expect(await show({ serviceKey: 'chat' })).toEqual({ outcome: 'failed_permanent', code: 'no_routing_key' });
    expect(await pagerduty.events()).toEqual([]);
  });

  it.each<[Parameters<SimulatedPagerduty['fault']>[0], object]>([
    [
      { mode: 'rate_limited', retryAfterSeconds: 30 },
      { code: 'rate_limited', retryAfterMs: 30_000 },
    ],
    [{ mode: 'error_500' }, { code: 'server_error', retryAfterMs: null }],
    [{ mode: 'garbage' }, { code: 'not_json', retryAfterMs: null }],
    [{ mode: 'connection_reset' }, { code: 'connection_lost', retryAfterMs: null }],
    [{ mode: 'lost_after_success' }, { code: 'connection_lost', retryAfterMs: null }],
    [{ mode: 'hang' }, { code: 'timeout', retryAfterMs: null }],
  ])('may be asked again after %j, and then shows one incident', async (mode, failed) => {
    await pagerduty.fault(mode);
    const impatient = mirrorOf({ timeoutMs: 2_000 });
    expect(await show({}, impatient)).toEqual({ outcome: 'failed_transient', ...failed });
    expect(await show({}, impatient)).toEqual({ outcome: 'shown' });
    expect(await pagerduty.incidents()).toHaveLength(1);
  });

  it('gives up on what PagerDuty refuses', async () => {
    await pagerduty.fault({ mode: 'reject_permanent' });
    expect(await show()).toEqual({ outcome: 'failed_permanent', code: 'http_400' });
  });

  it('never calls an address that the guard forbids', async () => {
    const guarded = createHttpClient({ guard: createSsrfGuard({ allowList: [] }) });
    expect(await show({}, mirrorOf({ http: guarded }))).toEqual({ outcome: 'failed_permanent', code: 'not_https' });
    const metadata = mirrorOf({ http: guarded, url: 'https://169.254.169.254/v2/enqueue' });
    expect(await show({}, metadata)).toEqual({ outcome: 'failed_permanent', code: 'address_not_public' });
    await guarded.close();
    expect(await pagerduty.events()).toEqual([]);
  });
});
