import type { Io } from './io.ts';
import { clean, displayWidth, fit, pad } from './text.ts';

export type Style = 'good' | 'warn' | 'bad' | 'bold' | 'dim';
const codes: Readonly<Record<Style, number>> = { good: 32, warn: 33, bad: 31, bold: 1, dim: 2 };

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | boolean | null | undefined;
  readonly style?: (row: T) => Style | null;
}

export interface Output {
  readonly isJson: boolean;
  /** The result of a command: JSON with --json, else what `text` makes of it. */
  readonly show: <T>(value: T, text: (value: T) => string) => void;
  /** A list as a table; `empty` is said when there is nothing in it. */
  readonly table: <T>(rows: readonly T[], columns: readonly Column<T>[], empty: string) => string;
  /** Names and values, aligned. A value that is undefined is left out. */
  readonly fields: (pairs: readonly (readonly [name: string, value: Shown | undefined])[]) => string;
  readonly paint: (style: Style | null, text: string) => string;
  /** Said beside the result: never mixed into the JSON. */
  readonly remark: (text: string) => void;
}

type Shown = string | number | boolean | null;

const gap = '  ';

/** How results are printed. Colours only for a person at a terminal who has not set NO_COLOR. */
export function createOutput(io: Io, isJson: boolean): Output {
  const { NO_COLOR, TERM } = io.environment;
  const hasColours = io.columns !== null && !NO_COLOR && TERM !== 'dumb' && !isJson;
  const paint = (style: Style | null, text: string) =>
    style && hasColours ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;

  const table: Output['table'] = (rows, columns, empty) => {
    if (rows.length === 0) return empty;
    const cells = rows.map((row) => columns.map((column) => shown(column.value(row))));
    const widths = columns.map((column, index) =>
      Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index] ?? ''))),
    );
    if (io.columns !== null) shrink(widths, io.columns);
    const line = (texts: readonly string[], styles: readonly (Style | null)[]) =>
      texts
        .map((text, index) => paint(styles[index] ?? null, pad(fit(text, widths[index] ?? 0), widths[index] ?? 0)))
        .join(gap)
        .trimEnd();
    return [
      line(
        columns.map(({ title }) => title.toUpperCase()),
        columns.map(() => 'dim'),
      ),
      ...cells.map((texts, index) =>
        line(
          texts,
          columns.map((column) => column.style?.(rows[index]!) ?? null),
        ),
      ),
    ].join('\n');
  };

  return {
    isJson,
    show: (value, text) => {
      const shownText = isJson ? JSON.stringify(value, null, 2) : text(value);
      if (shownText !== '') io.out(`${shownText}\n`);
    },
    table,
    fields(pairs) {
      const given = pairs.filter(([, value]) => value !== undefined);
      const width = Math.max(0, ...given.map(([name]) => displayWidth(name)));
      return given.map(([name, value]) => `${paint('dim', pad(name, width))}${gap}${shown(value)}`).join('\n');
    },
    paint,
    remark: (text) => (isJson ? io.err(`${text}\n`) : io.out(`${text}\n`)),
  };
}

const shown = (value: string | number | boolean | null | undefined): string =>
  value === null || value === undefined
    ? '–'
    : typeof value === 'boolean'
      ? value
        ? 'yes'
        : 'no'
      : clean(String(value));

/** Takes from the widest column until the line fits, but leaves each one readable. */
function shrink(widths: number[], columns: number): void {
  const total = () => widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
  while (total() > columns) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= 12) return;
    widths[widest]! -= 1;
  }
}
