import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { createdAt } from './columns.ts';

/**
 * The first answer to each POST that writes Postgres itself, so that a retry gets it again. Never secrets and never
 * content: for those only the fact is kept that they were answered.
 */
export const idempotencyRecords = pgTable(
  'idempotency_records',
  {
    principalId: text('principal_id').notNull(),
    key: text('key').notNull(),
    requestSha256: text('request_sha256').notNull(),
    status: integer('status').notNull(),
    body: jsonb('body'),
    headers: jsonb('headers').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.principalId, table.key] }),
    index('idempotency_records_created').on(table.createdAt),
  ],
);
