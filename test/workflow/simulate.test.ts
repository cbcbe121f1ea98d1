import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDurableSimulator } from '#cli/simulate/durable-simulator.ts';
import type { DurableSimulator } from '#cli/simulate/durable-simulator.ts';
import { simulateLadder } from '#domain/escalation/simulate.ts';
import { simulatedCase } from '../support/simulated-cases.ts';
import { connectTestTemporal } from '../support/temporal.ts';
import type { TestTemporal } from '../support/temporal.ts';

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
const seeds = [...Array.from({ length: 36 }, (_, index) => index + 1), 156, 308, 382, 385];

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
