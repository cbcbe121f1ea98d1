import type { IdKind } from '../ids.ts';

/** What an answer may be. Answers are enumerations, numbers and ids; whatever needs words is a note, named by its id. */
export type Field =
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'choices'; readonly of: readonly string[]; readonly atLeast: number; readonly atMost: number }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  /** From 0 to 1, both included. */
  | { readonly kind: 'share' }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'instant' }
  /** One whole number for each of the stages 1, 10, 50 and 100 %. */
  | { readonly kind: 'perStage'; readonly max: number }
  | { readonly kind: 'id'; readonly of: IdKind }
  | { readonly kind: 'idOrNone'; readonly of: IdKind }
  | { readonly kind: 'ids'; readonly of: IdKind; readonly atMost: number }
  /** Language tags such as `en` or `pt-BR`. */
  | { readonly kind: 'languages'; readonly atMost: number };

/** "We do not know" is an honest answer to any question. It is accepted, counts as the worst answer, and blocks. */
export const unknown = 'unknown';
export type Unknown = typeof unknown;

type KnownAnswer<F> = F extends { kind: 'choice'; of: readonly (infer O)[] }
  ? O
  : F extends { kind: 'choices'; of: readonly (infer O)[] }
    ? readonly O[]
    : F extends { kind: 'integer' | 'share' | 'instant' }
      ? number
      : F extends { kind: 'perStage' }
        ? readonly [number, number, number, number]
        : F extends { kind: 'id' | 'idOrNone' }
          ? string
          : readonly string[];

export type Answer<F> = KnownAnswer<F> | Unknown;

export interface Question {
  /** The number under which people know the question. */
  readonly number: number;
  readonly group: 'product' | 'capabilities' | 'users' | 'data' | 'controls' | 'context';
  readonly text: string;
  readonly fields: { readonly [name: string]: Field };
}

export const choice = <const O extends readonly string[]>(...of: O) => ({ kind: 'choice', of }) as const;
export const choices = <const O extends readonly string[]>(...of: O) =>
  ({ kind: 'choices', of, atLeast: 0, atMost: of.length }) as const;
export const integer = (min: number, max: number) => ({ kind: 'integer', min, max }) as const;
export const share = { kind: 'share' } as const;
export const instant = { kind: 'instant' } as const;
export const perStage = { kind: 'perStage', max: 1e12 } as const;
export const id = (of: IdKind) => ({ kind: 'id', of }) as const;
export const idOrNone = (of: IdKind) => ({ kind: 'idOrNone', of }) as const;
export const ids = (of: IdKind, atMost: number) => ({ kind: 'ids', of, atMost }) as const;
export const languages = (atMost: number) => ({ kind: 'languages', atMost }) as const;
