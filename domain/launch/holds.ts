import { page } from './effects.ts';
import type { LaunchEffect } from './events.ts';
import type { Launch } from './launch.ts';
import type { Hold, HoldReason } from './launch-parts.ts';

export interface Holding {
  readonly reason: HoldReason;
  /** Null when the machine holds. */
  readonly heldBy: string | null;
  readonly refId: string | null;
  readonly noteId: string | null;
}

/**
 * Lays a hold over the launch, or adds to the one with this reason. Anyone may cause it, the machine too; the owner is
 * paged when the reason is new, and for a severity-1 case protection science as well. Only a person's release ends it.
 */
export function withHold(launch: Launch, holding: Holding, now: number): { launch: Launch; effects: LaunchEffect[] } {
  const { reason, heldBy, refId, noteId } = holding;
  const before = launch.holds[reason];
  const hold: Hold = {
    at: before?.at ?? now,
    heldBy: before?.heldBy ?? heldBy,
    count: (before?.count ?? 0) + 1,
    refId,
    noteId,
  };
  const effects: LaunchEffect[] = [];
  if (before === undefined) {
    effects.push(page(launch, 'launch_owner', reason, refId));
    if (reason === 'severity_1_case') effects.push(page(launch, 'protection_scientist', reason, refId));
  }
  return {
    launch: { ...launch, holds: { ...launch.holds, [reason]: hold }, heldSinceAt: launch.heldSinceAt ?? now },
    effects,
  };
}

/**
 * Takes one reason away. With the last one the hold ends, and the soak goes on where it stood: time on hold is not time
 * at the stage.
 */
export function withoutHold(launch: Launch, reason: HoldReason, now: number): Launch {
  const { [reason]: _, ...holds } = launch.holds;
  if (Object.keys(holds).length > 0 || launch.heldSinceAt === null) return { ...launch, holds };
  const { stage, heldSinceAt } = launch;
  const stoodMs = now - Math.max(heldSinceAt, stage?.openedAt ?? 0);
  const paused = stage !== null && stage.soakEndsAt > heldSinceAt;
  return {
    ...launch,
    holds,
    heldSinceAt: null,
    stage: paused ? { ...stage, soakEndsAt: stage.soakEndsAt + stoodMs } : stage,
  };
}
