import { z } from 'zod';
import { idPrefixes } from '#domain/ids.ts';
import type { IdKind } from '#domain/ids.ts';
import { problems } from '../problem.ts';

/** An id of that kind in a path or body. */
export const idOf = (kind: IdKind) =>
  z.string().regex(new RegExp(`^${idPrefixes[kind]}_[0-9a-f]{32}$`), `must be an id like ${idPrefixes[kind]}_…`);

/** A person or a service that holds tokens. */
export const principalId = z.union([idOf('person'), idOf('service')]);

export const severity = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).describe('1 is the worst.');
export const instant = z.iso.datetime({ offset: true }).describe('RFC 3339.');
/** An instant as it goes out: UTC, milliseconds. */
export const outInstant = z.iso.datetime().describe('RFC 3339, UTC.');
export const key = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'must be 1 to 100 of a-z, 0-9, dot, dash and underscore');
export const title = z.string().min(1).max(1_024);
export const note = z
  .string()
  .min(1)
  .max(10_000)
  .describe('Free text. Kept in Postgres, never in workflows or histories.');

export const pageQuery = z
  .object({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    cursor: z.string().max(500).optional().describe('`nextCursor` of the page before.'),
  })
  .strict();

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

type Outgoing<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K] };

/** A row as it goes out: its dates become text, all else stays. */
export const withIsoDates = <T extends object>(row: T): Outgoing<T> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  ) as Outgoing<T>;

/** Problem responses that every route with a token can give, by what it does. */
export const listProblems = problems(400, 401, 403, 422, 429, 503);
export const readProblems = problems(400, 401, 403, 404, 422, 429, 503);
export const createProblems = problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503);
export const changeProblems = problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503);

/** `If-Match` is checked by hand: a missing one is 428, not 422. */
export const ifMatch = z.object({ 'if-match': z.string().optional().describe('Required: the ETag that was read.') });
export const nothing = z.null().describe('Nothing.');
