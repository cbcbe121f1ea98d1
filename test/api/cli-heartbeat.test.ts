import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands, heartbeatMonitors } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';
import type { vigil } from '#test/support/cli.ts';
import { seedWorld } from '#test/support/world.ts';

let api: TestApi;
let run: typeof vigil;
let serviceKey: string;
let folder: string;

beforeAll(async () => {
  api = await startTestApi();
  const as = await listen(api.app);
  const world = await seedWorld(api.db);
  serviceKey = world.productKey;
  run = as((await api.principal({ roles: ['responder'], teamId: world.teamId })).token);
  folder = mkdtempSync(join(tmpdir(), 'vigil-heartbeat-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.stop();
});

describe('vigil heartbeat', () => {
  it('creates a monitor, whose key beats without a token', async () => {
    const file = join(folder, 'key');
    const made = await run(['heartbeat', 'create', serviceKey, 'nightly', '--every', '1d', '--out', file, '--json']);
    expect([made.code, made.err]).toEqual([0, '']);
    const key = readFileSync(file, 'utf8').trim();
    expect(made.out).not.toContain(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { id } = made.json<{ id: string }>();

    const beat = await run(['heartbeat', 'beat', '--key-file', file], { environment: { VIGIL_TOKEN: '' } });
    expect([beat.code, beat.out]).toEqual([0, 'beat\n']);
    expect((await run(['heartbeat', 'beat', '--key-file', '-'], { input: `${key}\n` })).code).toBe(0);
    expect((await run(['heartbeat', 'beat', '--key-file', '-'], { input: 'hb_x' })).code).not.toBe(0);
    const [row] = await api.db.select().from(heartbeatMonitors).where(eq(heartbeatMonitors.id, id));
    expect(row).toMatchObject({ beats: 2, intervalSeconds: 86_400, severity: 2 });

    expect((await run(['heartbeat', 'list', '--service', serviceKey])).out).toContain('nightly');
    expect((await run(['heartbeat', 'show', id, '--json'])).json()).toMatchObject({ id, beats: 2 });
  });

  it('takes a key that jobs have already', async () => {
    const key = 'Zk3vQ8mX1tB6nR9wLc5yHd7Fs';
    const create = ['heartbeat', 'create', serviceKey, 'watchdog', '--every', '10m', '--import-file', '-'];
    const made = await run(create, { input: `${key}\n` });
    expect([made.code, made.err, made.out.includes(key)]).toEqual([0, '', false]);
    expect(made.out).toContain('the one that senders have');
    const path = `/integrations/v1/alertmanager/${key}/heartbeat/`;
    expect((await api.app.inject({ method: 'POST', url: path })).statusCode).toBe(200);
  });

  it('asks for each change of a monitor, under the settings that it read', async () => {
    const made = await run(['heartbeat', 'create', serviceKey, 'hourly', '--every', '1h', '--severity', '1', '--json']);
    const { id, key } = made.json<{ id: string; key: string }>();
    expect(key).toMatch(/^hb_/);
    for (const args of [['pause'], ['resume'], ['change', '--every', '2h'], ['close']]) {
      const [name = '', ...options] = args;
      const asked = await run(['heartbeat', name, id, ...options, '--wait', '0', '--json']);
      expect(asked.json(), asked.err).toMatchObject({ status: 'pending', aggregate: { kind: 'heartbeat', id } });
    }
    const left = await api.db.select().from(commands).where(eq(commands.aggregateId, id)).orderBy(commands.seq);
    expect(left.map(({ name }) => name)).toEqual(['open', 'pause', 'resume', 'change', 'close']);
    expect((await run(['heartbeat', 'change', id])).code).toBe(2);
  });
});
