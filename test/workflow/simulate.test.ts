import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDurableSimulator } from '#cli/simulate/durable-simulator.ts';
import type { DurableSimulator } from '#cli/simulate/durable-simulator.ts';
import { simulateLadder } from '#domain/escalation/simulate.ts';
import { minuteMs } from '#domain/time.ts';
import { startTestApi } from '../support/api.ts';
import { listen } from '../support/cli.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { simulatedCase } from '../support/simulated-cases.ts';
import { connectTestTemporal } from '../support/temporal.ts';
import type { TestTemporal } from '../support/temporal.ts';
import { eventually } from '../support/vigil.ts';

let temporal: TestTemporal;
let simulator: DurableSimulator;

beforeAll(async () => {
  temporal = await connectTestTemporal();
  simulator = await startDurableSimulator(temporal);
});
afterAll(async () => {
  await simulator?.stop();
  await temporal?.close();
});

/** The last ones are picked: an acknowledgement is refused, and the throttle holds pages back. */
const seeds = [...Array.from({ length: 24 }, (_, index) => index + 1), 156, 308, 382];

describe.concurrent('a simulation by the durable workflow', () => {
  it.each(seeds)('does what the pure one does, to the millisecond and for the same reasons: seed %i', async (seed) => {
    const { snapshot, plan } = simulatedCase(seed);
    expect(await simulator.run(snapshot, plan)).toEqual(simulateLadder(snapshot, plan));
  });
});

it('is tried with cases in which pages of every kind leave', () => {
  const runs = seeds.map(simulatedCase).map(({ snapshot, plan }) => simulateLadder(snapshot, plan));
  const pages = runs.flatMap((run) => run.pages);
  expect(pages.length).toBeGreaterThan(150);
  const reasons = new Set(pages.map(({ reason }) => reason));
  expect([...reasons].toSorted()).toEqual(['ack_timeout', 'catch_all', 'personal_rule', 'rung']);
  const sources = new Set(pages.map(({ source }) => source.kind));
  expect([...sources].toSorted()).toEqual(['catch_all', 'person', 'round_robin', 'schedule']);
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['acknowledged', 'exhausted', 'triggered']));
  expect(runs.flatMap(({ refusals }) => refusals).length).toBeGreaterThan(0);
  expect(pages.some(({ shadow }) => shadow)).toBe(true);
  expect(pages.some(({ bundled }) => bundled > 1)).toBe(true);
});

describe('vigil simulate --durable', () => {
  it('prints what the workflow itself came to, ends by itself, and leaves no workflow behind', async () => {
    const api = await startTestApi();
    try {
      const team = await seedTeam(api.db);
      const [ann, bob] = [await seedPerson(api.db, { name: 'Ann' }), await seedPerson(api.db, { name: 'Bob' })];
      await seedService(api.db, team, ann, {
        rungs: [{ targets: [{ kind: 'person', personId: ann }], ackWithinMs: 5 * minuteMs }],
        repeat: 1,
        catchAllPersonId: bob,
      });
      const responder = await api.principal({ roles: ['responder'] });
      const [policy] = (await responder.call('GET', '/v1/escalation-policies')).json().items;
      await listen(api.app);
      const { port } = api.app.server.address() as { port: number };
      const line = `simulate --policy ${policy.key} --at 2026-12-27T03:10 --zone Europe/London --durable`;
      const program = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
      const env = {
        PATH: '/usr/bin:/bin',
        VIGIL_API_URL: `http://127.0.0.1:${port}`,
        VIGIL_TOKEN: responder.token,
        TEMPORAL_ADDRESS: inject('temporal').address,
      };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...line.split(' ')], { env });
      expect(stderr).toBe('');
      expect(stdout).toContain('the workflow itself led to the same 3 pages');
      expect(stdout).toContain('2026-12-27 03:15:00  +0:05:00  paged Ann by webhook: their rung, rung 1 of pass 2');
      // Temporal's list lags a little behind.
      await eventually('no workflow is left', async () => {
        const running = "WorkflowId STARTS_WITH 'simulation:' AND ExecutionStatus='Running'";
        return (await temporal.client.workflow.count(running)).count === 0;
      });
    } finally {
      await api.stop();
    }
  });
});
