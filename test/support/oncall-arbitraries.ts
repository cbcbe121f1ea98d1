import * as fc from 'fast-check';
import { overrideRefusal } from '#domain/oncall/overrides.ts';
import { overlap } from '#domain/oncall/schedule.ts';
import type {
  Layer,
  Mark,
  Override,
  PersonId,
  Rotation,
  Schedule,
  TemporarySchedule,
  Weekday,
  Window,
} from '#domain/oncall/schedule.ts';

/** Random valid schedules, and moments worth looking at: the days around changes of the clock. */
export const zones = [
  'America/Chicago',
  'America/New_York',
  'Europe/London',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'UTC',
  'Asia/Kathmandu',
] as const;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A moment and a zone: looking a few days ahead from it meets a change of that zone's clock, more often than not. */
export interface Scene {
  readonly now: number;
  readonly zone: string;
}

const startOf = (date: string): number => Date.parse(`${date}T00:00Z`);

// The day before a change of the clock: forward, back, by half an hour, by a whole day.
const eventful: readonly Scene[] = [
  { now: startOf('2026-03-07'), zone: 'America/Chicago' },
  { now: startOf('2026-10-31'), zone: 'America/Chicago' },
  { now: startOf('2026-10-31'), zone: 'America/New_York' },
  { now: startOf('2026-03-28'), zone: 'Europe/London' },
  { now: startOf('2026-10-24'), zone: 'Europe/London' },
  { now: startOf('2026-04-03'), zone: 'Australia/Lord_Howe' },
  { now: startOf('2026-10-02'), zone: 'Australia/Lord_Howe' },
  { now: startOf('2011-12-29'), zone: 'Pacific/Apia' },
];

export const scenes: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...eventful) },
  {
    weight: 1,
    arbitrary: fc.record({
      now: fc.integer({ min: 0, max: 364 }).map((day) => startOf('2026-01-01') + day * dayMs),
      zone: fc.constantFrom(...zones),
    }),
  },
);

const people: readonly PersonId[] = ['per_a', 'per_b', 'per_c', 'per_d', 'per_e'];
const person = fc.constantFrom(...people);
const weekday = fc.integer({ min: 1, max: 7 }).map((day) => day as Weekday);

const clockText = (quarters: number): string =>
  `${String(Math.floor(quarters / 4)).padStart(2, '0')}:${String((quarters % 4) * 15).padStart(2, '0')}`;
// Half of them in the small hours, where clocks change.
const clockTime = fc.oneof(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 95 })).map(clockText);

const days = fc.oneof(fc.constant([1, 2, 3, 4, 5, 6, 7] as const), fc.uniqueArray(weekday, { minLength: 1 }));

const windows: fc.Arbitrary<Window[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ days, startTime: clockTime, endTime: clockTime }) },
    {
      weight: 1,
      arbitrary: fc.record({ startDay: weekday, startTime: clockTime, endDay: weekday, endTime: clockTime }),
    },
  ),
  { minLength: 1, maxLength: 3 },
);

const rotations: fc.Arbitrary<Rotation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('hourly', 'daily', 'weekly', 'monthly') }),
  fc.record({
    kind: fc.constant('custom' as const),
    unit: fc.constantFrom('hour', 'day', 'week', 'month'),
    every: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant('pattern' as const),
    unit: fc.constantFrom('hour', 'day'),
    lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  }),
);

/** A layer that began at most ten days before `now`, with or without windows and turns of nobody. */
export const layersAround = (
  now: number,
  extent: { windows: 'never' | 'sometimes'; buffers: boolean },
): fc.Arbitrary<Omit<Layer, 'id'>> =>
  fc
    .record({
      zone: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom(...zones) },
      ),
      rotation: rotations,
      date: fc.integer({ min: 0, max: 10 }).map((day) => new Date(now - day * dayMs).toISOString().slice(0, 10)),
      time: clockTime,
      handOffTime: fc.option(clockTime, { nil: undefined }),
      participants: fc
        .array(extent.buffers ? fc.option(person, { freq: 4 }) : person, { minLength: 1, maxLength: 5 })
        .filter((list) => list.some((participant) => participant !== null)),
      windows: extent.windows === 'never' ? fc.constant(undefined) : fc.option(windows, { nil: undefined, freq: 3 }),
    })
    .map(({ date, time, zone, handOffTime, windows, ...layer }) => ({
      ...layer,
      start: `${date}T${time}`,
      ...(zone === undefined ? {} : { zone }),
      ...(handOffTime === undefined ? {} : { handOffTime }),
      ...(windows === undefined ? {} : { windows }),
    }));

