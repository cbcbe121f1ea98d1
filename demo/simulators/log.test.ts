import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog } from './log.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-log-'));
  file = path.join(dir, 'below', 'log.ndjson');
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});
const now = () => Date.UTC(2026, 0, 1);

describe('openLog', () => {
  it('numbers the lines on over a restart', () => {
    openLog(file, now).append({ a: 1 });
    const log = openLog<{ a: number }>(file, now);
    log.append({ a: 2 });
    const expected = [1, 2].map((n) => ({ seq: n, at: '2026-01-01T00:00:00.000Z', a: n }));
    expect(log.records).toEqual(expected);
    expect(openLog(file, now).records).toEqual(expected);
    expect(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(expected);
  });

  it('cuts off a torn last line, and goes on behind what was whole', () => {
    openLog(file, now).append({ a: 1 });
    appendFileSync(file, '{"seq":2,"a":"\u00e9'.slice(0, -1));
    openLog(file, now).append({ a: 3 });
    expect(openLog<{ a: number }>(file, now).records.map(({ seq, a }) => [seq, a])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it('refuses a file that is not its own', () => {
    openLog(file, now).append({ a: 1 });
    writeFileSync(file, 'hello\n');
    expect(() => openLog(file, now)).toThrow(/log\.ndjson:1 is not JSON/);
  });

  it('lives in memory without a file', () => {
    expect(openLog(null, now).append({ a: 1 })).toMatchObject({ seq: 1, a: 1 });
  });
});
