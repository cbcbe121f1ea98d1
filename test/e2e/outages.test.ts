import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareBench } from '#bench/world.ts';
import type { BenchWorld } from '#bench/world.ts';
import { startBenchPhone } from '#bench/phones.ts';
import { processEnvironment } from '#config/env.ts';
import { createSupervisor } from '#scripts/processes.ts';
import type { Supervisor } from '#scripts/processes.ts';
import { startStack } from '#scripts/stack.ts';
import type { Stack } from '#scripts/stack.ts';
import { eventually } from '../support/vigil.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'vigil-outages-'));
let supervisor: Supervisor;
let stack: Stack;
let world: BenchWorld;
let phone: Awaited<ReturnType<typeof startBenchPhone>>;

beforeAll(async () => {
  supervisor = await createSupervisor({ directory });
  phone = await startBenchPhone();
  stack = await startStack({
    supervisor,
    directory,
    environment: processEnvironment,
    settings: { VIGIL_OUTGOING_ALLOW: new URL(phone.url).host, VIGIL_API_RATE_LIMIT: '10000000' },
  });
  world = await prepareBench(stack, phone.url, phone.url);
});
afterAll(async () => {
  await world?.close();
  await supervisor?.stopAll();
  await phone?.close();
  rmSync(directory, { recursive: true, force: true });
});

const alert = (key: string) => ({ action: 'trigger', dedupKey: key, severity: 2, title: 'an outage' });
const path = () => `/v1/services/${world.serviceId}/alerts`;

/** Sends alerts from four senders at once until told to stop, and keeps the escalations of those that were accepted. */
function load(): { stop(): Promise<{ accepted: Set<string>; refused: number }> } {
  const accepted = new Set<string>();
  const life = { isOver: false };
  let refused = 0;
  const senders = Array.from({ length: 4 }, async () => {
    while (!life.isOver) {
      const answer = await world.send(path(), alert(randomUUID())).catch(() => null);
      if (answer?.ok) accepted.add(String(answer.body['escalationId']));
      else refused++;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });
  return {
    async stop() {
      life.isOver = true;
      await Promise.all(senders);
      return { accepted, refused };
    },
  };
}

describe('while alerts come in', () => {
  it('survives a crash and a restart of Postgres: no process dies, nothing accepted is lost, everything is paged', async () => {
    const before = { api: stack.api.pid(), worker: stack.worker.pid() };
    const sending = load();
    await eventually('alerts are paged', async () => phone.firstPageAt.size > 5, 60_000);
    await stack.postgres.restart('immediate');
    const pagedThen = phone.firstPageAt.size;
    await eventually('paging goes on', async () => phone.firstPageAt.size > pagedThen + 5, 60_000);
    await stack.postgres.restart('fast');
    await eventually(
      'alerts are accepted again',
      async () => (await world.send(path(), alert(randomUUID())).catch(() => null))?.ok,
    );
    const { accepted } = await sending.stop();

    expect({ api: stack.api.pid(), worker: stack.worker.pid() }).toEqual(before);
    for (const pid of Object.values(before)) expect(() => process.kill(pid, 0)).not.toThrow();
    const client = new pg.Client({ connectionString: stack.urls.owner });
    await client.connect();
    const { rows } = await client.query<{ id: string }>('SELECT id FROM escalations');
    await client.end();
    const stored = new Set(rows.map(({ id }) => id));
    expect([...accepted].filter((id) => !stored.has(id))).toEqual([]);
    await eventually(
      'every accepted alert is paged',
      async () => [...accepted].every((id) => phone.firstPageAt.has(id)),
      120_000,
    );
  });

  it('answers 202 while Temporal is away, and delivers by itself when it is back', async () => {
    const { body } = await world.send(path(), alert('for-202'));
    const id = String(body['escalationId']);
    await eventually('it is paged', async () => phone.firstPageAt.has(id));
    await stack.temporal.kill();
    const accepted = await world.send(path(), alert('while-away'));
    expect(accepted.ok).toBe(true);
    const answer = await world.send(`/v1/escalations/${id}/acknowledgements`, {}, 'responder');
    expect(answer.body).toMatchObject({ status: 'pending' });
    await stack.temporal.start();
    const client = new pg.Client({ connectionString: stack.urls.owner });
    await client.connect();
    await eventually(
      'the acknowledgement is recorded',
      async () =>
        (await client.query('SELECT 1 FROM escalations WHERE id = $1 AND status = $2', [id, 'acknowledged'])).rows
          .length > 0,
      60_000,
    );
    await client.end();
    const late = String(accepted.body['escalationId']);
    await eventually('what was accepted meanwhile is paged', async () => phone.firstPageAt.has(late), 60_000);
  });
});

describe('a bad configuration', () => {
  it.each(['api/server.ts', 'worker/main.ts'])('ends %s with every problem at once and exit code 1', async (file) => {
    const child = spawn(process.execPath, [join(root, file)], {
      env: { PATH: '', VIGIL_API_PORT: 'none', VIGIL_DB_POOL_SIZE: '-3' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    for (const name of ['VIGIL_API_PORT', 'VIGIL_DB_POOL_SIZE', 'VIGIL_DATABASE_URL is required'])
      expect(text).toContain(name);
  });
});
