import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import type { Layer, Override, Schedule } from './schedule.ts';
import { onCallAt } from './segments.ts';

describe('marks', () => {
  const period = { startAt: at('2026-01-05T12:00Z'), endAt: at('2026-01-05T18:00Z') };
  const noon = at('2026-01-05T13:00Z');

  it('a shadow is named apart and is on call only by the rota', () => {
    const marks = ['A', 'S'].map((personId) => ({
      id: `mrk_${personId}`,
      kind: 'shadow' as const,
      personId,
      ...period,
    }));
    const schedule = oneLayer('UTC', { participants: ['A'] }, { marks });
    expect(onCallAt(schedule, noon)).toMatchObject({ onCall: ['A'], shadows: ['S'] });
    expect(onCallAt(schedule, period.endAt)).toMatchObject({ onCall: ['A'], shadows: [] });
  });

  it('someone unavailable gives way to the layer below, and is named as the reason', () => {
    const marks = [{ id: 'mrk_1', kind: 'unavailable' as const, personId: 'A', ...period }];
    const alone = oneLayer('UTC', { participants: ['A'] }, { marks });
    expect(onCallAt(alone, noon)).toMatchObject({ onCall: [], why: { kind: 'nobody', unavailableIds: ['A'] } });
    const top = alone.layers[0] as Layer;
    const covered = { ...alone, layers: [{ ...top, id: 'below', participants: ['B'] }, top] };
    expect(onCallAt(covered, noon)).toMatchObject({ onCall: ['B'], why: { layerId: 'below', unavailableIds: ['A'] } });
  });

  it('someone unavailable is not on call by override or temporary schedule either', () => {
    const marks = [{ id: 'mrk_1', kind: 'unavailable' as const, personId: 'X', ...period }];
    const overrides = [{ id: 'ovr_1', kind: 'add' as const, layerId: null, personId: 'X', ...period }];
    const temporarySchedules = [{ id: 'tmp_1', ...period, shifts: [{ personId: 'X', ...period }] }];
    expect(onCallAt(oneLayer('UTC', { participants: ['A'] }, { marks, overrides }), noon).onCall).toEqual(['A']);
    expect(onCallAt(oneLayer('UTC', { participants: ['A'] }, { marks, temporarySchedules }), noon).onCall).toEqual([]);
  });
});

describe('overrides that add and remove', () => {
  const period = { startAt: at('2026-01-05T12:00Z'), endAt: at('2026-01-05T18:00Z') };
  const noon = at('2026-01-05T13:00Z');
  const change = (kind: 'add' | 'remove', personId: string, layerId: string | null): Override => ({
    id: `${kind}-${personId}`,
    kind,
    personId,
    layerId,
    ...period,
  });
  const two = (overrides: readonly Override[]): Schedule => {
    const single = oneLayer('UTC', { participants: ['A'] });
    const layer = single.layers[0] as Layer;
    return { ...single, layers: [{ ...layer, id: 'low', participants: ['L'] }, layer], overrides };
  };

  it.each([
    ['an addition to the schedule joins whoever shows', [change('add', 'X', null)], ['A', 'X']],
    ['an addition to the layer that shows joins it', [change('add', 'X', 'lay_0')], ['A', 'X']],
    ['an addition to a hidden layer stays hidden', [change('add', 'X', 'low')], ['A']],
    ['whoever is removed gives way to the layer below', [change('remove', 'A', null)], ['L']],
    ['removal from the one layer removes', [change('remove', 'A', 'lay_0')], ['L']],
    ['removal from another layer does not', [change('remove', 'A', 'low')], ['A']],
    ['all removed is nobody', [change('remove', 'A', null), change('remove', 'L', null)], []],
    [
      'nobody and an addition is the addition',
      [change('remove', 'A', null), change('remove', 'L', null), change('add', 'X', null)],
      ['X'],
    ],
  ])('%s', (_, overrides, expected) => {
    expect(onCallAt(two(overrides), noon).onCall).toEqual(expected);
  });
});
