import { isZone } from '../oncall/zone-clock.ts';
import { dayMs, minuteMs, secondMs } from '../time.ts';
import type { PolicyDocument, Target, WorkingHours } from './policy.ts';

/** What can be wrong with a policy, and how it is said. */
export const policyProblemTitles = {
  empty: 'It must not be empty.',
  too_many: 'There are more of them than a policy may have.',
  duplicate: 'Another target of this rung is the same.',
  ack_within: 'A rung waits from 10 seconds to 24 hours for an acknowledgement.',
  repeat: 'A ladder repeats from 0 to 20 times.',
  required_acks: 'A rung needs at least one person to acknowledge, and at most 10.',
  more_acks_than_people: 'The rung has fewer people than must acknowledge.',
  ack_timeout: 'An acknowledgement holds from 1 minute to 7 days, or for ever.',
  unack_grace: 'The grace lasts from 0 to 5 minutes.',
  firing_count: 'The threshold is a whole number of at least 1.',
  severity: 'Severities go from 1 (the worst) to 4.',
  no_working_hours: 'A rung asks for working hours, but the policy names none.',
  zone: 'It is no time zone of the IANA database in its exact spelling.',
  weekday: 'Name at least one day, from 1 (Monday) to 7 (Sunday).',
  minutes: 'A window goes from a minute of the day to a later one, at most 1440.',
} as const;
export type PolicyProblemReason = keyof typeof policyProblemTitles;

export interface PolicyProblem {
  /** RFC 6901, into the policy document. */
  readonly pointer: string;
  readonly reason: PolicyProblemReason;
}

export const policyLimits = { rungs: 20, targets: 20, requiredAcks: 10, windows: 50 } as const;

type Report = (pointer: string, reason: PolicyProblemReason) => void;

const isWhole = (value: number, low: number, high: number): boolean =>
  Number.isInteger(value) && value >= low && value <= high;

/**
 * Everything that is wrong with a policy whose shape is right; empty when nothing is. Whether its people and schedules
 * exist, and whether they are ever empty, is not asked here.
 */
export function validatePolicy(document: PolicyDocument): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const report: Report = (pointer, reason) => {
    problems.push({ pointer, reason });
  };
  if (document.rungs.length === 0) report('/rungs', 'empty');
  if (document.rungs.length > policyLimits.rungs) report('/rungs', 'too_many');
  for (const [index, rung] of document.rungs.entries()) checkRung(`/rungs/${index}`, rung, document, report);
  if (document.catchAllPersonId === '') report('/catchAllPersonId', 'empty');
  if (!isWhole(document.repeat ?? 0, 0, 20)) report('/repeat', 'repeat');
  const { ackTimeoutMs = null, workingHours = null } = document;
  if (ackTimeoutMs !== null && !isWhole(ackTimeoutMs, minuteMs, 7 * dayMs)) report('/ackTimeoutMs', 'ack_timeout');
  if (!isWhole(document.unackGraceMs ?? 0, 0, 5 * minuteMs)) report('/unackGraceMs', 'unack_grace');
  const threshold = document.rePage?.onFiringCountAbove ?? null;
  if (threshold !== null && !isWhole(threshold, 1, Number.MAX_SAFE_INTEGER)) {
    report('/rePage/onFiringCountAbove', 'firing_count');
  }
  if (!isWhole(document.highUrgencyUpTo ?? 0, 0, 4)) report('/highUrgencyUpTo', 'severity');
  if (workingHours !== null) checkHours(workingHours, report);
  return problems;
}

function checkRung(
  pointer: string,
  rung: PolicyDocument['rungs'][number],
  document: PolicyDocument,
  report: Report,
): void {
  const { targets, ackWithinMs, requiredAcks = 1, conditions } = rung;
  if (targets.length === 0) report(`${pointer}/targets`, 'empty');
  if (targets.length > policyLimits.targets) report(`${pointer}/targets`, 'too_many');
  const seen = new Set<string>();
  for (const [index, target] of targets.entries()) {
    const id = idOf(target);
    if (id === '') report(`${pointer}/targets/${index}`, 'empty');
    const name = `${target.kind} ${id}`;
    if (seen.has(name)) report(`${pointer}/targets/${index}`, 'duplicate');
    seen.add(name);
  }
  if (!isWhole(ackWithinMs, 10 * secondMs, dayMs)) report(`${pointer}/ackWithinMs`, 'ack_within');
  if (!isWhole(requiredAcks, 1, policyLimits.requiredAcks)) {
    report(`${pointer}/requiredAcks`, 'required_acks');
  } else if (seen.size > 0 && requiredAcks > seen.size && targets.every((target) => target.kind !== 'schedule')) {
    // A schedule may have several people on call at once; a person or a round robin gives exactly one.
    report(`${pointer}/requiredAcks`, 'more_acks_than_people');
  }
  const severityAtMost = conditions?.severityAtMost ?? null;
  if (severityAtMost !== null && !isWhole(severityAtMost, 1, 4)) {
    report(`${pointer}/conditions/severityAtMost`, 'severity');
  }
  if (conditions?.hours && !document.workingHours) report(`${pointer}/conditions/hours`, 'no_working_hours');
}

const idOf = (target: Target): string => (target.kind === 'person' ? target.personId : target.scheduleId);

function checkHours(hours: WorkingHours, report: Report): void {
  if (!isZone(hours.zone)) report('/workingHours/zone', 'zone');
  if (hours.windows.length === 0) report('/workingHours/windows', 'empty');
  if (hours.windows.length > policyLimits.windows) report('/workingHours/windows', 'too_many');
  for (const [index, { weekdays, fromMinute, toMinute }] of hours.windows.entries()) {
    const pointer = `/workingHours/windows/${index}`;
    if (weekdays.length === 0 || !weekdays.every((day) => isWhole(day, 1, 7))) report(`${pointer}/weekdays`, 'weekday');
    if (!isWhole(fromMinute, 0, 1439) || !isWhole(toMinute, 1, 1440) || toMinute <= fromMinute) {
      report(pointer, 'minutes');
    }
  }
}
