import { describe, expect, it } from 'vitest';
import { wilson } from '../stats/wilson.ts';
import { precisionTarget } from './precision-target.ts';

describe('precisionTarget', () => {
  it.each([
    [1, 'M4', 60, 100],
    [2, 'M4', 79, 100],
    [3, 'M4', 88, 100],
    [4, 'M4', 96, 100],
    [2, 'M3', 35, 50],
    [3, 'M3', 40, 50],
    [4, 'M3', 44, 50],
    [1, 'M5', 189, 200],
  ] as const)('severity %i at %s: %i of %i right are just enough', (severity, maturity, right, labels) => {
    const target = precisionTarget(severity, maturity);
    expect(wilson(right, labels)?.low).toBeGreaterThanOrEqual(target);
    expect(wilson(right - 1, labels)?.low).toBeLessThan(target);
  });

  it('asks for nothing where nobody sees an alert', () => {
    expect(precisionTarget(1, 'M2')).toBe(0);
  });
});
