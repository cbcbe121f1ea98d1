import { describe, expect, it } from 'vitest';
import { summariseLadders } from './metrics.ts';
import type { LadderMetrics } from './metrics.ts';

const took = (toAckMs: number | null): LadderMetrics => ({
  toFirstAttemptMs: 0,
  toFirstHumanMs: null,
  toAckMs,
  toResolveMs: null,
  pages: 2,
  unknownPages: 1,
  failedPages: 0,
});

describe('summariseLadders', () => {
  it('gives times that occurred, over those in which it happened', () => {
    const ten = Array.from({ length: 10 }, (_, index) => took((10 - index) * 1_000));
    const summary = summariseLadders([...ten, took(null)]);
    expect(summary.toAck).toEqual({ count: 10, p50Ms: 5_000, p90Ms: 9_000 });
    expect(summary.toFirstHuman).toEqual({ count: 0, p50Ms: null, p90Ms: null });
    expect(summary).toMatchObject({ pages: 22, unknownPages: 11, failedPages: 0 });
    expect(summariseLadders([took(7)]).toAck).toEqual({ count: 1, p50Ms: 7, p90Ms: 7 });
  });
});
