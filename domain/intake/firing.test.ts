import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockLeewayMs, endAll, fires, firingCount, foldGroup, lateForMs } from './firing.ts';
import type { KnownAlerts } from './firing.ts';
import type { FiringGroup } from './report.ts';

const now = 1_000_000_000;
const group = (more: Partial<FiringGroup>): FiringGroup => ({ firing: [], resolved: [], leftOut: 0, ...more });
const on = (fingerprint: string, startedAt: number): FiringGroup => group({ firing: [{ fingerprint, startedAt }] });
const off = (fingerprint: string, startedAt: number, endedAt: number): FiringGroup =>
  group({ resolved: [{ fingerprint, startedAt, endedAt }] });
const firingAfter = (...groups: FiringGroup[]): string[] => {
  const known: KnownAlerts = new Map();
  for (const one of groups) foldGroup(known, one, now);
  return [...known].filter(([, alert]) => fires(alert)).map(([fingerprint]) => fingerprint);
};

describe('a single alert', () => {
  it.each<[string, FiringGroup[], string[]]>([
    ['fires', [on('a', 10)], ['a']],
    ['is over', [on('a', 10), off('a', 10, 20)], []],
    ['that ended before it was heard of opens no ghost', [off('a', 10, 20), on('a', 10)], []],
    ['fires again', [on('a', 10), off('a', 10, 20), on('a', 30)], ['a']],
    ['fires again, and the end of its older firing comes late', [on('a', 10), on('a', 30), off('a', 10, 20)], ['a']],
    ['fires again, and all of its older firing comes late', [on('a', 30), on('a', 10), off('a', 10, 20)], ['a']],
    ['whose two sources tell of two starts is over', [on('a', 12), off('a', 10, 20)], []],
    ['that began and ended at once is over', [off('a', 10, 10)], []],
    ['that is said to have ended before it began is over', [on('a', 10), off('a', 10, 5)], []],
  ])('%s', (_what, groups, firing) => expect(firingAfter(...groups)).toEqual(firing));

  it('that is still said to fire long after it was over does fire: an end that another source told was not the end', () => {
    const known: KnownAlerts = new Map();
    foldGroup(known, on('a', 10), now);
    foldGroup(known, off('a', 10, now), now);
    expect(foldGroup(known, on('a', 10), now + lateForMs)).toEqual([]);
    expect(foldGroup(known, on('a', 10), now + lateForMs + 1)).toEqual(['a']);
    expect(firingCount(known)).toBe(1);
    expect(foldGroup(known, on('a', 10), now + lateForMs + 2)).toEqual([]);
    // By the clock of its source, which may be behind.
    foldGroup(known, off('a', 10, now + 2), now + lateForMs + 3);
    expect(firingCount(known)).toBe(0);
  });

  it('of a sender whose clock is far ahead can end, and fire again', () => {
    const far = now + 365 * 86_400_000;
    expect(firingAfter(on('a', far))).toEqual(['a']);
    expect(firingAfter(on('a', far), off('a', far, far + 5))).toEqual([]);
    const known: KnownAlerts = new Map();
    foldGroup(known, off('a', far, far), now);
    foldGroup(known, on('a', now + clockLeewayMs + 1), now + clockLeewayMs + 1);
    expect(firingCount(known)).toBe(1);
  });

  it('is no news the second time', () => {
    const known: KnownAlerts = new Map();
    expect(foldGroup(known, on('a', 10), now)).toEqual(['a']);
    expect(foldGroup(known, on('a', 10), now)).toEqual([]);
  });
});

it('all that fires is over when its source says so', () => {
  const known: KnownAlerts = new Map();
  foldGroup(known, group({ firing: ['a', 'b'].map((fingerprint) => ({ fingerprint, startedAt: 10 })) }), now);
  foldGroup(known, off('b', 10, 20), now);
  expect(endAll(known, 30)).toEqual(['a']);
  expect(firingCount(known)).toBe(0);
});

/** Each firing of each alert is a span of time; reports tell of its start, or of both ends. */
const history = fc
  .array(
    fc.record({
      fingerprint: fc.constantFrom('a', 'b', 'c'),
      length: fc.integer({ min: 0, max: 9 }),
      ends: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((spans) => spans.map((span, index) => ({ ...span, startedAt: index * 20, endedAt: index * 20 + span.length })));

it('fires when its latest firing has not ended, in whatever order and however often reports come', () => {
  fc.assert(
    fc.property(
      history.chain((spans) => {
        const reports = spans.flatMap(({ fingerprint, startedAt, endedAt, ends }) =>
          ends ? [on(fingerprint, startedAt), off(fingerprint, startedAt, endedAt)] : [on(fingerprint, startedAt)],
        );
        const order = fc.shuffledSubarray([...reports, ...reports], { minLength: reports.length * 2 });
        return fc.record({ spans: fc.constant(spans), order });
      }),
      ({ spans, order }) => {
        const naive = ['a', 'b', 'c'].filter((name) => {
          const own = spans.filter(({ fingerprint }) => fingerprint === name);
          const last = own.at(-1);
          return last !== undefined && !last.ends;
        });
        expect(firingAfter(...order).toSorted()).toEqual(naive);
      },
    ),
  );
});
