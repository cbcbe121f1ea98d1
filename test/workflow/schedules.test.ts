import { afterAll, beforeAll, expect, it } from 'vitest';
import { hourMs, minuteMs } from '#domain/time.ts';
import { reconcile } from '#worker/schedules.ts';
import { oncallWatchId, sweepScheduleId } from '#workflows/contract.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
beforeAll(async () => {
  vigil = await startTestVigil();
});
afterAll(() => vigil?.stop());

const everyOf = async (scheduleId: string) =>
  (await vigil.temporal.schedule.getHandle(scheduleId).describe()).spec.intervals?.[0]?.every;

const listed = async (scheduleId: string): Promise<boolean> => {
  for await (const schedule of vigil.temporal.schedule.list()) if (schedule.scheduleId === scheduleId) return true;
  return false;
};

it('sweeps that are there take the interval of a worker that starts, and keep it while it only looks', async () => {
  const scheduleId = sweepScheduleId(await seedDetector(await buildCaseWorld(vigil.db)));
  const options = { db: vigil.db, temporal: vigil.temporal };
  await reconcile({ ...options, sweepEveryMs: hourMs });
  expect(await everyOf(scheduleId)).toBe(hourMs);
  await eventually('it is listed', async () => (await listed(scheduleId)) && (await listed(oncallWatchId)));

  await reconcile({ ...options, sweepEveryMs: 2 * hourMs });
  expect(await everyOf(scheduleId)).toBe(hourMs);
  await reconcile({ ...options, sweepEveryMs: 2 * hourMs, adjusts: true });
  expect(await everyOf(scheduleId)).toBe(2 * hourMs);
  expect(await everyOf(oncallWatchId)).toBe(minuteMs);
});
