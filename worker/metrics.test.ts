import { expect, it } from 'vitest';
import { createProviderGuard } from '#activities/clients/provider-guard.ts';
import { createWorkerMetrics } from './metrics.ts';

it('counts first pages by how late they were, and knows when the last beat left', async () => {
  const metrics = createWorkerMetrics(createProviderGuard({ now: () => 0 }));
  const valueOf = async (name: string) => {
    const lines = (await metrics.registry.metrics()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length));
  };
  expect(await valueOf('vigil_dead_mans_switch_last_beat_seconds')).toBe(0);
  const before = Date.now() / 1_000;
  metrics.beaten();
  expect(await valueOf('vigil_dead_mans_switch_last_beat_seconds')).toBeGreaterThanOrEqual(before);
  for (const afterMs of [80, 400, 72_000]) metrics.firstPage(afterMs);
  expect(await valueOf('vigil_first_page_seconds_bucket{le="0.5"}')).toBe(2);
  expect(await valueOf('vigil_first_page_seconds_bucket{le="60"}')).toBe(2);
  expect(await valueOf('vigil_first_page_seconds_sum')).toBeCloseTo(72.48);
});
