import { exceptionClock, sorted } from './exceptions.ts';
import type { Exceptions } from './exceptions.ts';
import { layerClock } from './layer-clock.ts';
import type { LayerClock } from './layer-clock.ts';
import { globalAdditions, overridden } from './overrides.ts';
import { covers } from './schedule.ts';
import type { PersonId, Schedule, TemporarySchedule } from './schedule.ts';

/**
 * What decided who is on call. `temporary_schedule`: that one, alone. `override`: one or more changed what the layers say,
 * perhaps to nobody. `layer`: the rotation of the layer. `nobody`: no layer has anybody.
 */
export interface Source {
  readonly kind: 'temporary_schedule' | 'override' | 'layer' | 'nobody';
  readonly temporaryScheduleId: string | null;
  /** The layer that shows: the last one that has somebody. */
  readonly layerId: string | null;
  readonly overrideIds: readonly string[];
  /** People who would be on call but for a mark that says they are unavailable. */
  readonly unavailableIds: readonly PersonId[];
}

/** Sorted by id, as shadows are; nobody is in both. */
export interface Roster {
  readonly people: readonly PersonId[];
  readonly shadows: readonly PersonId[];
  readonly source: Source;
}

export interface RosterClock {
  /** Who is on call at an instant; the answer holds at least until `untilAt`. */
  at(at: number): { readonly roster: Roster; readonly untilAt: number };
}

/**
 * Prepares a valid schedule for questions about many instants. Questions in order of time are the cheap ones.
 *
 * Fails with `oncall.zone_unknown`. Only for schedules in which `validateSchedule` finds no problem.
 */
export function rosterClock(schedule: Schedule): RosterClock {
  const fromTop = schedule.layers.map((layer) => layerClock(layer, schedule.zone)).toReversed();
  const exceptionsAt = exceptionClock(schedule);
  const plain = plainRosters();

  return {
    at: (at) => {
      const exceptions = exceptionsAt(at);
      if (exceptions.temporary !== null) return fromTemporary(exceptions.temporary, exceptions, at);
      if (exceptions.areNone) return fromLayers(fromTop, at, exceptions.untilAt, plain);
      return fromExceptions(fromTop, at, exceptions);
    },
  };
}

/** Finds the first layer from the top that has somebody, when nothing but layers speaks. */
function fromLayers(
  fromTop: readonly LayerClock[],
  at: number,
  boundAt: number,
  plain: (layerId: string | null, personId: PersonId | null) => Roster,
): { roster: Roster; untilAt: number } {
  let untilAt = boundAt;
  for (const layer of fromTop) {
    const answer = layer.at(at);
    if (answer.untilAt < untilAt) untilAt = answer.untilAt;
    if (answer.personId !== null) return { roster: plain(layer.layerId, answer.personId), untilAt };
  }
  return { roster: plain(null, null), untilAt };
}

function fromExceptions(
  fromTop: readonly LayerClock[],
  at: number,
  exceptions: Exceptions,
): { roster: Roster; untilAt: number } {
  let untilAt = exceptions.untilAt;
  let layerId: string | null = null;
  const people = new Set<PersonId>();
  const overrideIds = new Set<string>();
  const unavailable = new Set<PersonId>();
  const admit = (personId: PersonId): void => {
    if (exceptions.unavailable.has(personId)) unavailable.add(personId);
    else people.add(personId);
  };

  for (const layer of fromTop) {
    const answer = layer.at(at);
    untilAt = Math.min(untilAt, answer.untilAt);
    const changed = overridden(answer.personId, layer.layerId, exceptions);
    for (const id of changed.overrideIds) overrideIds.add(id);
    for (const personId of changed.people) admit(personId);
    if (people.size > 0) {
      layerId = layer.layerId;
      break;
    }
  }
  for (const addition of globalAdditions(exceptions)) {
    if (people.has(addition.personId)) continue;
    admit(addition.personId);
    overrideIds.add(addition.id);
  }
  const kind = overrideIds.size > 0 ? 'override' : layerId === null ? 'nobody' : 'layer';
  const source = {
    kind,
    temporaryScheduleId: null,
    layerId,
    overrideIds: sorted(overrideIds),
    unavailableIds: sorted(unavailable),
  } as const;
  return { roster: rosterOf(people, exceptions, source), untilAt };
}

function fromTemporary(
  temporary: TemporarySchedule,
  exceptions: Exceptions,
  at: number,
): { roster: Roster; untilAt: number } {
  const named = temporary.shifts.filter((shift) => covers(shift, at)).map((shift) => shift.personId);
  const source = {
    kind: 'temporary_schedule',
    temporaryScheduleId: temporary.id,
    layerId: null,
    overrideIds: [],
    unavailableIds: sorted(named.filter((personId) => exceptions.unavailable.has(personId))),
  } as const;
  const people = named.filter((personId) => !exceptions.unavailable.has(personId));
  return { roster: rosterOf(people, exceptions, source), untilAt: exceptions.untilAt };
}

function rosterOf(people: Iterable<PersonId>, exceptions: Exceptions, source: Source): Roster {
  const onCall = sorted(people);
  const shadows = exceptions.shadows.filter((personId) => !onCall.includes(personId));
  return { people: onCall, shadows, source };
}

/** The rosters of plain turns, each built once: most of a year is made of a few of them. */
function plainRosters(): (layerId: string | null, personId: PersonId | null) => Roster {
  const known = new Map<string | null, Map<PersonId | null, Roster>>();
  return (layerId, personId) => {
    let ofLayer = known.get(layerId);
    if (ofLayer === undefined) known.set(layerId, (ofLayer = new Map()));
    let roster = ofLayer.get(personId);
    if (roster === undefined) {
      const kind = layerId === null ? 'nobody' : 'layer';
      const source = { kind, temporaryScheduleId: null, layerId, overrideIds: [], unavailableIds: [] } as const;
      ofLayer.set(personId, (roster = { people: personId === null ? [] : [personId], shadows: [], source }));
    }
    return roster;
  };
}
