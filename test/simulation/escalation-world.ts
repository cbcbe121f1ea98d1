import type { Actor } from '#domain/actor.ts';
import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { PageResult, PersonSource } from '#domain/escalation/ladder-parts.ts';
import type { LadderEffect, LadderEvent, ResolvedPerson } from '#domain/escalation/messages.ts';
import { freezePolicy } from '#domain/escalation/policy.ts';
import type { FrozenPolicy, PolicyDocument, Target } from '#domain/escalation/policy.ts';
import type { Severity } from '#domain/severity.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import type { Random } from './random.ts';

const people = ['ann', 'bob', 'cid', 'dot', 'eve', 'fay', 'gil'] as const;
const schedules = ['sch_1', 'sch_2', 'sch_3'] as const;
const windows = ['mnt_1', 'mnt_2', 'mnt_3'] as const;
const severities: readonly Severity[] = [1, 2, 3, 4];
const channels = ['push', 'sms', 'voice', 'email'] as const;

const many = <T>(random: Random, low: number, high: number, make: () => T): T[] =>
  Array.from({ length: random.int(low, high) }, make);

const person = (id: string): Actor => ({ kind: 'person', id, roles: ['responder'] });

function anyTarget(random: Random): Target {
  if (random.chance(35)) return { kind: 'person', personId: random.pick(people) };
  return { kind: random.chance(80) ? 'schedule' : 'round_robin', scheduleId: random.pick(schedules) };
}

function anyPolicy(random: Random, version: number): FrozenPolicy {
  const document: PolicyDocument = {
    rungs: many(random, 1, 4, () => ({
      targets: many(random, 1, 3, () => anyTarget(random)),
      ackWithinMs: random.pick([10 * secondMs, minuteMs, 5 * minuteMs, 20 * minuteMs]),
      requiredAcks: random.chance(20) ? 2 : 1,
      conditions: random.chance(25)
        ? {
            severityAtMost: random.chance(60) ? random.pick(severities) : null,
            hours: random.chance(50) ? random.pick(['working', 'outside']) : null,
          }
        : null,
    })),
    repeat: random.int(0, 3),
    catchAllPersonId: random.pick(['zoe', 'ann']),
    ackTimeoutMs: random.chance(60) ? random.int(5, 120) * minuteMs : null,
    unackGraceMs: random.pick([0, 10 * secondMs]),
    rePage: { onSeverityRise: random.chance(70), onFiringCountAbove: random.chance(40) ? random.int(1, 8) : null },
    highUrgencyUpTo: random.pick([0, 1, 2, 2, 3, 4, 4, 4]),
  };
  return freezePolicy(document, { policyVersionId: `epv_${version}`, version });
}

export function startLadder(random: Random, now: number): { state: Ladder; first: LadderEvent } {
  const windowsOpen = random.chance(12) ? [{ windowId: 'mnt_1', untilAt: now + random.int(1, 90) * minuteMs }] : [];
  const state = openLadder(
    {
      escalationId: 'esc_1',
      serviceId: 'svc_1',
      teamId: 'tea_1',
      severity: random.pick(severities),
      firingCount: 1,
      alertEventId: 'alr_0',
      policy: anyPolicy(random, 1),
      previousEscalationId: null,
      drill: random.chance(10) ? { canaryId: 'can_1' } : null,
      sensitive: random.chance(20),
      throttle: { perPersonWindowMs: 10 * minuteMs, maxPagesPerWindow: random.pick([1, 2, 6]) },
      maintenance: windowsOpen,
      holdLowUntilAt: random.chance(20) ? now + random.int(1, 60) * minuteMs : null,
    },
    now,
  );
  return { state, first: { type: 'opened' } };
}

/** One call of an effect. It is answered whatever comes of it, and a second call may be answered otherwise. */
export function performEffect(random: Random, effect: LadderEffect, now: number): LadderEvent | undefined {
  switch (effect.type) {
    case 'page': {
      const result = random.pick<PageResult>([
        'sent',
        'sent',
        'delivered',
        'delivered',
        'unknown',
        'bundled',
        'superseded',
        'failed_transient',
        'failed_permanent',
      ]);
      return { type: 'pageSettled', effectKey: effect.key, result, deliveryId: `dlv_${effect.key}` };
    }
    case 'resolvePeople': {
      const found = effect.people.filter(() => !random.chance(5));
      const reached = found.map(({ personId, shadow }) => anyPerson(random, personId, shadow, { kind: 'person' }));
      return { type: 'peopleResolved', effectKey: effect.key, people: reached };
    }
    case 'resolveRung': {
      const { key, pass, rung } = effect;
      const onRung = effect.targets.flatMap((target) => peopleOf(random, target));
      const resampleAt = random.chance(15) ? now + random.int(0, 240) * minuteMs : null;
      const hours = random.pick(['working', 'outside', null] as const);
      return { type: 'rungResolved', effectKey: key, pass, rung, people: onRung, hours, resampleAt };
    }
    default:
      return undefined;
  }
}

function peopleOf(random: Random, target: Target): ResolvedPerson[] {
  if (target.kind === 'person') return [anyPerson(random, target.personId, false, { kind: 'person' })];
  const source = { kind: target.kind, scheduleId: target.scheduleId, scheduleVersion: 3 };
  const count = random.pick([0, 0, 1, 1, 1, 2]);
  return many(random, count, count, () => anyPerson(random, random.pick(people), random.chance(15), source));
}

