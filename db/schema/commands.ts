import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, createdAt, factSeq, id, oneOf } from './columns.ts';

/**
 * One row per request to a workflow: idempotency store, outbox, and the record of refusals, in one.
 *
 * The API delivers a row at once and stores the outcome; `next_attempt_at` lies in the future while it tries. When it
 * cannot, the relay takes over. Rows of intake are the relay's from the start.
 */
export const commands = pgTable(
  'commands',
  {
    id: id(),
    seq: factSeq('seq'),
    principalId: text('principal_id').notNull(),
    idempotencyKey: text('idempotency_key').notNull(),
    requestSha256: text('request_sha256').notNull(),
    mode: text('mode').notNull(),
    name: text('name').notNull(),
    aggregateKind: text('aggregate_kind').notNull(),
    aggregateId: text('aggregate_id').notNull(),
    workflowId: text('workflow_id').notNull(),
    input: jsonb('input').notNull(),
    actor: jsonb('actor').notNull(),
    requestId: text('request_id'),
    priority: smallint('priority').notNull(),
    /** Whose matter it is: of equal priority, each of these has its turn. A service for its escalations, else empty. */
    shareKey: text('share_key').notNull().default(''),
    status: text('status').notNull().default('pending'),
    outcome: jsonb('outcome'),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: at('next_attempt_at')
      .notNull()
      .default(sql`now()`),
    createdAt: createdAt(),
    settledAt: at('settled_at'),
  },
  (table) => [
    uniqueIndex('commands_idempotency').on(table.principalId, table.idempotencyKey),
    check('commands_mode', oneOf('mode', ['start', 'update', 'signal'])),
    check('commands_status', oneOf('status', ['pending', 'done', 'refused', 'failed'])),
    index('commands_pending')
      .on(table.priority, table.shareKey, table.seq)
      .where(sql`${table.status} = 'pending'`),
    index('commands_pending_workflow')
      .on(table.workflowId, table.seq)
      .where(sql`${table.status} = 'pending'`),
    index('commands_aggregate').on(table.aggregateKind, table.aggregateId),
  ],
);
