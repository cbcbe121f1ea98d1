import type { ErrorCode } from '../errors.ts';
import { overlap } from './schedule.ts';
import type { Override, OverrideDraft, PersonId } from './schedule.ts';

/** The overrides in force at one moment, split by what they concern. */
export interface ActiveOverrides {
  readonly ofLayer: ReadonlyMap<string, readonly Override[]>;
  readonly global: readonly Override[];
}

export interface Overridden {
  readonly people: readonly PersonId[];
  /** The overrides that apply. */
  readonly overrideIds: readonly string[];
}

/**
 * Lays the overrides over whom a layer has by itself.
 *
 * The person of the turn is exchanged once: A→B and B→C give B for a turn of A, whatever the order, and A↔B swaps. An
 * override for the layer beats one for the whole schedule about the same person. Additions for the whole schedule are
 * not part of a layer: see `globalAdditions`.
 */
export function overridden(personId: PersonId | null, layerId: string, active: ActiveOverrides): Overridden {
  const scoped = active.ofLayer.get(layerId) ?? [];
  const people: PersonId[] = [];
  const overrideIds: string[] = [];
  if (personId !== null) {
    const isAbout = (override: Override): boolean => override.personId === personId;
    const decisive =
      scoped.find(isAbout) ?? active.global.find((override) => isAbout(override) && override.kind !== 'add');
    if (decisive === undefined || decisive.kind === 'add') people.push(personId);
    else {
      overrideIds.push(decisive.id);
      if (decisive.kind === 'replace') people.push(decisive.byPersonId);
    }
  }
  for (const override of scoped) {
    if (override.kind !== 'add' || people.includes(override.personId)) continue;
    people.push(override.personId);
    overrideIds.push(override.id);
  }
  return { people, overrideIds };
}

export const globalAdditions = (active: ActiveOverrides): readonly Override[] =>
  active.global.filter((override) => override.kind === 'add');

/**
 * Whether a new override may stand beside those that exist: never a person for themselves, and never two statements about
 * the same person with the same scope at the same time. Null when it may.
 */
export function overrideRefusal(
  existing: readonly Override[],
  candidate: OverrideDraft,
): { readonly code: ErrorCode; readonly overrideId: string | null } | null {
  if (candidate.kind === 'replace' && candidate.personId === candidate.byPersonId) {
    return { code: 'oncall.override_self', overrideId: null };
  }
  const rival = existing.find(
    (override) =>
      override.personId === candidate.personId &&
      override.layerId === candidate.layerId &&
      overlap(override, candidate),
  );
  return rival === undefined ? null : { code: 'oncall.override_conflict', overrideId: rival.id };
}
