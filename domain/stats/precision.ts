import { wilson } from './wilson.ts';
import type { Interval } from './wilson.ts';

/** A decided case as seen by one detector version that had a signal in it. */
export interface JudgedSignal {
  readonly detectorVersionId: string;
  readonly verdict: 'violation' | 'no_violation';
  /** A drill: its truth was planted. */
  readonly synthetic: boolean;
  /** A golden item: it measures the reviewer, not the detector. */
  readonly golden: boolean;
}

export interface Precision {
  readonly detectorVersionId: string;
  readonly decided: number;
  readonly violations: number;
  /** Null while nothing is decided: an unmeasured detector has no precision, not a precision of 0 or 1. */
  readonly observed: number | null;
  readonly interval: Interval | null;
}

/**
 * The precision of each named detector version: violations among its decided signals, with the Wilson 95 % interval.
 *
 * Drills and golden items never count. Versions are measured apart: a new version inherits nothing. The interval is
 * honest only for signals that were sampled at random or decided without exception; the caller knows which.
 */
export function measurePrecision(
  signals: readonly JudgedSignal[],
  detectorVersionIds: readonly string[],
): readonly Precision[] {
  return detectorVersionIds.map((detectorVersionId) => {
    const counted = signals.filter(
      (signal) => signal.detectorVersionId === detectorVersionId && !signal.synthetic && !signal.golden,
    );
    const decided = counted.length;
    const violations = counted.filter(({ verdict }) => verdict === 'violation').length;
    return {
      detectorVersionId,
      decided,
      violations,
      observed: decided === 0 ? null : violations / decided,
      interval: wilson(violations, decided),
    };
  });
}
