import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devSetup } from '#cli/dev/setup.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';

let api: TestApi;
let cli: ReturnType<Awaited<ReturnType<typeof listen>>>;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  cli = (await listen(api.app))((await api.principal({ roles: ['admin'] })).token);
  folder = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.stop();
});

describe('the development setup', () => {
  it('is taken by the API as it is, twice, and passes the check', async () => {
    const input = JSON.stringify(devSetup());
    const apply = () => cli(['config', 'apply', '--file', '-', '--tokens', folder, '--json'], { input });
    const first = await apply();
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(folder)).toHaveLength(devSetup().people.length + devSetup().senders.length);
    const again = await apply();
    expect(
      again.json<{ items: { outcome: string }[] }>().items.filter(({ outcome }) => outcome !== 'unchanged'),
    ).toEqual([]);
    expect(await cli(['check'])).toMatchObject({ code: 0, err: '' });
  });

  it('lets each thing be asked for by its key', async () => {
    const as = (person: string, ...args: string[]) => cli([...args, '--token-file', join(folder, person)]);
    expect(await as('responder', 'schedule', 'on-call', 'primary')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/on call +responder\n/),
    });
    expect(await as('protection_scientist', 'detector', 'show', 'offers')).toMatchObject({
      code: 0,
      out: expect.stringContaining('M3'),
    });
    expect(await as('protection_scientist', 'detector', 'precision', 'offers')).toMatchObject({
      code: 0,
      out: expect.stringContaining('unmeasured'),
    });
    expect((await as('reviewer', 'case', 'claim', '--queue', 'general')).code).toBe(5);
    expect(await as('reviewer', 'case', 'claim', '--queue', 'none')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no queue "none"'),
    });
    const sent = await as(
      'integration',
      'alert',
      'send',
      '--service',
      'assistant-abuse',
      '--dedup-key',
      'k',
      '--severity',
      '1',
      '--title',
      'Fire',
    );
    expect(sent).toMatchObject({ code: 0, out: expect.stringMatching(/^opened: esc_/) });
    expect(await as('responder', 'escalation', 'list', '--open')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Fire'),
    });
    expect((await as('responder', 'kill-switch', 'engage', 'assistant')).code).toBe(0);
    expect((await as('responder', 'kill-switch', 'engage', 'assistant')).code).toBe(3);
    expect((await as('responder', 'kill-switch', 'release', 'assistant')).code).toBe(4);
    expect((await as('ops_lead', 'kill-switch', 'release', 'assistant')).code).toBe(0);
    expect((await as('ops_lead', 'kill-switch', 'release', 'assistant')).code).toBe(5);
    const window = await as('responder', 'maintenance', 'start', 'assistant-abuse', '--until', '2h', '--json');
    expect(
      (await as('responder', 'maintenance', 'end', 'assistant-abuse', window.json<{ id: string }>().id)).code,
    ).toBe(0);
  });

  it('leaves an audit trail that can be read', async () => {
    const products = await cli(['list', 'products', '--json']);
    const timeline = ['audit', 'timeline', 'product', products.json<{ id: string }[]>()[0]!.id];
    expect((await cli([...timeline, '--json'])).json<AuditEvent[]>().map(({ action }) => action)).toEqual([
      'product.created',
      'product.killSwitchEngaged',
      'product.killSwitchReleased',
    ]);
    expect(await cli(timeline)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/ops lead +product\.killSwitchReleased/),
    });
  });
});
