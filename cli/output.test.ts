import { describe, expect, it } from 'vitest';
import type { Io } from './io.ts';
import { createOutput } from './output.ts';
import type { Column } from './output.ts';
import { clean, displayWidth, fit, lasting, when } from './text.ts';

function io(
  columns: number | null,
  environment: Record<string, string> = {},
): Io & { written: { out: string; err: string } } {
  const written = { out: '', err: '' };
  return {
    written,
    environment,
    columns,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    readInput: () => Promise.resolve(''),
    stopping: new AbortController().signal,
  };
}
interface Row {
  readonly id: number;
  readonly name: string | null;
}
const id: Column<Row> = { title: 'id', value: ({ id: shown }) => shown };
const name: Column<Row> = { title: 'name', value: ({ name: shown }) => shown, style: () => 'bad' };
const columns = [id, name];

describe('a table', () => {
  it('is aligned by what a terminal shows, not by characters', () => {
    const { table } = createOutput(io(null), false);
    const rows = [
      { id: 1, name: '日本' },
      { id: 22, name: null },
      { id: 3, name: 'e\u0301' },
    ];
    expect(table(rows, [name, id], '')).toBe('NAME  ID\n日本  1\n–     22\ne\u0301     3');
    expect(table([], columns, 'None.')).toBe('None.');
  });

  it('fits the terminal by cutting its widest columns, and is never cut where there is none', () => {
    const rows = [{ id: 1, name: 'x'.repeat(80) }];
    const narrow = createOutput(io(40, { NO_COLOR: '1' }), false).table(rows, columns, '');
    expect(Math.max(...narrow.split('\n').map(displayWidth))).toBe(40);
    expect(narrow).toContain('…');
    expect(createOutput(io(null), false).table(rows, columns, '')).toContain('x'.repeat(80));
  });

  it('has colours at a terminal alone, and not for whoever does not want them', () => {
    const painted = (from: Io, isJson = false) => createOutput(from, isJson).paint('bad', 'x');
    expect(painted(io(80))).toBe('\u001b[31mx\u001b[0m');
    for (const plain of [
      painted(io(null)),
      painted(io(80, { NO_COLOR: '1' })),
      painted(io(80, { TERM: 'dumb' })),
      painted(io(80), true),
    ])
      expect(plain).toBe('x');
    expect(painted(io(80, { NO_COLOR: '' }))).not.toBe('x');
  });

  it('lets no text of others give orders to the terminal', () => {
    const evil = 'a\u001b]0;owned\u0007\u001b[2Jb\r\nc\u202ed\u0000';
    const shown = createOutput(io(null), false).table([{ id: 1, name: evil }], columns, '');
    // oxlint-disable-next-line no-control-regex
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    expect(shown.split('\n')).toHaveLength(2);
    expect(clean(evil)).toBe('ab c d ');
  });
});

describe('the result of a command', () => {
  it('is JSON and nothing else with --json; what is said beside it goes elsewhere', () => {
    const to = io(80);
    const output = createOutput(to, true);
    output.remark('beside');
    output.show({ a: 1 }, () => 'text');
    expect(to.written).toEqual({ out: '{\n  "a": 1\n}\n', err: 'beside\n' });
  });

  it('is text without', () => {
    const to = io(null);
    const output = createOutput(to, false);
    output.show({ a: 1 }, ({ a }) =>
      output.fields([
        ['a', a],
        ['longer', true],
        ['none', undefined],
        ['null', null],
      ]),
    );
    expect(to.written.out).toBe('a       1\nlonger  yes\nnull    –\n');
  });
});

describe('text', () => {
  it('is cut to a width', () => {
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('日本語', 5)).toBe('日本…');
    expect(fit('日本語', 6)).toBe('日本語');
  });

  it('says times and lengths of time as people read them', () => {
    expect(when('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05Z');
    expect(when(null)).toBe('–');
    expect([800, 90_000, 3_600_000, 93_784_000, 60_000 * 61].map(lasting)).toEqual([
      '0.8 s',
      '1 min 30 s',
      '1 h',
      '1 d 2 h',
      '1 h 1 min',
    ]);
  });
});
