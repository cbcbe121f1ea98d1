import { segments } from '#domain/oncall/segments.ts';
import type { Layer, Schedule } from '#domain/oncall/schedule.ts';
import { validateSchedule } from '#domain/oncall/validate-schedule.ts';

/**
 * How long one year of ten layers takes, after warm-up. Three schedules: a real follow-the-sun team, ten layers that hide
 * nothing of each other (every turn of each must be looked at), and the same ten with hourly turns.
 *
 * Prints one JSON object; run it by `node bench/oncall-segments.ts`. The goal is 20 ms for each.
 */
const zones = ['America/Chicago', 'America/New_York', 'Europe/London', 'Asia/Kolkata', 'Australia/Lord_Howe'];
const goalMs = 20;
const warmUps = 20;
const rounds = 200;

const fromMs = Date.UTC(2026, 0, 1);
const toMs = Date.UTC(2027, 0, 1);

function schedule(layerOf: (index: number) => Omit<Layer, 'id' | 'start' | 'participants'>): Schedule {
  const layers = Array.from({ length: 10 }, (_, index) => ({
    id: `layer-${index}`,
    start: '2024-01-01T09:00',
    participants: Array.from({ length: 6 }, (_, person) => `person-${index}-${person}`),
    ...layerOf(index),
  }));
  const overrides = Array.from({ length: 50 }, (_, index) => ({
    id: `override-${index}`,
    kind: 'replace' as const,
    layerId: null,
    personId: `person-${index % 10}-0`,
    byPersonId: `person-${index % 10}-1`,
    startAt: fromMs + index * 7 * 86_400_000,
    endAt: fromMs + index * 7 * 86_400_000 + 43_200_000,
  }));
  return { id: 'bench', version: 1, zone: 'UTC', layers, overrides, temporarySchedules: [], marks: [] };
}

const workday = (index: number) => ({
  days: [1, 2, 3, 4, 5] as const,
  startTime: `0${index % 10}:00`,
  endTime: `1${index % 10}:30`,
});

const schedules = {
  followTheSun: schedule((index) => ({
    zone: zones[index % zones.length] ?? 'UTC',
    rotation: { kind: index % 2 === 0 ? 'weekly' : 'daily' },
    ...(index === 0 ? {} : { windows: [workday(index)] }),
  })),
  everyLayerShows: schedule((index) => ({
    zone: zones[index % zones.length] ?? 'UTC',
    rotation: { kind: 'daily' },
    windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime: `0${index % 10}:00`, endTime: `0${index % 10}:30` }],
  })),
  everyLayerShowsHourly: schedule((index) => ({
    zone: zones[index % zones.length] ?? 'UTC',
    rotation: { kind: 'hourly' },
    windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime: `0${index % 10}:15`, endTime: `1${index % 10}:45` }],
  })),
};

function measure(one: Schedule): {
  segments: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  isWithinGoal: boolean;
} {
  const problems = validateSchedule(one);
  if (problems.length > 0) throw new Error(`the bench needs a valid schedule: ${JSON.stringify(problems)}`);
  for (let round = 0; round < warmUps; round += 1) segments(one, fromMs, toMs);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    segments(one, fromMs, toMs);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const rank = (share: number): number => Number((times[Math.ceil(share * rounds) - 1] ?? 0).toFixed(2));
  return {
    segments: segments(one, fromMs, toMs).length,
    p50Ms: rank(0.5),
    p99Ms: rank(0.99),
    maxMs: rank(1),
    isWithinGoal: rank(0.99) < goalMs,
  };
}

const results = Object.fromEntries(Object.entries(schedules).map(([name, one]) => [name, measure(one)]));
console.log(
  JSON.stringify({ bench: 'oncall-segments', node: process.version, goalMs, warmUps, rounds, results }, null, 2),
);
