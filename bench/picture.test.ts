import { describe, expect, it } from 'vitest';
import type { Level } from './figures.ts';
import type { Measured } from './load.ts';
import { latenessPicture } from './picture.ts';

const took = (p50Ms: number, p99Ms: number, errors = 0): Measured => ({
  count: 100 - errors,
  errors,
  seconds: 25,
  perSecond: 4,
  p50Ms,
  p99Ms,
  maxMs: p99Ms,
});
const levels: readonly Level[] = [
  { live: 0, firstPage: took(100, 200), nextRung: took(30, 90) },
  { live: 5_000, firstPage: took(100, 10_000), nextRung: took(0, 1_000) },
];
const result = (commit: string, name: string, of: readonly Level[] = levels) => ({
  date: '2026-11-25T03:00:00.000Z',
  commit,
  changed: false,
  cores: 2,
  busyBefore: 1.5,
  results: { [name]: { figures: [], levels: of } },
});
const pointsOf = (svg: string | null, kind: string): number[][] =>
  (new RegExp(`class="line ${kind}" points="([^"]+)"`).exec(svg ?? '')?.[1] ?? '')
    .split(' ')
    .map((point) => point.split(',').map(Number));

describe('the picture of lateness', () => {
  it('draws each figure at its place: from 0.01 s to 10 s over three decades, upwards', () => {
    const svg = latenessPicture([result('abc1234', 'ladders-5000')]);
    const [bottom, top] = [352, 64];
    const at = (seconds: number) => Math.round(10 * (bottom - ((bottom - top) * Math.log10(seconds / 0.01)) / 3)) / 10;
    expect(pointsOf(svg, 'page high')).toEqual([
      [64, at(0.2)],
      [640, top],
    ]);
    expect(pointsOf(svg, 'page low')).toEqual([
      [64, at(0.1)],
      [640, at(0.1)],
    ]);
    // A goal of one second and a p99 of one second lie on one height; what was not late at all lies at the bottom.
    expect(pointsOf(svg, 'rung high')[1]).toEqual([640, at(1)]);
    expect(svg).toContain(`class="goal" x1="64" x2="640" y1="${at(1)}"`);
    expect(pointsOf(svg, 'rung low')[1]).toEqual([640, bottom]);
  });

  it('says in text of what it is, and stands on its own ground in light and dark', () => {
    const svg = latenessPicture([result('abc1234', 'ladders-5000')]) ?? '';
    expect(svg).toContain('>ladders-5000 of 2026-11-25 · commit abc1234<');
    expect(svg).toContain('>2 cores, shared by client, API, worker and servers · 1.5 % busy before<');
    expect(svg).toContain('>5,000</text>');
    expect(svg).toContain('5000 live: first page p50 100 ms, p99 10000 ms');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).not.toContain('never came');
  });

  it('says how many pages its lines leave out', () => {
    const lost = [levels[0] as Level, { live: 9, firstPage: took(1, 2, 3), nextRung: took(1, 2, 4) }];
    expect(latenessPicture([result('abc1234', 'ladders-5000', lost)])).toContain('7 pages never came');
  });

  it('is of the newest that has levels, a whole ascent before a shorter one, and always the same', () => {
    const results = [
      result('kill', 'kills'),
      result('new1000', 'ladders-1000'),
      result('one', 'ladders-5000', levels.slice(0, 1)),
      result('new5000', 'ladders-5000'),
      result('old5000', 'ladders-5000'),
    ];
    expect(latenessPicture(results)).toContain('commit new5000');
    expect(latenessPicture(results.slice(0, 2))).toContain('commit new1000');
    expect(latenessPicture(results)).toBe(latenessPicture(results));
  });

  it('is none without such a result', () => expect(latenessPicture([result('kill', 'kills', [])])).toBeNull());
});
