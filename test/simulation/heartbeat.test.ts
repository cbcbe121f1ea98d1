import { describe, expect, it } from 'vitest';
import { heartbeatScenario } from './heartbeat-scenario.ts';
import { simulationRuns } from './runs.ts';
import { simulateMany } from './simulate.ts';

describe('a heartbeat monitor in a hostile world', () => {
  const runs = simulateMany(heartbeatScenario, simulationRuns());
  const records = runs.flatMap((run) => run.records);
  const ways = new Set(records.map(({ before, state }) => `${before.status} → ${state.status}`));

  it('keeps its promises in every run', () => {
    expect(runs).toHaveLength(simulationRuns());
  });

  it.each([
    'waiting → beating',
    'waiting → missed',
    'beating → missed',
    'missed → beating',
    'missed → paused',
    'paused → waiting',
    'paused → beating',
    'missed → closed',
    'paused → closed',
  ])('sometimes goes %s', (way) => {
    expect(ways).toContain(way);
  });

  it('sometimes finds by a change that nothing is missed after all', () => {
    expect(
      records.some(
        ({ event, before, state }) =>
          event.type === 'change' && before.status === 'missed' && state.status === 'beating',
      ),
    ).toBe(true);
  });

  it('sometimes asks many times for one version', () => {
    const asked = runs.flatMap((run) =>
      run.records.map(({ state }, index) => state.reads - (run.records[index - 1]?.state.reads ?? 0)),
    );
    expect(asked.some((count) => count > 3)).toBe(true);
  });

  it('refuses each request that it should', () => {
    const codes = runs.flatMap(({ refusals }) =>
      refusals.map(({ step }) => (step.outcome === 'refused' ? step.code : '')),
    );
    expect(new Set(codes)).toEqual(
      new Set([
        'decision.person_required',
        'heartbeat.closed',
        'heartbeat.not_paused',
        'heartbeat.paused',
        'precondition.failed',
      ]),
    );
  });
});
