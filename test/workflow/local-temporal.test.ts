import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { processEnvironment } from '#config/env.ts';
import { startTemporal } from '#scripts/local-temporal.ts';
import type { LocalTemporal } from '#scripts/local-temporal.ts';
import { findFreePort } from '#scripts/ports.ts';
import { identify } from '#scripts/process-identity.ts';

// A server of the test's own, also when the variables name another for the rest of the run.
const environment = { ...processEnvironment, TEMPORAL_ADDRESS: undefined };
let directory: string;
let temporal: LocalTemporal;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-local-temporal-'));
  temporal = await startTemporal({ directory, environment });
});

afterAll(async () => {
  await temporal.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    return await use(new Client({ connection, namespace: temporal.namespace }));
  } finally {
    await connection.close();
  }
}

const portOf = ({ address }: LocalTemporal): number => Number(address.split(':')[1]);

it.each(['kill', 'stop'] as const)('remembers its workflows over a %s, on the port where clients look', async (end) => {
  const workflowId = `remembered-${end}`;
  await withClient((client) => client.workflow.start('anything', { taskQueue: 'nobody', workflowId, args: ['kept'] }));
  const { address, pid } = temporal;
  await temporal[end]();
  expect(pid !== null && identify(pid)).toBeNull();
  temporal = await startTemporal({ directory, environment, port: portOf(temporal) });
  expect(temporal.address).toBe(address);
  const description = await withClient((client) => client.workflow.getHandle(workflowId).describe());
  expect(description.status.name).toBe('RUNNING');
});

it('serves the web UI when asked', async () => {
  await temporal.stop();
  temporal = await startTemporal({ directory, environment, ui: true });
  const page = await fetch(temporal.uiUrl ?? '');
  expect(page.status).toBe(200);
});

it('uses the server that TEMPORAL_ADDRESS names, and leaves it running', async () => {
  const named = await startTemporal({ directory, environment: { ...environment, TEMPORAL_ADDRESS: temporal.address } });
  expect(named).toMatchObject({ address: temporal.address, pid: null, uiUrl: null });
  await named.stop();
  await expect(named.kill()).rejects.toThrow('not ours');
  expect(temporal.pid !== null && identify(temporal.pid)).not.toBeNull();
});

it('says which server does not answer', async () => {
  const address = `127.0.0.1:${await findFreePort()}`;
  await expect(startTemporal({ directory, environment: { TEMPORAL_ADDRESS: address } })).rejects.toThrow(
    new RegExp(`${address}, named by TEMPORAL_ADDRESS, does not answer`),
  );
});
