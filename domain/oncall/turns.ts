import { dayMs, hourMs } from '../time.ts';
import type { LocalMs } from './local-time.ts';
import { addMonths, parseClockTime, parseLocalDateTime, startOfDay, weekMs, wholeMonthsBetween } from './local-time.ts';
import type { Layer, PersonId, Rotation, RotationUnit } from './schedule.ts';
import type { WeeklyHours } from './windows.ts';

/** The turns of a rotation on the wall clock: where they change hands, and whose each one is. */
export interface Turns {
  /** The number of the turn that the wall clock is in. */
  indexAt(local: LocalMs): number;
  /** When that turn begins; it ends when the next one begins. */
  startOf(index: number): LocalMs;
  participantOf(index: number): PersonId | null;
}

const unitOf = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month' } as const;
const unitMs = { hour: hourMs, day: dayMs, week: weekMs } as const;

/** The lengths of successive turns in one unit, whichever way the rotation was written. */
export function turnLengths(rotation: Rotation): { readonly unit: RotationUnit; readonly lengths: readonly number[] } {
  if (rotation.kind === 'pattern') return rotation;
  if (rotation.kind === 'custom') return { unit: rotation.unit, lengths: [rotation.every] };
  return { unit: unitOf[rotation.kind], lengths: [1] };
}

/** Compiles the turns of a layer; `hours` are its windows, or null when it is always open. */
export function turnsOf(layer: Layer, hours: WeeklyHours | null): Turns {
  const { unit, lengths } = turnLengths(layer.rotation);
  const start = parseLocalDateTime(layer.start) ?? 0;
  const handOff = layer.handOffTime === undefined ? null : parseClockTime(layer.handOffTime);
  const anchor = handOff === null ? start : startOfDay(start) + handOff;

  // startsAfter[i] is how many units after the pattern's beginning its turn i begins.
  const startsAfter: number[] = [];
  let patternLength = 0;
  for (const length of lengths) {
    startsAfter.push(patternLength);
    patternLength += length;
  }

  const localOf = (units: number): LocalMs =>
    unit === 'month' ? addMonths(anchor, units) : anchor + units * unitMs[unit];
  const unitsAt = (local: LocalMs): number =>
    unit === 'month' ? wholeMonthsBetween(anchor, local) : Math.floor((local - anchor) / unitMs[unit]);

  const startOf = (index: number): LocalMs => {
    const pattern = Math.floor(index / lengths.length);
    return localOf(pattern * patternLength + (startsAfter[index - pattern * lengths.length] ?? 0));
  };
  const indexAt = (local: LocalMs): number => {
    const units = unitsAt(local);
    const pattern = Math.floor(units / patternLength);
    const rest = units - pattern * patternLength;
    let turn = lengths.length - 1;
    while ((startsAfter[turn] ?? 0) > rest) turn -= 1;
    return pattern * lengths.length + turn;
  };

  const countedBefore = unit === 'month' || hours === null ? identity : countTurns(unit);
  // The first turn may be cut short by `start`, and then counts only for what is left of it.
  const secondIndex = indexAt(start) + 1;
  const firstCounts = hours === null || hours.opensWithin(start, startOf(secondIndex));
  const countedBeforeSecond = countedBefore(secondIndex) - (firstCounts ? 1 : 0);

  /**
   * How many turns with open hours lie before this one. The wall clock repeats itself after the least common multiple of
   * pattern and week, so counting one such stretch is enough for all years.
   */
  function countTurns(unit: 'hour' | 'day' | 'week'): (index: number) => number {
    const patternHours = (patternLength * unitMs[unit]) / hourMs;
    const weekHours = weekMs / hourMs;
    const stretch = (weekHours / greatestCommonDivisor(patternHours, weekHours)) * lengths.length;
    const before = [0];
    for (let index = 0; index < stretch; index += 1) {
      const isCounted = hours === null || hours.opensWithin(startOf(index), startOf(index + 1));
      before.push((before[index] ?? 0) + (isCounted ? 1 : 0));
    }
    const inStretch = before[stretch] ?? 0;
    return (index) => {
      const stretches = Math.floor(index / stretch);
      return stretches * inStretch + (before[index - stretches * stretch] ?? 0);
    };
  }

  return {
    indexAt,
    startOf,
    participantOf: (index) => {
      // A turn that is not counted stays with the one before it: nothing changes hands while the layer is closed.
      const place = Math.max(0, countedBefore(index + 1) - countedBeforeSecond - 1);
      return layer.participants[place % layer.participants.length] ?? null;
    },
  };
}

const identity = (index: number): number => index;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
