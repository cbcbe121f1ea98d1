import { holds, isPerson } from '../../actor.ts';
import { refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import type { LaunchEffect, LaunchRequest } from '../events.ts';
import { stepTo } from '../change.ts';
import type { Intake } from '../intake.ts';
import type { Launch } from '../launch.ts';
import type { TierBasis } from '../launch-parts.ts';
import { scopeOf } from '../requirements.ts';
import { actRefusal, launchRoles } from '../roles.ts';
import { startRuns } from '../runs.ts';
import { computeTier, stricter } from '../tier.ts';
import type { Tier } from '../tier.ts';

type SetTier = Extract<LaunchRequest, { type: 'setTier' }>;

/** Who must agree to a lower tier: one person each. */
const lowerers = ['policy', 'protection_scientist'] as const;

/** New answers keep a raise and end a lowering: two people agreed to lower what the old answers said. */
export function basisOf(before: TierBasis | null, intake: Intake): TierBasis {
  const computed = computeTier(intake);
  if (before === null) return { computed, change: null, proposal: null };
  if (JSON.stringify(before.computed) === JSON.stringify(computed)) return before;
  return { computed, change: before.change?.kind === 'raised' ? before.change : null, proposal: null };
}

/** The tier that counts: computed, unless people changed it. */
export function tierOf({ computed, change }: TierBasis): Tier {
  if (change === null) return computed.tier;
  return change.kind === 'raised' ? stricter(change.to, computed.tier) : change.to;
}

/** Raises the tier at once; lowers it when policy and protection science, two people, have both asked for it. */
export function setTier(launch: Launch, event: SetTier, now: number): Step<Launch, LaunchEffect> {
  const { to, by } = event;
  const refusal = actRefusal(by, launchRoles);
  if (refusal !== null) return refusal;
  const { tier, tierBasis } = launch;
  if (tier === null || tierBasis === null) return refused('launch.intake_missing');
  if (to === tier) return refused('launch.tier_unchanged', { tier });
  if (stricter(to, tier) === to) return changeTier(launch, tierBasis, [by.id], event, now);
  const { floor } = tierBasis.computed;
  if (stricter(to, floor) !== to) return refused('launch.tier_floor', { floor });
  const first = tierBasis.proposal?.to === to ? tierBasis.proposal : null;
  if (first?.personId === by.id) return refused('launch.same_person');
  const wanted = lowerers.filter((role) => role !== first?.role);
  const role = isPerson(by) ? wanted.find((wish) => holds(by, wish)) : undefined;
  if (role === undefined) return refused('launch.role_required', { roles: wanted });
  if (first !== null) return changeTier(launch, tierBasis, [first.personId, by.id], event, now);
  const proposed: Launch = { ...launch, tierBasis: { ...tierBasis, proposal: { to, role, personId: by.id } } };
  return stepTo(launch, proposed, [], { tier, proposed: to });
}

function changeTier(
  launch: Launch,
  basis: TierBasis,
  by: readonly string[],
  { to, noteId }: SetTier,
  now: number,
): Step<Launch, LaunchEffect> {
  const { intake } = launch;
  if (intake === null) return refused('launch.intake_missing');
  const kind = stricter(to, basis.computed.tier) === to ? 'raised' : 'lowered';
  const changed: Launch = {
    ...launch,
    tierBasis: { ...basis, change: { to, kind, by, noteId, at: now }, proposal: null },
  };
  const run = startRuns({ ...changed, ...scopeOf(changed, intake, to, now), tier: to }, now);
  return stepTo(launch, run.launch, run.effects, { tier: to });
}
