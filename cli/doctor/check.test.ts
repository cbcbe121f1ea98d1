import { expect, it } from 'vitest';
import { messageOf } from './check.ts';

it('tells of a failed query by its cause, not by its statement', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:5432')]);
  const failed = new Error('Failed query: SELECT 1\nparams: ', { cause: refused });
  expect(messageOf(failed)).toBe('connect ECONNREFUSED ::1:5432');
  expect(messageOf(new Error('no reason'))).toBe('no reason');
});
