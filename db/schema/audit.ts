import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, primaryKey, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, id, oneOf } from './columns.ts';

/** The end of each aggregate's chain. Its row lock orders all that is written about the aggregate. */
export const auditHeads = pgTable(
  'audit_heads',
  {
    aggregateKind: text('aggregate_kind').notNull(),
    aggregateId: text('aggregate_id').notNull(),
    seq: integer('seq').notNull(),
    /** The highest version of the aggregate that is recorded. */
    version: integer('version').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.aggregateKind, table.aggregateId] })],
);

/** Append-only: the application's role may insert and select, never update or delete. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: id(),
    aggregateKind: text('aggregate_kind').notNull(),
    aggregateId: text('aggregate_id').notNull(),
    seq: integer('seq').notNull(),
    version: integer('version'),
    at: at('at').notNull(),
    actorKind: text('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    actorRoles: text('actor_roles')
      .array()
      .notNull()
      .default(sql`'{}'`),
    action: text('action').notNull(),
    reason: text('reason'),
    cause: text('cause'),
    requestId: text('request_id'),
    workflowId: text('workflow_id'),
    runId: text('run_id'),
    data: jsonb('data').notNull(),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [
    unique('audit_events_seq').on(table.aggregateKind, table.aggregateId, table.seq),
    uniqueIndex('audit_events_version')
      .on(table.aggregateKind, table.aggregateId, table.version)
      .where(sql`${table.version} IS NOT NULL`),
    check('audit_events_actor_kind', oneOf('actor_kind', ['person', 'service', 'system'])),
    index('audit_events_actor').on(table.actorId, table.at),
    index('audit_events_cause').on(table.cause),
  ],
);
