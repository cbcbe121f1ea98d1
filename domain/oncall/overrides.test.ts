import { describe, expect, it } from 'vitest';
import { overrideRefusal } from './overrides.ts';
import type { Override, OverrideDraft } from './schedule.ts';

const period = { startAt: 1000, endAt: 2000 };
const add = (personId: string, more: Partial<OverrideDraft> = {}) =>
  ({ kind: 'add', layerId: null, personId, ...period, ...more }) as OverrideDraft;
const replace = (personId: string, byPersonId: string, more: Partial<OverrideDraft> = {}) =>
  ({ kind: 'replace', layerId: null, personId, byPersonId, ...period, ...more }) as OverrideDraft;
const stored = (draft: OverrideDraft): Override => ({ id: 'ovr_1', ...draft });

describe('overrideRefusal', () => {
  const conflict = { code: 'oncall.override_conflict', overrideId: 'ovr_1' };

  it.each([
    ['the same one again', replace('A', 'B'), replace('A', 'B'), conflict],
    ['two stand-ins for one person', replace('A', 'B'), replace('A', 'C'), conflict],
    ['adding whom another takes off', replace('A', 'B'), add('A'), conflict],
    ['the last moment of another', replace('A', 'B'), replace('A', 'C', { startAt: 1999, endAt: 3000 }), conflict],
    ['the moment at which another ends', replace('A', 'B'), replace('A', 'C', { startAt: 2000, endAt: 3000 }), null],
    ['another layer', replace('A', 'B', { layerId: 'low' }), replace('A', 'C', { layerId: 'top' }), null],
    ['a layer, beside the whole schedule', replace('A', 'B'), replace('A', 'C', { layerId: 'top' }), null],
    ['another person', replace('A', 'B'), replace('C', 'B'), null],
    ['a chain', replace('A', 'B'), replace('B', 'C'), null],
    ['a swap', replace('A', 'B'), replace('B', 'A'), null],
  ])('%s', (_, existing, candidate, expected) => {
    expect(overrideRefusal([stored(existing)], candidate)).toEqual(expected);
  });

  it('a person for themselves', () => {
    expect(overrideRefusal([], replace('A', 'A'))).toEqual({ code: 'oncall.override_self', overrideId: null });
  });
});
