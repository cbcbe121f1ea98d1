import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTestTemporal, fastForward, FastForwardError, uniqueTaskQueue } from '#test/support/temporal.ts';
import type { TestTemporal } from '#test/support/temporal.ts';

const taskQueue = uniqueTaskQueue('fast-forward');
const minute = 60;
const hour = 60 * minute;

let temporal: TestTemporal;
let stopWorker: () => Promise<void>;
let marks: string[];
let failures = 0;
let isBusy = false;
const started: string[] = [];
const release = new AbortController();

beforeAll(async () => {
  temporal = await connectTestTemporal();
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('clock-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const worker = await Worker.create({
    connection: temporal.connection,
    namespace: temporal.namespace,
    taskQueue,
    workflowBundle,
    activities: {
      mark: (what: string) => {
        marks.push(what);
        return Promise.resolve();
      },
      neverEnds: () => {
        isBusy = true;
        return new Promise<void>((resolve) => release.signal.addEventListener('abort', () => resolve()));
      },
      alwaysFails: () => {
        failures += 1;
        return Promise.reject(new Error('the platform is down'));
      },
    },
  });
  const running = worker.run();
  stopWorker = async () => {
    worker.shutdown();
    await running;
  };
});

beforeEach(() => {
  marks = [];
});

afterEach(async () => {
  for (const id of started.splice(0))
    await temporal.client.workflow
      .getHandle(id)
      .terminate()
      .catch(() => undefined);
});

afterAll(async () => {
  release.abort();
  await stopWorker();
  await temporal.close();
});

async function start(type: string, ...args: unknown[]): Promise<string> {
  const workflowId = `${type}:${randomUUID()}`;
  await temporal.client.workflow.start(type, { taskQueue, workflowId, args });
  started.push(workflowId);
  return workflowId;
}

const markedSoon = (expected: string[]): Promise<void> =>
  vi.waitFor(() => expect(marks).toEqual(expected), { timeout: 30_000 });

describe('moving the clock of a workflow', () => {
  it('fires each timer when its time comes, and none before', async () => {
    const id = await start('rungs', 3, 15 * minute * 1000);
    await fastForward(temporal.client, id, 14 * minute);
    expect(marks).toEqual([]);
    await fastForward(temporal.client, id, 2 * minute);
    await markedSoon(['rung 1']);
    await fastForward(temporal.client, id, 24 * hour);
    await markedSoon(['rung 1', 'rung 2', 'rung 3']);
  });

  it('moves no other workflow', async () => {
    const [moved, still] = await Promise.all([start('rungs', 1, hour * 1000), start('napThenEnd', hour * 1000)]);
    await fastForward(temporal.client, moved, 2 * hour);
    await markedSoon(['rung 1']);
    expect((await temporal.client.workflow.getHandle(still).describe()).status.name).toBe('RUNNING');
  });

  it('follows a workflow that continues as new', async () => {
    const id = await start('hops', 4, hour * 1000);
    await fastForward(temporal.client, id, 5 * hour);
    await markedSoon(['hop 4', 'hop 3', 'hop 2', 'hop 1']);
  });

  it('goes past the 200 timers at which the server stops by itself', async () => {
    const id = await start('naps', 210, minute * 1000);
    await fastForward(temporal.client, id, 211 * minute, { timeoutMs: 90_000 });
    await markedSoon(['210 naps']);
  });

  it('passes the waits between the attempts of a failing activity', async () => {
    await fastForward(temporal.client, await start('failingForEver'), hour);
    // One second, doubled up to a hundred: some forty attempts an hour.
    expect(failures).toBeGreaterThan(30);
  });

  it('leaves the workflow able to hear messages and to end', async () => {
    const id = await start('rungs', 1, hour * 1000);
    await fastForward(temporal.client, id, 2 * hour);
    const handle = temporal.client.workflow.getHandle(id);
    await handle.signal('wake');
    expect(await handle.result()).toBe('woken');
  });

  it('may go past the end only when told so', async () => {
    await fastForward(temporal.client, await start('napThenEnd', hour * 1000), 2 * hour, { mayEnd: true });
    const id = await start('napThenEnd', hour * 1000);
    await expect(fastForward(temporal.client, id, 2 * hour)).rejects.toThrow(
      /napThenEnd:.* could not be moved 7200 s ahead: .*ended/,
    );
    await temporal.client.workflow.getHandle(id).result();
    await expect(fastForward(temporal.client, id, 1)).rejects.toThrow('it has ended');
    await fastForward(temporal.client, id, 1, { mayEnd: true });
  });
});

describe('when time cannot move', () => {
  const failure = async (id: string): Promise<string> => {
    const error: unknown = await fastForward(temporal.client, id, hour, { timeoutMs: 1500 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(FastForwardError);
    return (error as Error).message;
  };

  it('names the activity that is open', async () => {
    const id = await start('busyForEver');
    await vi.waitFor(() => expect(isBusy).toBe(true), { timeout: 30_000 });
    expect(await failure(id)).toMatch(/open: activity neverEnds \(attempt 1\)/);
  });

  it('says that no worker took the workflow', async () => {
    const workflowId = `unheard:${randomUUID()}`;
    await temporal.client.workflow.start('rungs', {
      taskQueue: uniqueTaskQueue('nobody'),
      workflowId,
      args: [1, 1000],
    });
    started.push(workflowId);
    expect(await failure(workflowId)).toContain('does a worker poll its queue');
  });

  it('says that there is no such workflow', async () => {
    expect(await failure(`no:${randomUUID()}`)).toContain('there is no such workflow');
  });
});
