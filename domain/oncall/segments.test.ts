import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layersAround, scenes, scheduleOf, schedulesAround, zones } from '#test/support/oncall-arbitraries.ts';
import { bruteForce } from '#test/support/oncall-brute-force.ts';
import type { Minute } from '#test/support/oncall-brute-force.ts';
import { dayMs, minuteMs, toIso } from '../time.ts';
import { findGaps } from './coverage.ts';
import { rosterClock } from './on-call.ts';
import type { Roster } from './on-call.ts';
import type { Schedule } from './schedule.ts';
import { onCallAt, segments } from './segments.ts';
import type { Segment } from './segments.ts';
import { validateSchedule } from './validate-schedule.ts';

const scheduleAndMoment = scenes.chain((scene) => fc.tuple(fc.constant(scene.now), schedulesAround(scene)));

const clip = (all: readonly Segment[], fromMs: number, toMs: number): Segment[] =>
  all
    .map((one) => ({ ...one, startAt: Math.max(one.startAt, fromMs), endAt: Math.min(one.endAt, toMs) }))
    .filter((one) => one.startAt < one.endAt);

interface Seen {
  readonly people: readonly string[];
  readonly shadows: readonly string[];
  readonly layerId: string | null;
}

const written = ({ people, shadows, layerId }: Seen): string => `${people.join()} / ${shadows.join()} / ${layerId}`;
const seen = ({ people, shadows, source }: Roster): Seen => ({ people, shadows, layerId: source.layerId });

function expectWalked(schedule: Schedule, now: number): void {
  const toMs = now + 3 * dayMs;
  const walked = [...bruteForce(schedule, now, toMs)];
  const expected = walked.map(written);

  const bySegments = segments(schedule, now, toMs).flatMap((one) =>
    Array.from({ length: (one.endAt - one.startAt) / minuteMs }, () => written(seen(one))),
  );
  expect(bySegments.length).toBe(expected.length);
  expect(firstDifference(walked, bySegments)).toBeNull();

  // Asked backwards, so that nothing remembered from the minute before helps.
  const clock = rosterClock(schedule);
  const asked = walked.toReversed().map(({ at }) => written(seen(clock.at(at).roster)));
  expect(firstDifference(walked, asked.toReversed())).toBeNull();

  function firstDifference(minutes: readonly Minute[], got: readonly string[]) {
    const index = got.findIndex((text, minute) => text !== expected[minute]);
    const at = minutes[index]?.at;
    return at === undefined ? null : { at: toIso(at), expected: expected[index], got: got[index] };
  }
}

