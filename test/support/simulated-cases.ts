import type { OnCallSnapshot, SimulationPlan } from '#domain/escalation/simulation.ts';
import { freezePolicy } from '#domain/escalation/policy.ts';
import type { PolicyDocument, Target, WorkingHours } from '#domain/escalation/policy.ts';
import { validatePolicy } from '#domain/escalation/validate-policy.ts';
import type { NotificationRule, ReachablePerson } from '#domain/oncall/notification-rules.ts';
import type { Layer, Mark, Override, Rotation, Schedule } from '#domain/oncall/schedule.ts';
import { validateSchedule } from '#domain/oncall/validate-schedule.ts';
import type { Severity } from '#domain/severity.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '#domain/time.ts';
import { seededRandom } from '../simulation/random.ts';
import type { Random } from '../simulation/random.ts';

const people = ['ann', 'bob', 'cid', 'dot', 'eve', 'fay'] as const;
const zones = ['Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'] as const;
const severities: readonly Severity[] = [1, 2, 3, 4];

export interface SimulatedCase {
  readonly snapshot: OnCallSnapshot;
  readonly plan: SimulationPlan;
}

/** A valid policy over valid schedules with people of every habit, and a plan for a moment of 2026: by its seed. */
export function simulatedCase(seed: number): SimulatedCase {
  const random = seededRandom(seed);
  const at = Date.UTC(2026, 0, 1) + random.int(0, 364) * dayMs + random.int(0, 24 * 60 - 1) * minuteMs;
  const schedules = [1, 2].map((number) => anySchedule(random, `sch_${number}`, at));
  const document = anyPolicy(random);
  const problems = [...validatePolicy(document), ...schedules.flatMap(validateSchedule)];
  if (problems.length > 0) throw new Error(`case ${seed} is not valid: ${JSON.stringify(problems)}`);
  return {
    snapshot: {
      policy: freezePolicy(document, { policyVersionId: 'epv_1', version: random.int(1, 9) }),
      schedules,
      people: people.filter(() => !random.chance(8)).map((personId) => anyPerson(random, personId)),
      turns: { sch_1: random.int(0, 20) },
    },
    plan: {
      at,
      forMs: random.int(1, 10) * hourMs,
      severity: random.pick(severities),
      acknowledgements: several(random, 0, 2, () => ({
        personId: random.pick(people),
        afterMs: random.int(0, 240) * 30 * secondMs,
      })),
      silentIds: random.chance(40) ? several(random, 0, 3, () => random.pick(people)) : null,
    },
  };
}

const several = <T>(random: Random, low: number, high: number, make: () => T): T[] =>
  Array.from({ length: random.int(low, high) }, make);

function anyPolicy(random: Random): PolicyDocument {
  const workingHours: WorkingHours = {
    zone: random.pick(zones),
    windows: [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 9 * 60, toMinute: 17 * 60 }],
  };
  return {
    rungs: several(random, 1, 4, () => ({
      targets: anyTargets(random),
      ackWithinMs: random.pick([10 * secondMs, minuteMs, 5 * minuteMs, 17 * minuteMs]),
      conditions: random.chance(25)
        ? {
            severityAtMost: random.chance(50) ? random.pick(severities) : null,
            hours: random.chance(50) ? random.pick(['working', 'outside'] as const) : null,
          }
        : null,
    })),
    repeat: random.int(0, 2),
    catchAllPersonId: random.pick(people),
    ackTimeoutMs: random.chance(50) ? random.int(10, 120) * minuteMs : null,
    highUrgencyUpTo: random.pick([0, 2, 2, 4]),
    workingHours,
  };
}

function anyTargets(random: Random): Target[] {
  const targets = several(random, 1, 3, (): Target => {
    if (random.chance(35)) return { kind: 'person', personId: random.pick(people) };
    const scheduleId = random.pick(['sch_1', 'sch_2']);
    return { kind: random.chance(75) ? 'schedule' : 'round_robin', scheduleId };
  });
  return [...new Map(targets.map((target) => [JSON.stringify(target), target])).values()];
}

function anySchedule(random: Random, id: string, at: number): Schedule {
  const around = () => {
    const startAt = at + random.int(-12, 8) * hourMs + random.int(0, 59) * minuteMs;
    return { startAt, endAt: startAt + random.int(1, 12) * hourMs };
  };
  const pair = [random.pick(people), random.pick(people)] as const;
  const overrides: Override[] =
    random.chance(40) && pair[0] !== pair[1]
      ? [{ id: 'ovr_1', kind: 'replace', layerId: null, personId: pair[0], byPersonId: pair[1], ...around() }]
      : [];
  const marks: Mark[] = random.chance(40)
    ? [
        {
          id: 'mrk_1',
          kind: random.pick(['shadow', 'unavailable'] as const),
          personId: random.pick(people),
          ...around(),
        },
      ]
    : [];
  const layers = [1, 2].slice(0, random.int(1, 2)).map((number) => anyLayer(random, `lay_${number}`, at));
  return {
    id,
    version: random.int(1, 30),
    zone: random.pick(zones),
    layers,
    overrides,
    temporarySchedules: [],
    marks,
  };
}

function anyLayer(random: Random, id: string, at: number): Layer {
  const rotation: Rotation = random.pick([
    { kind: 'hourly' },
    { kind: 'daily' },
    { kind: 'custom', unit: 'hour', every: 3 },
  ]);
  const day = new Date(at - random.int(1, 9) * dayMs).toISOString().slice(0, 10);
  const startTime = random.pick(['00:00', '08:00', '22:00']);
  return {
    id,
    rotation,
    start: `${day}T${random.pick(['00:00', '09:30', '17:00'])}`,
    participants: several(random, 1, 4, () => random.pick(people)),
    ...(random.chance(50) ? { zone: random.pick(zones) } : {}),
    ...(random.chance(40)
      ? { windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime, endTime: random.pick(['06:00', '12:00', '20:00']) }] }
      : {}),
  };
}

function anyPerson(random: Random, personId: string): ReachablePerson {
  const rules = (urgency: string): NotificationRule[] =>
    [0, 1, 2].slice(0, random.pick([0, 1, 1, 2, 3])).map((index) => {
      const channel = random.pick(['email', 'push', 'sms', 'voice'] as const);
      const delayMinutes = index === 0 && random.chance(70) ? 0 : random.int(1, 20);
      return {
        id: `nrl_${personId}_${urgency}_${index}`,
        channel,
        contactMethodId: `cmt_${personId}_${channel}`,
        delayMinutes,
      };
    });
  return {
    personId,
    timeZone: random.pick(zones),
    rules: {
      high: rules('high'),
      low: rules('low'),
      quietHours: random.chance(60) ? { startTime: '22:00', endTime: '07:00' } : null,
    },
  };
}