const periodAround = (now: number) =>
  fc
    .tuple(fc.integer({ min: -24 * 60, max: 72 * 60 }), fc.integer({ min: 1, max: 36 * 60 }))
    .map(([start, length]) => ({ startAt: now + start * minuteMs, endAt: now + (start + length) * minuteMs }));

function overridesAround(now: number, layerIds: readonly string[]): fc.Arbitrary<Override[]> {
  const one = fc
    .record({
      kind: fc.constantFrom('add', 'remove', 'replace'),
      layerId: fc.option(fc.constantFrom(...layerIds), { freq: 2 }),
      personId: person,
      byPersonId: person,
      period: periodAround(now),
    })
    .map(({ kind, layerId, personId, byPersonId, period }) =>
      kind === 'replace' ? { kind, layerId, personId, byPersonId, ...period } : { kind, layerId, personId, ...period },
    );
  return fc.array(one, { maxLength: 8 }).map((drafts) => {
    const kept: Override[] = [];
    for (const draft of drafts) {
      if (overrideRefusal(kept, draft) === null) kept.push({ id: `ovr_${kept.length}`, ...draft });
    }
    return kept;
  });
}

function temporarySchedulesAround(now: number): fc.Arbitrary<TemporarySchedule[]> {
  const one = fc
    .record({
      period: periodAround(now),
      shifts: fc.array(fc.record({ personId: person, period: periodAround(now) }), { maxLength: 4 }),
    })
    .map(({ period, shifts }) => ({
      ...period,
      shifts: shifts
        .map((shift) => ({
          personId: shift.personId,
          startAt: Math.max(period.startAt, shift.period.startAt),
          endAt: Math.min(period.endAt, shift.period.endAt),
        }))
        .filter((shift) => shift.startAt < shift.endAt),
    }));
  // Seldom: while there is one, nothing else is seen.
  const some = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(one, { maxLength: 2 }) },
  );
  return some.map((all) => {
    const kept: TemporarySchedule[] = [];
    for (const draft of all) {
      if (!kept.some((earlier) => overlap(earlier, draft))) kept.push({ id: `tmp_${kept.length}`, ...draft });
    }
    return kept;
  });
}

const marksAround = (now: number): fc.Arbitrary<Mark[]> =>
  fc
    .array(fc.record({ kind: fc.constantFrom('shadow', 'unavailable'), personId: person, period: periodAround(now) }), {
      maxLength: 3,
    })
    .map((marks) =>
      marks.map(({ kind, personId, period }, index) => ({ id: `mrk_${index}`, kind, personId, ...period })),
    );

/** A whole schedule around a moment, with one to three layers and everything that may overrule them. */
export const schedulesAround = ({ now, zone }: Scene): fc.Arbitrary<Schedule> =>
  fc.integer({ min: 1, max: 3 }).chain((count) => {
    const layerIds = Array.from({ length: count }, (_, index) => `lay_${index}`);
    return fc.record({
      id: fc.constant('sch_1'),
      version: fc.constant(7),
      zone: fc.constant(zone),
      layers: fc
        .tuple(...layerIds.map(() => layersAround(now, { windows: 'sometimes', buffers: true })))
        .map((layers) => layers.map((layer, index) => ({ id: `lay_${index}`, ...layer }))),
      overrides: overridesAround(now, layerIds),
      temporarySchedules: temporarySchedulesAround(now),
      marks: marksAround(now),
    });
  });

/** A schedule of one layer and nothing else. */
export const scheduleOf = (layer: Omit<Layer, 'id'>, zone: string): Schedule => ({
  id: 'sch_1',
  version: 1,
  zone,
  layers: [{ id: 'lay_0', ...layer }],
  overrides: [],
  temporarySchedules: [],
  marks: [],
});
