/** How a detector decides: rules as data, SQL over the event store, or a scoring service over HTTP. */
export const detectorKinds = ['rules', 'sql', 'http'] as const;
export type DetectorKind = (typeof detectorKinds)[number];

/** From idea (M0) to standing order (M5). Only measured gates and a person raise it. */
export const maturities = ['M0', 'M1', 'M2', 'M3', 'M4', 'M5'] as const;
export type Maturity = (typeof maturities)[number];

/**
 * What a detector's hits may do.
 *
 * - `off`: it does not run on live traffic.
 * - `shadow`: it runs, its hits are measured and reach nobody.
 * - `assisted`: its hits feed the review queue.
 * - `live`: its hits feed the review queue and may page.
 */
export type DetectorMode = 'off' | 'shadow' | 'assisted' | 'live';

const modes: Record<Maturity, DetectorMode> = {
  M0: 'off',
  M1: 'off',
  M2: 'shadow',
  M3: 'assisted',
  M4: 'live',
  M5: 'live',
};

/** The mode follows from the maturity and from nothing else: there is no switch that makes an unmeasured detector live. */
export const modeOf = (maturity: Maturity): DetectorMode => modes[maturity];

/** One thing that a detector version found, whatever its kind. `eventId` is null when it found an account over a window. */
export interface Hit {
  readonly eventId: string | null;
  readonly accountRef: string;
  /** 0 to 1, both included. */
  readonly score: number;
  readonly occurredAt: number;
}

/**
 * The start of the window that an instant falls into. Windows are aligned to the epoch, so that two sweeps with
 * different cursors name the same window and one account gives one signal per window.
 *
 * Fails with a RangeError when `windowMs` is not a whole number of milliseconds above zero.
 */
export function windowStart(at: number, windowMs: number): number {
  if (!Number.isSafeInteger(windowMs) || windowMs <= 0) throw new RangeError('windowMs must be a whole number above 0');
  return Math.floor(at / windowMs) * windowMs;
}

/**
 * The natural key of the signal that a hit becomes: the same event, or the same account in the same aligned window,
 * found again by the same detector version is the same signal. Two different hits never share a key, whatever
 * characters their ids hold.
 */
export function signalKey(detectorVersionId: string, hit: Hit, windowMs: number): string {
  const scope = hit.eventId === null ? ['window', windowStart(hit.occurredAt, windowMs)] : ['event', hit.eventId];
  return JSON.stringify([detectorVersionId, hit.accountRef, ...scope]);
}
