import { describe, expect, it } from 'vitest';
import { markRefusal, temporaryScheduleRefusal } from './additions.ts';

const mark = { id: 'm', kind: 'shadow', personId: 'A', startAt: 100, endAt: 200 } as const;

describe('what a schedule takes in addition', () => {
  it('has one temporary schedule at a time; two may touch', () => {
    const existing = [{ id: 't', startAt: 100, endAt: 200, shifts: [] }];
    expect(temporaryScheduleRefusal(existing, { startAt: 199, endAt: 300, shifts: [] })).toEqual({
      code: 'oncall.temporary_schedule_conflict',
      conflictsWith: 't',
    });
    expect(temporaryScheduleRefusal(existing, { startAt: 200, endAt: 300, shifts: [] })).toBeNull();
  });

  it('does not say the same of a person twice for the same time', () => {
    expect(markRefusal([mark], { ...mark, startAt: 150, endAt: 160 })).toEqual({
      code: 'oncall.mark_conflict',
      conflictsWith: 'm',
    });
    for (const other of [{ kind: 'unavailable' }, { personId: 'B' }, { startAt: 200, endAt: 201 }] as const) {
      expect(markRefusal([mark], { ...mark, ...other })).toBeNull();
    }
  });
});
