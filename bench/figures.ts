import type { Measured } from './load.ts';

/** One measured number, with the goal that it is held to. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | '/s' | '';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** How late people are paged while so many ladders are live. */
export interface Level {
  readonly live: number;
  /** From the accepted alert to the first page. */
  readonly firstPage: Measured;
  /** From the moment at which the second rung was due to its page. */
  readonly nextRung: Measured;
}

export interface Report {
  readonly figures: readonly Figure[];
  /** What the picture of lateness is drawn from. */
  readonly levels?: readonly Level[];
  /** What a reader must know to take the figures for what they are. */
  readonly notes?: readonly string[];
}

export const isMet = ({ value, atMost = Infinity, atLeast = -Infinity }: Figure): boolean =>
  value <= atMost && value >= atLeast;

/** p50, p99 and errors of what was timed, each under a name of its own. */
export function figuresOf(
  what: string,
  measured: Measured,
  goals: { readonly p50?: number; readonly p99?: number } = {},
) {
  const timed = (name: string, value: number, atMost: number | undefined): Figure => ({
    what: `${what}: ${name}`,
    value,
    unit: 'ms',
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    timed('p50', measured.p50Ms, goals.p50),
    timed('p99', measured.p99Ms, goals.p99),
    timed('longest', measured.maxMs, undefined),
    { what: `${what}: failed, of ${measured.count + measured.errors}`, value: measured.errors, unit: '', atMost: 0 },
  ] satisfies Figure[];
}

/** The figures as lines of a table: what, value, goal, and whether it was met. */
export function linesOf(name: string, { figures, notes = [] }: Report): string[] {
  return [
    name,
    ...figures.map((figure) => {
      const goal =
        figure.atMost === undefined
          ? figure.atLeast === undefined
            ? ''
            : `≥ ${figure.atLeast}`
          : `≤ ${figure.atMost}`;
      const verdict = goal === '' ? '' : isMet(figure) ? 'met' : 'MISSED';
      return `  ${figure.what.padEnd(72)} ${String(figure.value).padStart(9)} ${figure.unit.padEnd(2)}  ${goal.padEnd(9)} ${verdict}`;
    }),
    ...notes.map((note) => `  (${note})`),
  ];
}