function anyPerson(random: Random, personId: string, shadow: boolean, source: PersonSource): ResolvedPerson {
  const count = random.pick([0, 1, 1, 2, 3, 4]);
  const rules = many(random, count, count, () => {
    const channel = random.pick(channels);
    const delayMs = random.chance(50) ? 0 : random.int(1, 12) * minuteMs;
    return { ruleId: `nrl_${channel}_${delayMs}`, contactMethodId: `cmt_${channel}`, channel, delayMs };
  });
  return { personId, shadow, source, rules };
}

type Maker = (random: Random, state: Ladder, now: number) => LadderEvent | undefined;

/** Most messages are of someone who has just looked; some name an older or an impossible version. */
function sent(random: Random, state: Ladder): { by: Actor; seenVersion?: number } {
  const by: Actor = random.chance(4) ? { kind: 'service', id: 'int_1' } : person(random.pick(people));
  if (random.chance(55)) return { by };
  if (random.chance(60)) return { by, seenVersion: state.version };
  return { by, seenVersion: Math.max(0, state.version + random.int(-12, 1)) };
}

const source =
  (kind: 'trigger' | 'resolve' | 'severity'): Maker =>
  (random, state) => ({
    type: 'sourceChanged',
    kind,
    severity: random.chance(60) ? state.severity : random.pick(severities),
    firingCount: kind === 'resolve' && random.chance(80) ? 0 : random.int(1, 12),
    alertEventId: random.chance(95) ? `alr_${state.version}_${kind}` : 'alr_0',
  });

const makers: readonly (readonly [weight: number, make: Maker])[] = [
  [10, source('trigger')],
  [4, source('severity')],
  [2, source('resolve')],
  [
    12,
    (random, state) => {
      const page = state.pages.length > 0 && random.chance(40) ? random.pick(state.pages).key : undefined;
      const asOf = page ?? (random.chance(4) ? 'page:none' : undefined);
      return { type: 'acknowledge', ...sent(random, state), ...(asOf === undefined ? {} : { asOfDeliveryKey: asOf }) };
    },
  ],
  [8, (random, state) => ({ type: 'unacknowledge', ...sent(random, state) })],
  [
    7,
    (random, state) => {
      const { pass, rung } = state.walk;
      const asOfPage = { pass, rung: rung + (random.chance(70) ? 0 : random.int(-1, 1)) };
      return { type: 'escalateNow', ...sent(random, state), ...(random.chance(50) ? { asOfPage } : {}) };
    },
  ],
  [
    4,
    (random, state) => ({
      type: 'reassign',
      ...sent(random, state),
      to: random.chance(50)
        ? { kind: 'person', personId: random.pick(people) }
        : { kind: 'policy', policy: anyPolicy(random, state.version + 10), teamId: 'tea_2' },
    }),
  ],
  [
    6,
    (random, state, now) => ({
      type: 'snooze',
      ...sent(random, state),
      until: now + random.pick([-1, 1, 20, 300, 12_000]) * minuteMs,
    }),
  ],
  [1, (random, state) => ({ type: 'resolve', ...sent(random, state) })],
  [
    5,
    (random, state) => ({
      type: 'addResponder',
      ...sent(random, state),
      personId: random.pick(people),
      shadow: random.chance(30),
    }),
  ],
  [3, (random, state) => ({ type: 'stopOwnPages', ...sent(random, state) })],
  [
    3,
    (random, state) => ({
      type: 'moveToCurrentPolicy',
      ...sent(random, state),
      policy: random.chance(30) ? state.policy : anyPolicy(random, state.version + 10),
    }),
  ],
  [
    4,
    (random, _state, now) => ({
      type: 'maintenanceStarted',
      windowId: random.pick(windows),
      until: now + random.int(-5, 90) * minuteMs,
    }),
  ],
  [4, (random) => ({ type: 'maintenanceEnded', windowId: random.pick(windows) })],
  [6, (random) => ({ type: 'rosterChanged', scheduleId: random.pick(schedules) })],
  [
    5,
    (random, state) => {
      if (state.pages.length === 0) return undefined;
      const result = random.pick<PageResult>(['delivered', 'failed_permanent', 'failed_transient', 'sent']);
      return { type: 'pageSettled', effectKey: random.pick(state.pages).key, result, deliveryId: null };
    },
  ],
  [1, () => ({ type: 'opened' })],
  [
    1,
    () => ({ type: 'rungResolved', effectKey: 'ask:999', pass: 0, rung: 0, people: [], hours: null, resampleAt: null }),
  ],
];
const drawn = makers.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));

/** What seldom meets by chance: someone stops the very pages that wait, maintenance starts while an added person is looked up. */
function rareMeeting(random: Random, state: Ladder, now: number): LadderEvent | undefined {
  const waiting = state.pending.at(-1);
  if (waiting !== undefined && random.chance(3)) return { type: 'stopOwnPages', by: person(waiting.personId) };
  const isAdding = state.questions.some(({ purpose }) => purpose === 'added_responder');
  if (!isAdding || !random.chance(20)) return undefined;
  return { type: 'maintenanceStarted', windowId: random.pick(windows), until: now + 30 * minuteMs };
}

export const anyMessage = (random: Random, state: Ladder, now: number): LadderEvent | undefined =>
  rareMeeting(random, state, now) ?? random.pick(drawn)(random, state, now);
