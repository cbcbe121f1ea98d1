import { ignored } from '../machine.ts';
import type { Step } from '../machine.ts';
import { isBlocking } from './catalogue.ts';
import type { Requirement } from './catalogue.ts';
import { checkState, findings } from './check.ts';
import { stepTo, withState } from './change.ts';
import { effectKey, page, remind, startRun } from './effects.ts';
import type { LaunchEffect } from './events.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';
import { findRequirement, remindersPast, requirementReminders } from './requirements.ts';
import { timersOf } from './timers.ts';
import type { Timer } from './timers.ts';
import { waiverReminders, waiverRemindersPast } from './waivers.ts';

interface Change {
  readonly launch: Launch;
  readonly effects: readonly LaunchEffect[];
}

/** Does everything whose time has come. Several reminders that are late are sent as one, the latest. */
export function due(launch: Launch, now: number): Step<Launch, LaunchEffect> {
  const timers = timersOf(launch).filter(({ at }) => at <= now);
  if (timers.length === 0) return ignored;
  const effects: LaunchEffect[] = [];
  let current = launch;
  for (const timer of timers) {
    const change = apply(current, timer, now);
    current = change.launch;
    effects.push(...change.effects);
  }
  return stepTo(launch, current, effects);
}

function apply(launch: Launch, timer: Timer, now: number): Change {
  if (timer.kind === 'soak') return startAnalysis(launch, now);
  if (timer.kind === 'condition') {
    const conditions = launch.conditions.map((condition) =>
      condition.id === timer.conditionId ? { ...condition, told: true } : condition,
    );
    const condition = conditions.find(({ id }) => id === timer.conditionId);
    const effects = condition === undefined ? [] : [remind(launch, condition.role, 'condition_due', condition.id)];
    return { launch: { ...launch, conditions }, effects };
  }
  const found = findRequirement(launch, timer.requirementId);
  if (found === null) return { launch, effects: [] };
  const { requirement, state } = found;
  const to = (change: Partial<RequirementState>, effects: readonly (LaunchEffect | null)[] = []): Change => ({
    launch: withState(launch, requirement.id, { ...state, ...change }),
    effects: effects.filter((effect) => effect !== null),
  });
  switch (timer.kind) {
    case 'reminder': {
      const reminded = remindersPast(state.dueAt, now);
      const reminder = requirementReminders[reminded - 1] ?? 'due';
      const isOpen = isUnfulfilled(launch, requirement, state, now);
      return to({ reminded }, [isOpen ? remind(launch, requirement.owner, reminder, requirement.id) : null]);
    }
    case 'evidence_end': {
      if (state.evidence === null) return to({});
      const evidence = { ...state.evidence, expiryTold: true };
      return to({ evidence }, [remind(launch, requirement.owner, 'evidence_stale', requirement.id)]);
    }
    case 'result_end': {
      if (state.result === null) return to({});
      const isStale = findings(requirement, state, launch.tier ?? 'T0', now).some(
        (finding) => finding.part === 'probe' && finding.state === 'stale',
      );
      const told = isStale ? remind(launch, requirement.owner, 'result_stale', requirement.id) : null;
      return to({ result: { ...state.result, expiryTold: true } }, [told]);
    }
    case 'refresh': {
      const run = startRun(launch, requirement, state, now);
      return run === null ? to({ refreshAt: null }) : to(run.state, [run.effect]);
    }
    case 'waiver':
      return waiverTimer(launch, requirement, state, to, now);
    default:
      return timer satisfies never;
  }
}

/** Reminds, and at the end takes the waiver away: the requirement blocks again and its owner is paged. */
function waiverTimer(
  launch: Launch,
  requirement: Requirement,
  { waiver }: RequirementState,
  to: (change: Partial<RequirementState>, effects?: readonly LaunchEffect[]) => Change,
  now: number,
): Change {
  if (waiver === null) return to({});
  if (waiver.expiresAt <= now) {
    return to({ waiver: null }, [page(launch, requirement.owner, 'waiver_expired', waiver.waiverId)]);
  }
  const reminded = waiverRemindersPast(waiver.expiresAt, now);
  const reminder = waiverReminders[reminded - 1] ?? 'waiver_ends_in_1_day';
  return to({ waiver: { ...waiver, reminded } }, [remind(launch, requirement.owner, reminder, waiver.waiverId)]);
}

function isUnfulfilled(launch: Launch, requirement: Requirement, state: RequirementState, now: number): boolean {
  if (launch.tier === null || !isBlocking(requirement, launch.tier)) return false;
  const shown = checkState(requirement, state, launch.tier, now);
  return shown !== 'pass' && shown !== 'not_applicable' && shown !== 'waived';
}

function startAnalysis(launch: Launch, now: number): Change {
  const { stage } = launch;
  if (stage === null) return { launch, effects: [] };
  const key = effectKey(launch, 'analyseStage', `${stage.percent}`);
  return {
    launch: { ...launch, stage: { ...stage, analysisKey: key } },
    effects: [{ type: 'analyseStage', key, percent: stage.percent, fromAt: stage.openedAt, toAt: now }],
  };
}
