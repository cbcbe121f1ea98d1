import { sql } from 'drizzle-orm';
import { bigint, text, timestamp } from 'drizzle-orm/pg-core';

/** An instant. Milliseconds, as everywhere in Vigil: a value read back equals the value written. */
export const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

export const createdAt = () =>
  at('created_at')
    .notNull()
    .default(sql`now()`);

export const id = () => text('id').primaryKey();

/** A number from the one sequence that alert events and commands share: it orders facts without comparing clocks. */
export const factSeq = (name: string) =>
  bigint(name, { mode: 'number' })
    .notNull()
    .default(sql`nextval('fact_seq')`);

/** SQL for `column IN ('a', 'b')`, so that a state column and the list of its states cannot drift apart. */
export const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} IN (${values.map((value) => `'${value}'`).join(', ')})`);
