import { describe, expect, it } from 'vitest';
import { measurePrecision } from './precision.ts';
import type { JudgedSignal } from './precision.ts';

const judged = (verdict: JudgedSignal['verdict'], more: Partial<JudgedSignal> = {}): JudgedSignal => ({
  detectorVersionId: 'dtv_1',
  verdict,
  synthetic: false,
  golden: false,
  ...more,
});

describe('measurePrecision', () => {
  it('counts violations among the decided signals of each version', () => {
    const signals = [
      ...Array.from({ length: 18 }, () => judged('violation')),
      ...Array.from({ length: 2 }, () => judged('no_violation')),
      judged('no_violation', { detectorVersionId: 'dtv_2' }),
    ];
    const [first, second] = measurePrecision(signals, ['dtv_1', 'dtv_2']);
    expect(first).toMatchObject({ decided: 20, violations: 18, observed: 0.9 });
    expect(first?.interval?.low).toBeCloseTo(0.699, 3);
    expect(second).toMatchObject({ decided: 1, violations: 0, observed: 0 });
  });

  it('leaves drills and golden items out', () => {
    const signals = [
      judged('violation', { synthetic: true }),
      judged('violation', { golden: true }),
      judged('no_violation'),
    ];
    expect(measurePrecision(signals, ['dtv_1'])[0]).toMatchObject({ decided: 1, violations: 0 });
  });

  it('says of an unmeasured version that nothing is known', () => {
    const drill = [judged('violation', { synthetic: true })];
    expect(measurePrecision(drill, ['dtv_1'])).toEqual([
      { detectorVersionId: 'dtv_1', decided: 0, violations: 0, observed: null, interval: null },
    ]);
  });
});
