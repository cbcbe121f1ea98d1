import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import type { Layer, Schedule, TemporarySchedule } from './schedule.ts';
import { scheduleLimits, scheduleProblemTitles, validateSchedule } from './validate-schedule.ts';
import type { ScheduleProblem } from './validate-schedule.ts';

const period = { startAt: at('2026-01-05T00:00Z'), endAt: at('2026-01-06T00:00Z') };
const good = oneLayer('Europe/London', {});
const firstLayer = good.layers[0] as Layer;

const layer = (change: object): Schedule => ({ ...good, layers: [{ ...firstLayer, ...change }] });
const problem = (pointer: string, reason: ScheduleProblem['reason']): ScheduleProblem[] => [{ pointer, reason }];
const override = (change: object): Schedule => ({
  ...good,
  overrides: [{ id: 'ovr_1', kind: 'replace', layerId: null, personId: 'A', byPersonId: 'B', ...period, ...change }],
});
const temporary = (change: object, ...more: TemporarySchedule[]): Schedule => ({
  ...good,
  temporarySchedules: [{ id: 'tmp_1', ...period, shifts: [], ...change }, ...more],
});
const mark = (change: object): Schedule => ({
  ...good,
  marks: [{ id: 'mrk_1', kind: 'shadow', personId: 'A', ...period, ...change }],
});
const window = { days: [1], startTime: '09:00', endTime: '17:00' };

describe('validateSchedule', () => {
  it.each<[string, Schedule, ScheduleProblem[]]>([
    ['a good schedule', good, []],
    ['no layers', { ...good, layers: [] }, []],
    ['no id', { ...good, id: '' }, problem('/id', 'empty')],
    ['an unknown zone', { ...good, zone: 'Mars/Base' }, problem('/zone', 'zone')],
    ['an offset for a zone', { ...good, zone: '+01:00' }, problem('/zone', 'zone')],
    ['a layer’s unknown zone', layer({ zone: 'Mars/Base' }), problem('/layers/0/zone', 'zone')],
    ['two layers of one id', { ...good, layers: [firstLayer, firstLayer] }, problem('/layers/1/id', 'duplicate_id')],
    [
      'too many layers',
      {
        ...good,
        layers: Array.from({ length: scheduleLimits.layers + 1 }, (_, id) => ({ ...firstLayer, id: `${id}` })),
      },
      problem('/layers', 'too_many'),
    ],
    ['a start that is no date', layer({ start: '2026-02-30T00:00' }), problem('/layers/0/start', 'local_date_time')],
    ['a start too long ago', layer({ start: '1999-12-31T23:59' }), problem('/layers/0/start', 'local_date_time')],
    ['an end at the start', layer({ end: '2020-01-01T00:00' }), problem('/layers/0/end', 'period')],
    ['a hand-off at no time', layer({ handOffTime: '9 am' }), problem('/layers/0/handOffTime', 'clock_time')],
    ['nobody', layer({ participants: [null, null] }), problem('/layers/0/participants', 'participants')],
    ['no participants', layer({ participants: [] }), problem('/layers/0/participants', 'participants')],
    ['a person without id', layer({ participants: ['A', ''] }), problem('/layers/0/participants/1', 'empty')],
    [
      'turns of no length',
      layer({ rotation: { kind: 'custom', unit: 'day', every: 0 } }),
      problem('/layers/0/rotation', 'turn_length'),
    ],
    [
      'turns of half a day',
      layer({ rotation: { kind: 'custom', unit: 'day', every: 0.5 } }),
      problem('/layers/0/rotation', 'turn_length'),
    ],
    [
      'turns of years',
      layer({ rotation: { kind: 'custom', unit: 'month', every: 13 } }),
      problem('/layers/0/rotation', 'turn_length'),
    ],
    [
      'a backward turn',
      layer({ rotation: { kind: 'pattern', unit: 'day', lengths: [4, -3] } }),
      problem('/layers/0/rotation', 'turn_length'),
    ],
    [
      'an empty pattern',
      layer({ rotation: { kind: 'pattern', unit: 'day', lengths: [] } }),
      problem('/layers/0/rotation/lengths', 'empty'),
    ],
    [
      'a window on no day',
      layer({ windows: [{ ...window, days: [] }] }),
      problem('/layers/0/windows/0/days', 'weekday'),
    ],
    [
      'a window on an eighth day',
      layer({ windows: [window, { ...window, days: [1, 8] }] }),
      problem('/layers/0/windows/1/days', 'weekday'),
    ],
    [
      'a window at no time',
      layer({ windows: [{ ...window, endTime: '24:00' }] }),
      problem('/layers/0/windows/0/endTime', 'clock_time'),
    ],
    [
      'a weekend from no day',
      layer({ windows: [{ startDay: 0, startTime: '20:00', endDay: 1, endTime: '08:00' }] }),
      problem('/layers/0/windows/0/startDay', 'weekday'),
    ],
    ['a good override', override({}), []],
    ['an override that ends when it starts', override({ endAt: period.startAt }), problem('/overrides/0', 'period')],
    ['an override without end', override({ endAt: Infinity }), problem('/overrides/0', 'period')],
    ['an override for no layer', override({ layerId: 'lay_9' }), problem('/overrides/0/layerId', 'unknown_layer')],
    ['an override of nobody', override({ byPersonId: '' }), problem('/overrides/0/byPersonId', 'empty')],
    ['a person for themselves', override({ byPersonId: 'A' }), problem('/overrides/0', 'self')],
    [
      'two overrides for one person',
      {
        ...good,
        overrides: ['ovr_1', 'ovr_2'].map((id) => ({ id, kind: 'remove', layerId: null, personId: 'A', ...period })),
      },
      problem('/overrides/1', 'conflict'),
    ],
    [
      'temporary schedules that overlap',
      temporary({}, { id: 'tmp_2', startAt: period.endAt - 1, endAt: period.endAt + 1, shifts: [] }),
      problem('/temporarySchedules/1', 'overlap'),
    ],
    [
      'temporary schedules that touch',
      temporary({}, { id: 'tmp_2', startAt: period.endAt, endAt: period.endAt + 1, shifts: [] }),
      [],
    ],
    [
      'a shift that reaches out of its temporary schedule',
      temporary({ shifts: [{ personId: 'A', startAt: period.startAt, endAt: period.endAt + 1 }] }),
      problem('/temporarySchedules/0/shifts/0', 'outside'),
    ],
    [
      'a shift of nobody',
      temporary({ shifts: [{ personId: '', ...period }] }),
      problem('/temporarySchedules/0/shifts/0/personId', 'empty'),
    ],
    ['a good mark', mark({}), []],
    ['a mark on nobody', mark({ personId: '' }), problem('/marks/0/personId', 'empty')],
    ['a mark that ends first', mark({ endAt: period.startAt - 1 }), problem('/marks/0', 'period')],
  ])('%s', (_, schedule, expected) => {
    expect(validateSchedule(schedule)).toEqual(expected);
  });

  it('names everything at once', () => {
    const bad = { ...layer({ start: '', participants: [], handOffTime: 'noon' }), zone: 'Nowhere' };
    expect(validateSchedule(bad).map((one) => one.pointer)).toEqual([
      '/zone',
      '/layers/0/start',
      '/layers/0/handOffTime',
      '/layers/0/participants',
    ]);
  });

  it('has a full sentence for every reason', () => {
    for (const title of Object.values(scheduleProblemTitles)) expect(title).toMatch(/^[A-Z].*\.$/);
  });
});
