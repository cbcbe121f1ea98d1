import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';

const cursorSchema = z.tuple([z.iso.datetime(), z.string().min(1).max(100)]);

/** Where a list goes on: after this instant and id, newest first. */
export interface Position {
  readonly at: Date;
  readonly id: string;
}

/** Reads an opaque cursor. Fails with `request.invalid` when it is none of ours. */
export function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  try {
    const [at, id] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { at: new Date(at), id };
  } catch (cause) {
    throw new VigilError(
      'request.invalid',
      { errors: [{ pointer: '/query/cursor', code: 'cursor', detail: 'must be the nextCursor of a page' }] },
      { cause },
    );
  }
}

/** The page of rows that were read with one more than `limit`. */
export function toPage<T extends { id: string }, U>(
  rows: readonly T[],
  limit: number,
  at: (row: T) => Date,
  map: (row: T) => U,
) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor =
    rows.length > limit && last
      ? Buffer.from(JSON.stringify([at(last).toISOString(), last.id])).toString('base64url')
      : null;
  return { items: items.map(map), nextCursor };
}
