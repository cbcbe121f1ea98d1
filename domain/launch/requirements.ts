import { dayMs, hourMs } from '../time.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { Capability } from './capabilities.ts';
import { applies, catalogueOf } from './catalogue.ts';
import type { Requirement } from './catalogue.ts';
import { dutiesByTier } from './duties.ts';
import { unknown } from './intake-fields.ts';
import type { Intake } from './intake.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';
import type { Tier } from './tier.ts';
import { addWorkingDays } from './working-days.ts';

/** When owners are reminded, counted from the due date; the last one reaches the deputy as well. */
const reminderOffsetsMs = [-7 * dayMs, -dayMs, 0, 48 * hourMs] as const;
export const requirementReminders = ['due_in_7_days', 'due_in_1_day', 'due', 'overdue'] as const;

/** The instant of the next reminder, or null when there is none. */
export const nextReminderAt = ({ dueAt, reminded }: RequirementState): number | null => {
  const offsetMs = reminderOffsetsMs[reminded];
  return dueAt === null || offsetMs === undefined ? null : dueAt + offsetMs;
};

/** How many reminders lie at or before `now`: what is past is not sent one by one afterwards. */
export const remindersPast = (dueAt: number | null, now: number): number =>
  dueAt === null ? 0 : reminderOffsetsMs.filter((offsetMs) => dueAt + offsetMs <= now).length;

const untouched: Omit<RequirementState, 'dueAt' | 'reminded'> = {
  revision: 0,
  runKey: null,
  refreshAt: null,
  result: null,
  evidence: null,
  signOff: null,
  notApplicable: null,
  waiverRequest: null,
  waiver: null,
  waiversGiven: 0,
};

/** The planned date of the 1 % stage, or null while it is unknown. */
export const plannedAt = (intake: Intake): number | null =>
  intake.dates.onePercentAt === unknown ? null : intake.dates.onePercentAt;

/**
 * When a requirement is due: the catalogue's days or the tier's lead time before the 1 % stage, whichever is shorter.
 * A date that is past already becomes the next working day, so that a compressed launch still gives everyone one, but
 * never later than the launch itself.
 */
function dueAtOf(requirement: Requirement, tier: Tier, launchAt: number, now: number): number {
  const leadStartAt = addWorkingDays(launchAt, -dutiesByTier[tier].leadWorkingDays);
  const listedAt = Math.max(launchAt - requirement.dueDays * dayMs, leadStartAt);
  return listedAt > now ? listedAt : Math.max(listedAt, Math.min(addWorkingDays(now, 1), launchAt));
}

/** True when the intake was complete too late for the lead time of the tier. Unknown dates compress nothing yet. */
function isCompressed(intake: Intake, tier: Tier, completeAt: number): boolean {
  const launchAt = plannedAt(intake);
  return launchAt !== null && completeAt > addWorkingDays(launchAt, -dutiesByTier[tier].leadWorkingDays);
}

/** The requirements of the catalogue that apply to the launch, in the order of the catalogue. */
export const requirementsOf = (
  launch: Pick<Launch, 'catalogueVersion' | 'capabilities' | 'intake'>,
): readonly Requirement[] =>
  launch.intake === null
    ? []
    : catalogueOf(launch.catalogueVersion).filter((requirement) => applies(requirement, launch.capabilities));

/** The requirement and its state, or null when the launch has none of that id. */
export function findRequirement(
  launch: Launch,
  requirementId: string,
): { readonly requirement: Requirement; readonly state: RequirementState } | null {
  const state = Object.hasOwn(launch.requirements, requirementId) ? launch.requirements[requirementId] : undefined;
  if (state === undefined) return null;
  const requirement = catalogueOf(launch.catalogueVersion).find(({ id }) => id === requirementId);
  return requirement === undefined ? null : { requirement, state };
}

type Scope = Pick<Launch, 'capabilities' | 'compressed' | 'requirements'>;

/**
 * The requirements for these answers in this tier. What a requirement holds already stays with it; its due date follows
 * the answers. A claim that something does not apply ends when the capabilities change: it was made about others.
 */
export function scopeOf(launch: Launch, intake: Intake, tier: Tier, now: number): Scope {
  const capabilities = capabilitiesOf(intake);
  const sameCapabilities = equal(capabilities, launch.capabilities);
  const launchAt = plannedAt(intake);
  const sameDates = launch.intake !== null && plannedAt(launch.intake) === launchAt && launch.tier === tier;
  const entries = requirementsOf({ catalogueVersion: launch.catalogueVersion, capabilities, intake }).map(
    (requirement) => {
      const before = launch.requirements[requirement.id];
      const kept = before === undefined || sameCapabilities ? before : { ...before, notApplicable: null };
      if (kept !== undefined && sameDates) return [requirement.id, kept] as const;
      const dueAt = launchAt === null ? null : dueAtOf(requirement, tier, launchAt, now);
      return [requirement.id, { ...untouched, ...kept, dueAt, reminded: remindersPast(dueAt, now) }] as const;
    },
  );
  return {
    capabilities,
    compressed: isCompressed(intake, tier, launch.intakeCompleteAt ?? now),
    requirements: Object.fromEntries(entries),
  };
}

const equal = (a: readonly Capability[], b: readonly Capability[]): boolean =>
  a.length === b.length && a.every((entry, index) => entry === b[index]);
