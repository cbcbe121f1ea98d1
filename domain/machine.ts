import type { Json } from './json.ts';
import type { ErrorCode } from './errors.ts';

/**
 * What a transition led to.
 *
 * - `moved`: a new state whose `version` is exactly one higher, the effects to carry out because of it, and the answer
 *   for the person or service who asked.
 * - `noted`: the same version, differing only in what the machine keeps for itself, such as until when it may sleep or what
 *   it is asking for. Never recorded: the next version shows it, and until then the workflow's own history brings it back.
 * - `ignored`: a fact that came too late or changes nothing (a timer of a closed aggregate, a repeated result). Never
 *   an answer to a person.
 * - `refused`: a request that the rules forbid, with the reason as a code of the error table and what the asker should know.
 */
export type Step<S, F> =
  | {
      readonly outcome: 'moved';
      readonly state: S;
      readonly effects: readonly F[];
      readonly answer?: { readonly [key: string]: Json };
    }
  | { readonly outcome: 'noted'; readonly state: S; readonly effects: readonly F[] }
  | { readonly outcome: 'ignored' }
  | Refusal;

export interface Refusal {
  readonly outcome: 'refused';
  readonly code: ErrorCode;
  readonly detail?: { readonly [key: string]: Json };
}

/** Every state counts its transitions; version 0 exists only before the first event. */
export interface Versioned {
  readonly version: number;
}

/** An effect names itself: the key is unique within its aggregate for ever and is the idempotency key of the call. */
export interface Keyed {
  readonly key: string;
  readonly type: string;
  /** What it opens or resolves: effects that name the same matter are carried out one after the other. */
  readonly dedupKey?: string;
}

/**
 * An aggregate's rules as pure functions: no I/O, no clock, no randomness. Time comes in as `now`, milliseconds since
 * the epoch.
 *
 * `nextDue` is the moment at which a `{ type: 'due' }` event must be applied, or null when only messages can move the
 * aggregate. A `due` event before that moment is ignored. `isFinal` states refuse or ignore every event.
 */
export interface Machine<S extends Versioned, E extends { readonly type: string }, F extends Keyed> {
  transition(state: S, event: E, now: number): Step<S, F>;
  nextDue(state: S): number | null;
  isFinal(state: S): boolean;
}

export const ignored = { outcome: 'ignored' } as const;

export const refused = (code: ErrorCode, detail?: { readonly [key: string]: Json }): Refusal =>
  detail === undefined ? { outcome: 'refused', code } : { outcome: 'refused', code, detail };

/** Builds the next state: the change laid over the old state, the version raised by one. */
export function moved<S extends Versioned, F>(
  state: S,
  change: Partial<Omit<S, 'version'>>,
  effects: readonly F[] = [],
  answer?: { readonly [key: string]: Json },
): Step<S, F> {
  const next = { ...state, ...change, version: state.version + 1 };
  return answer === undefined
    ? { outcome: 'moved', state: next, effects }
    : { outcome: 'moved', state: next, effects, answer };
}

/** Lays a change over the state without a new version, for what nobody is to be told of. */
export const noted = <S extends Versioned, F>(
  state: S,
  change: Partial<Omit<S, 'version'>>,
  effects: readonly F[] = [],
): Step<S, F> => ({ outcome: 'noted', state: { ...state, ...change }, effects });
