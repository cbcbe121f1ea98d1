import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { errorTable, VigilError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';

export const problemSchema = z
  .object({
    type: z.string().describe('A relative address that names the error: `/problems/<code>`.'),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    instance: z.string().describe('The request id.'),
    errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
    context: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('What the asker should know: who was first, what blocks.'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** RFC 9457 from the one error table. Detail of errors that are not public never leaves. */
export function toProblem(
  code: ErrorCode,
  requestId: string,
  more: { detail?: { readonly [key: string]: Json }; errors?: readonly FieldError[] } = {},
): Problem {
  const { title, status, public: isPublic } = errorTable[code];
  const context = isPublic && more.detail && Object.keys(more.detail).length > 0 ? { context: { ...more.detail } } : {};
  const errors = more.errors ? { errors: [...more.errors] } : {};
  return { type: `/problems/${code}`, title, status, code, instance: requestId, ...errors, ...context };
}

/** Problem responses for a route's schema: 401, 403 and 429 come by themselves where a token is needed. */
export function problems(...statuses: readonly number[]) {
  return Object.fromEntries(
    [...new Set(statuses)].map((status) => [status, problemSchema.describe(STATUS_CODES[status] ?? 'Problem')]),
  );
}

export const isVigilError = (error: unknown): error is VigilError => error instanceof VigilError;
