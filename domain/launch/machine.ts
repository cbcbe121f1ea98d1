import { isPerson } from '../actor.ts';
import { ignored, refused } from '../machine.ts';
import type { Machine, Step } from '../machine.ts';
import { attachEvidence, checkCompleted, reportCheck, runChecks } from './acts/checks.ts';
import { abort, caseLinked, detectorDegraded, hold, release } from './acts/hold.ts';
import { answerIntake, assignRole } from './acts/intake.ts';
import { approveNotApplicable, refuseNotApplicable, requestNotApplicable } from './acts/not-applicable.ts';
import { meetCondition, overruleObjection, signOff, signRequirement } from './acts/sign-off.ts';
import { advanceStage, stageAnalysed } from './acts/stage.ts';
import { setTier } from './acts/tier.ts';
import { approveWaiver, refuseWaiver, requestWaiver, revokeWaiver } from './acts/waiver.ts';
import { due } from './due.ts';
import type { LaunchEffect, LaunchEvent } from './events.ts';
import { revise } from './evidence-set.ts';
import { isClosed } from './launch.ts';
import type { Launch } from './launch.ts';
import { timersOf } from './timers.ts';

/**
 * A launch from intake to sustained or aborted.
 *
 * People answer, supply, sign, waive and advance; the machine measures, reminds, holds and lets things expire. It never
 * opens a stage, never releases a hold and never ends a launch: those are decisions, and each names its person in the
 * state. After the end requests are refused with `launch.closed` and everything else is ignored.
 */
export const launchMachine: Machine<Launch, LaunchEvent, LaunchEffect> = {
  transition(launch, event, now) {
    if (isClosed(launch)) return 'by' in event && isPerson(event.by) ? refused('launch.closed') : ignored;
    const step = dispatch(launch, event, now);
    if (step.outcome !== 'moved') return step;
    const touched = 'by' in event && isPerson(event.by) ? { ...step.state, lastPersonAt: now } : step.state;
    return { ...step, state: revise(launch, touched) };
  },
  nextDue: (launch) =>
    timersOf(launch).reduce<number | null>((first, { at }) => (first === null || at < first ? at : first), null),
  isFinal: isClosed,
};

function dispatch(launch: Launch, event: LaunchEvent, now: number): Step<Launch, LaunchEffect> {
  switch (event.type) {
    case 'opened':
      return launch.version === 0 ? { outcome: 'moved', state: { ...launch, version: 1 }, effects: [] } : ignored;
    case 'due':
      return due(launch, now);
    case 'answerIntake':
      return answerIntake(launch, event, now);
    case 'assignRole':
      return assignRole(launch, event);
    case 'setTier':
      return setTier(launch, event, now);
    case 'attachEvidence':
      return attachEvidence(launch, event, now);
    case 'reportCheck':
      return reportCheck(launch, event, now);
    case 'runChecks':
      return runChecks(launch, event, now);
    case 'checkCompleted':
      return checkCompleted(launch, event, now);
    case 'signRequirement':
      return signRequirement(launch, event, now);
    case 'signOff':
      return signOff(launch, event, now);
    case 'meetCondition':
      return meetCondition(launch, event);
    case 'overruleObjection':
      return overruleObjection(launch, event, now);
    case 'requestWaiver':
      return requestWaiver(launch, event, now);
    case 'approveWaiver':
      return approveWaiver(launch, event, now);
    case 'refuseWaiver':
      return refuseWaiver(launch, event);
    case 'revokeWaiver':
      return revokeWaiver(launch, event, now);
    case 'requestNotApplicable':
      return requestNotApplicable(launch, event, now);
    case 'approveNotApplicable':
      return approveNotApplicable(launch, event, now);
    case 'refuseNotApplicable':
      return refuseNotApplicable(launch, event);
    case 'advanceStage':
      return advanceStage(launch, event, now);
    case 'stageAnalysed':
      return stageAnalysed(launch, event, now);
    case 'hold':
      return hold(launch, event, now);
    case 'caseLinked':
      return caseLinked(launch, event, now);
    case 'detectorDegraded':
      return detectorDegraded(launch, event, now);
    case 'release':
      return release(launch, event, now);
    case 'abort':
      return abort(launch, event, now);
    default:
      return event satisfies never;
  }
}
