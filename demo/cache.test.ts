import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cached } from './cache.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-cache-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function counting(): { build: () => number[]; count: () => number } {
  let builds = 0;
  return {
    build() {
      builds += 1;
      return [builds];
    },
    count: () => builds,
  };
}

describe('cached', () => {
  it('builds once for a key and again for another key', async () => {
    const { build, count } = counting();
    expect(await cached('x', ['1'], build, dir)).toEqual([1]);
    expect(await cached('x', ['1'], build, dir)).toEqual([1]);
    expect(await cached('x', ['2'], build, dir)).toEqual([2]);
    expect(await cached('y', ['1'], build, dir)).toEqual([3]);
    expect(count()).toBe(3);
    expect(readdirSync(dir).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('builds again when the file is damaged', async () => {
    const { build } = counting();
    await cached('x', ['1'], build, dir);
    writeFileSync(path.join(dir, readdirSync(dir)[0] ?? ''), '[1');
    expect(await cached('x', ['1'], build, dir)).toEqual([2]);
    expect(await cached('x', ['1'], build, dir)).toEqual([2]);
  });

  it('returns the value when nothing can be written', async () => {
    const file = path.join(dir, 'a-file');
    writeFileSync(file, '');
    expect(await cached('x', ['1'], counting().build, path.join(file, 'below'))).toEqual([1]);
  });
});
