import { parseLocalDateTime } from './local-time.ts';
import type { Layer, PersonId } from './schedule.ts';
import { turnsOf } from './turns.ts';
import { weeklyHours } from './windows.ts';
import { zoneClock } from './zone-clock.ts';

/** Whom a layer has by its rotation and windows alone. */
interface LayerAnswer {
  readonly personId: PersonId | null;
  /** The answer holds at least until here. */
  readonly untilAt: number;
}

export interface LayerClock {
  readonly layerId: string;
  at(at: number): LayerAnswer;
}

/**
 * Compiles a layer. A turn hands over at the first occurrence of an ambiguous clock time and, where a clock time is
 * skipped, at the first instant after the gap; a turn that is skipped whole is nobody's. So turns never leave a hole and
 * never overlap.
 */
export function layerClock(layer: Layer, scheduleZone: string): LayerClock {
  const clock = zoneClock(layer.zone ?? scheduleZone);
  const hours = layer.windows === undefined ? null : weeklyHours(layer.windows, clock);
  const turns = turnsOf(layer, hours);
  const startAt = clock.firstAt(parseLocalDateTime(layer.start) ?? 0);
  const end = layer.end === undefined ? null : parseLocalDateTime(layer.end);
  const endAt = end === null ? Infinity : clock.firstAt(end);

  const answer = (at: number): LayerAnswer => {
    if (at < startAt) return { personId: null, untilAt: startAt };
    if (at >= endAt) return { personId: null, untilAt: Infinity };
    const open = hours === null ? always : hours.at(at);
    if (!open.isOpen) return { personId: null, untilAt: Math.min(open.untilAt, endAt) };

    let index = turns.indexAt(clock.localAt(at));
    let nextAt = clock.firstAt(turns.startOf(index + 1));
    // In a repeated hour the clock shows less than it has already shown, and what was handed over stays so.
    while (nextAt <= at) {
      index += 1;
      nextAt = clock.firstAt(turns.startOf(index + 1));
    }
    return { personId: turns.participantOf(index), untilAt: Math.min(open.untilAt, nextAt, endAt) };
  };

  let known: LayerAnswer = { personId: null, untilAt: -Infinity };
  let knownFrom = Infinity;
  return {
    layerId: layer.id,
    at: (at) => {
      if (at < knownFrom || at >= known.untilAt) {
        known = answer(at);
        knownFrom = at;
      }
      return known;
    },
  };
}

const always = { isOpen: true, untilAt: Infinity } as const;
