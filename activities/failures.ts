import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { describeError } from '#domain/error-kinds.ts';
import { errorTable, VigilError } from '#domain/errors.ts';

/**
 * What an activity's error becomes in histories and logs, which keep it for ever: the adapter of the error table for
 * Temporal.
 *
 * An error of the table keeps its code and its detail, and is logged quietly. Of any other only the kind and the place are
 * told, never the message. Failures that activities made for Temporal pass as they are. All are tried again as the
 * activity's options say.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof TemporalFailure) return error;
  const { kinds, frames } = describeError(error);
  const failure =
    error instanceof VigilError
      ? ApplicationFailure.create({
          type: error.code,
          message: errorTable[error.code].title,
          details: [error.detail],
          category: 'BENIGN',
        })
      : ApplicationFailure.create({ type: 'internal.unexpected', message: kinds });
  failure.stack = `${failure.name}: ${failure.message}${frames}`;
  return failure;
}
