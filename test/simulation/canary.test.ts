import { describe, expect, it } from 'vitest';
import { canaryScenario } from './canary-scenario.ts';
import { simulationRuns } from './runs.ts';
import { simulateMany } from './simulate.ts';

describe('a canary in a hostile world', () => {
  const runs = simulateMany(canaryScenario, simulationRuns());
  const records = runs.flatMap((run) => run.records);

  it('keeps its promises in every run', () => {
    expect(runs).toHaveLength(simulationRuns());
  });

  it.each(['opened', 'injected', 'detected', 'case_opened', 'paged', 'acknowledged', 'missed', 'done'])(
    'is sometimes %s',
    (status) => {
      expect(new Set(records.map(({ state }) => state.status))).toContain(status);
    },
  );

  it.each([true, false])('sometimes ends with passed = %s', (passed) => {
    expect(runs.some(({ final }) => final.passed === passed)).toBe(true);
  });

  it('sometimes skips a stage, learns one late, and hears an acknowledgement after the miss', () => {
    expect(runs.some(({ final }) => final.passed === true && final.reachedAt.detected === null)).toBe(true);
    expect(records.some(({ event, before }) => event.type === 'detected' && before.status === 'paged')).toBe(true);
    expect(records.some(({ event, before }) => event.type === 'acknowledged' && before.status === 'missed')).toBe(true);
  });

  it('sometimes refuses a machine that acknowledges', () => {
    const codes = runs.flatMap(({ refusals }) =>
      refusals.map(({ step }) => (step.outcome === 'refused' ? step.code : '')),
    );
    expect(new Set(codes)).toEqual(new Set(['decision.person_required']));
  });
});