describe('segments of random schedules', () => {
  it('come from schedules in which nothing is wrong', () => {
    fc.assert(
      fc.property(scheduleAndMoment, ([, schedule]) => {
        expect(validateSchedule(schedule)).toEqual([]);
      }),
    );
  });

  it('equal a walk minute by minute, for one layer', () => {
    const oneLayer = scenes.chain(({ now, zone }) =>
      fc.tuple(
        fc.constant(now),
        layersAround(now, { windows: 'sometimes', buffers: true }).map((layer) => scheduleOf(layer, zone)),
      ),
    );
    fc.assert(
      fc.property(oneLayer, ([now, schedule]) => expectWalked(schedule, now)),
      { numRuns: 150 },
    );
  }, 120_000);

  it('equal a walk minute by minute, for whole schedules', () => {
    fc.assert(
      fc.property(scheduleAndMoment, ([now, schedule]) => expectWalked(schedule, now)),
      { numRuns: 80 },
    );
  }, 120_000);

  it('follow each other without a hole, and each differs from the one before', () => {
    fc.assert(
      fc.property(scheduleAndMoment, ([now, schedule]) => {
        const all = segments(schedule, now, now + 20 * dayMs);
        expect(all[0]?.startAt).toBe(now);
        expect(all.at(-1)?.endAt).toBe(now + 20 * dayMs);
        for (const [index, one] of all.entries()) {
          expect(one.startAt).toBeLessThan(one.endAt);
          const next = all[index + 1];
          if (next === undefined) continue;
          expect(next.startAt).toBe(one.endAt);
          expect({ ...next, startAt: 0, endAt: 0 }).not.toEqual({ ...one, startAt: 0, endAt: 0 });
        }
      }),
    );
  });

  it('are the same in a window as in the whole', () => {
    const window = fc.tuple(fc.integer({ min: -300, max: 6000 }), fc.integer({ min: 1, max: 6000 }));
    fc.assert(
      fc.property(scheduleAndMoment, window, ([now, schedule], [start, length]) => {
        const [fromMs, toMs] = [now + start * minuteMs, now + (start + length) * minuteMs];
        const whole = segments(schedule, now - 12 * dayMs, now + 12 * dayMs);
        expect(segments(schedule, fromMs, toMs)).toEqual(clip(whole, fromMs, toMs));
      }),
    );
  });

  it('agree with onCallAt at their first, middle and last millisecond', () => {
    fc.assert(
      fc.property(scheduleAndMoment, ([now, schedule]) => {
        for (const { startAt, endAt, people, shadows, source } of segments(schedule, now, now + 3 * dayMs)) {
          for (const at of [startAt, Math.floor((startAt + endAt) / 2), endAt - 1]) {
            const why = { ...source, scheduleId: 'sch_1', scheduleVersion: 7 };
            expect(onCallAt(schedule, at)).toEqual({ onCall: people, shadows, why });
          }
        }
      }),
    );
  });

  it('do not depend on the order of overrides, marks and temporary schedules', () => {
    fc.assert(
      fc.property(scheduleAndMoment, ([now, schedule]) => {
        const turned: Schedule = {
          ...schedule,
          overrides: schedule.overrides.toReversed(),
          marks: schedule.marks.toReversed(),
          temporarySchedules: schedule.temporarySchedules.toReversed(),
        };
        expect(segments(turned, now, now + 4 * dayMs)).toEqual(segments(schedule, now, now + 4 * dayMs));
      }),
    );
  });
});

describe('a layer without windows and without turns of nobody', () => {
  const plain = scenes.chain(({ now, zone }) =>
    fc.tuple(fc.constant(now), layersAround(now, { windows: 'never', buffers: false }), fc.constant(zone)),
  );

  it('has exactly one person at every moment from its start on', () => {
    fc.assert(
      fc.property(plain, ([now, layer, zone]) => {
        const schedule = scheduleOf(layer, zone);
        const all = segments(schedule, now - 13 * dayMs, now + 60 * dayMs);
        const begun = all.findIndex((one) => one.people.length > 0);
        expect(all.slice(begun).every((one) => one.people.length === 1)).toBe(true);
        expect(findGaps(schedule, all[begun]?.startAt ?? 0, now + 60 * dayMs)).toEqual([]);
      }),
    );
  });

  it('gives everybody as many turns as anybody, give or take one', () => {
    // Turns of at least a day, which no change of the clock makes vanish, and each person once, so that turns can be told apart.
    const rotating = fc.record({
      zone: fc.constantFrom(...zones.filter((zone) => zone !== 'Pacific/Apia')),
      rotation: fc.oneof(
        fc.record({ kind: fc.constantFrom('daily', 'weekly', 'monthly') }),
        fc.record({ kind: fc.constant('custom'), unit: fc.constant('day'), every: fc.integer({ min: 1, max: 20 }) }),
      ),
      count: fc.integer({ min: 2, max: 14 }),
      hasWeekdaysOnly: fc.boolean(),
      days: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(rotating, ({ zone, rotation, count, hasWeekdaysOnly, days }) => {
        const participants = Array.from({ length: count }, (_, index) => `per_${index}`);
        const windows = [{ days: [1, 2, 3, 4, 5] as const, startTime: '09:00', endTime: '17:00' }];
        const layer = { rotation, start: '2026-01-01T00:00', participants, ...(hasWeekdaysOnly ? { windows } : {}) };
        const fromMs = Date.UTC(2026, 0, 3);
        const turns = new Map(participants.map((person) => [person, 0]));
        let last: string | null = null;
        for (const { people } of segments(scheduleOf(layer, zone), fromMs, fromMs + days * dayMs)) {
          const person = people[0];
          if (person === undefined || person === last) continue;
          last = person;
          turns.set(person, (turns.get(person) ?? 0) + 1);
        }
        expect(Math.max(...turns.values()) - Math.min(...turns.values())).toBeLessThanOrEqual(1);
      }),
    );
  });
});
