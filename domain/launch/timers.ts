import { dayMs } from '../time.ts';
import { isBlocking } from './catalogue.ts';
import { endsAt } from './check.ts';
import { isClosed, isHeld } from './launch.ts';
import type { Launch } from './launch.ts';
import { nextReminderAt, requirementsOf } from './requirements.ts';
import { nextWaiverAt } from './waivers.ts';

/** Something that happens by itself when its time has come. */
export type Timer = { readonly at: number } & (
  | { readonly kind: 'reminder' | 'evidence_end' | 'result_end' | 'refresh' | 'waiver'; readonly requirementId: string }
  | { readonly kind: 'condition'; readonly conditionId: string }
  | { readonly kind: 'soak' }
);

/**
 * How long Vigil goes on measuring a launch that no person touches, counted from the end of the open stage's soak if
 * that is later. A forgotten launch then stops costing anything and its results go stale.
 */
const attendedMs = 14 * dayMs;

/** Every timer that the launch waits for. Handling one takes it away or moves it into the future. */
export function timersOf(launch: Launch): readonly Timer[] {
  const { tier, stage } = launch;
  if (isClosed(launch) || tier === null) return [];
  const timers: Timer[] = [];
  const attendedUntilAt = Math.max(launch.lastPersonAt, stage?.soakEndsAt ?? 0) + attendedMs;
  for (const requirement of requirementsOf(launch)) {
    const state = launch.requirements[requirement.id];
    if (state === undefined) continue;
    const add = (kind: Extract<Timer, { requirementId: string }>['kind'], at: number | null) => {
      if (at !== null) timers.push({ kind, at, requirementId: requirement.id });
    };
    const ends = endsAt(requirement, state, tier);
    if (isBlocking(requirement, tier)) add('reminder', nextReminderAt(state));
    if (state.evidence !== null && !state.evidence.expiryTold) add('evidence_end', ends.evidence);
    if (state.result !== null && !state.result.expiryTold) add('result_end', ends.probe);
    if (state.refreshAt !== null && state.refreshAt <= attendedUntilAt) add('refresh', state.refreshAt);
    if (state.waiver !== null) add('waiver', nextWaiverAt(state.waiver));
  }
  for (const condition of launch.conditions) {
    if (!condition.told) timers.push({ kind: 'condition', at: condition.dueAt, conditionId: condition.id });
  }
  if (stage !== null && !isHeld(launch) && stage.analysisKey === null)
    timers.push({ kind: 'soak', at: stage.soakEndsAt });
  return timers;
}
