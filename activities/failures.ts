import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { errorTable, VigilError } from '#domain/errors.ts';

/**
 * What an activity's error becomes in histories and logs, which keep it for ever: the adapter of the error table for
 * Temporal.
 *
 * An error of the table keeps its code and its detail, and is logged quietly. Of any other only the kind and the place are told, never the
 * message: a driver quotes the statement with its parameters, a parser the text that it could not read. Failures that
 * activities made for Temporal pass as they are. All are tried again as the activity's options say.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof TemporalFailure) return error;
  const failure =
    error instanceof VigilError
      ? ApplicationFailure.create({
          type: error.code,
          message: errorTable[error.code].title,
          details: [error.detail],
          category: 'BENIGN',
        })
      : ApplicationFailure.create({ type: 'internal.unexpected', message: kindsOf(error).join(' < ') });
  failure.stack = `${failure.name}: ${failure.message}${framesOf(error)}`;
  return failure;
}

/** The names of an error and of its causes, each with its code when it has one. */
function kindsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [typeof error];
  const code =
    'code' in error && typeof error.code === 'string' && /^\w{1,40}$/.test(error.code) ? ` ${error.code}` : '';
  return [`${error.name}${code}`, ...(error.cause === undefined ? [] : kindsOf(error.cause))].slice(0, 5);
}

/** Where it was thrown, without the text above it, which repeats the message. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const end = error.stack.indexOf(error.message);
  return end < 0 ? '' : error.stack.slice(end + error.message.length);
}
