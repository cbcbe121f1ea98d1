import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { VigilError } from '#domain/errors.ts';
import { toFailure } from './failures.ts';

const secret = 'meet me behind the school';

const asFailure = (error: unknown): ApplicationFailure => {
  const failure = toFailure(error);
  if (!(failure instanceof ApplicationFailure)) throw new Error('not a failure of an application');
  return failure;
};

describe('what is kept of an error', () => {
  it('keeps the code and the detail of the table', () => {
    const failure = asFailure(new VigilError('case.no_queue', { harm: 'fraud' }));
    expect(failure).toMatchObject({ type: 'case.no_queue', details: [{ harm: 'fraud' }], nonRetryable: false });
    expect(failure.message).toContain('No review queue');
  });

  it('lets failures that were made for Temporal pass', () => {
    const made = ApplicationFailure.create({ type: 'page.not_sent', message: 'the channel did not take the page' });
    expect(toFailure(made)).toBe(made);
    const cancelled = new CancelledFailure('cancelled');
    expect(toFailure(cancelled)).toBe(cancelled);
  });

  it.each([
    [
      'of the database',
      new DrizzleQueryError(
        'INSERT INTO notes VALUES ($1)',
        [secret],
        Object.assign(new Error(`value "${secret}"`), { code: '57P01' }),
      ),
      'DrizzleQueryError < Error 57P01',
    ],
    ['of a parser', parseError(), 'SyntaxError'],
    ['with the text in its cause', new TypeError('outer', { cause: new Error(secret) }), 'TypeError < Error'],
    ['that is no error', secret, 'string'],
    ['with a code that is a text', Object.assign(new Error('x'), { code: secret }), 'Error'],
  ])('tells kind and place of an error %s, and none of its text', (_, error, kinds) => {
    const failure = asFailure(error);
    expect(failure.message).toBe(kinds);
    expect(JSON.stringify([failure.message, failure.details, failure.stack, failure.cause])).not.toContain('school');
    if (error instanceof Error) expect(failure.stack).toContain('failures.test.ts');
  });
});

function parseError(): unknown {
  try {
    return JSON.parse(secret);
  } catch (error) {
    return error;
  }
}
