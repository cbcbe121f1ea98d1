import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { at, createdAt, id, oneOf } from './columns.ts';
import { products } from './launches.ts';
import { persons, teams } from './principals.ts';
import { cases, decisions, policyVersions } from './review.ts';

export const enforcementOrders = pgTable(
  'enforcement_orders',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    caseId: text('case_id')
      .notNull()
      .references(() => cases.id),
    decisionId: text('decision_id')
      .notNull()
      .unique()
      .references(() => decisions.id),
    accountRef: text('account_ref').notNull(),
    action: text('action').notNull(),
    durationMs: bigint('duration_ms', { mode: 'number' }),
    policyVersionId: text('policy_version_id')
      .notNull()
      .references(() => policyVersions.id),
    decidedBy: text('decided_by')
      .notNull()
      .references(() => persons.id),
    approvedBy: text('approved_by').references(() => persons.id),
    synthetic: boolean('synthetic').notNull().default(false),
    version: integer('version').notNull().default(0),
    status: text('status').notNull(),
    state: jsonb('state'),
    openedAt: at('opened_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    endsAt: at('ends_at'),
    closedAt: at('closed_at'),
  },
  (table) => [
    check(
      'enforcement_orders_four_eyes',
      sql`${table.approvedBy} IS NULL OR ${table.approvedBy} <> ${table.decidedBy}`,
    ),
    check('enforcement_orders_never_synthetic', sql`NOT ${table.synthetic}`),
    index('enforcement_orders_team').on(table.teamId, table.openedAt),
    index('enforcement_orders_account').on(table.productId, table.accountRef),
    index('enforcement_orders_case').on(table.caseId),
    index('enforcement_orders_policy_version').on(table.policyVersionId),
    index('enforcement_orders_decided_by').on(table.decidedBy),
    index('enforcement_orders_approved_by').on(table.approvedBy),
  ],
);

/** The ledger of calls to the platform: one row per (order, operation), written before the call; its key is the call's key. */
export const enforcementActions = pgTable(
  'enforcement_actions',
  {
    id: id(),
    orderId: text('order_id')
      .notNull()
      .references(() => enforcementOrders.id),
    operation: text('operation').notNull(),
    action: text('action').notNull(),
    accountRef: text('account_ref').notNull(),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    status: text('status').notNull(),
    effectId: text('effect_id'),
    attempts: integer('attempts').notNull().default(0),
    startedAt: at('started_at')
      .notNull()
      .default(sql`now()`),
    settledAt: at('settled_at'),
  },
  (table) => [
    check('enforcement_actions_operation', oneOf('operation', ['apply', 'reverse'])),
    check('enforcement_actions_status', oneOf('status', ['started', 'done', 'failed', 'stopped'])),
    unique('enforcement_actions_once').on(table.orderId, table.operation, table.action, table.accountRef),
  ],
);

export const actionAttempts = pgTable(
  'action_attempts',
  {
    id: id(),
    actionId: text('action_id')
      .notNull()
      .references(() => enforcementActions.id),
    attempt: integer('attempt').notNull(),
    outcome: text('outcome').notNull(),
    at: at('at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [index('action_attempts_action').on(table.actionId, table.attempt)],
);

export const strikes = pgTable(
  'strikes',
  {
    id: id(),
    orderId: text('order_id')
      .notNull()
      .unique()
      .references(() => enforcementOrders.id),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    accountRef: text('account_ref').notNull(),
    weight: integer('weight').notNull(),
    createdAt: createdAt(),
    expiresAt: at('expires_at').notNull(),
    voidedAt: at('voided_at'),
  },
  (table) => [index('strikes_account').on(table.productId, table.accountRef)],
);

export const notices = pgTable(
  'notices',
  {
    id: id(),
    orderId: text('order_id')
      .notNull()
      .references(() => enforcementOrders.id),
    kind: text('kind').notNull(),
    status: text('status').notNull(),
    createdAt: createdAt(),
    sentAt: at('sent_at'),
  },
  (table) => [
    check('notices_kind', oneOf('kind', ['restricted', 'made_permanent', 'reversed'])),
    check('notices_status', oneOf('status', ['started', 'sent', 'failed'])),
    unique('notices_once').on(table.orderId, table.kind),
  ],
);

/** What a restricted account is owed in writing. Written once for each restriction, never changed. */
export const statementsOfReasons = pgTable(
  'statements_of_reasons',
  {
    id: id(),
    orderId: text('order_id')
      .notNull()
      .references(() => enforcementOrders.id),
    kind: text('kind').notNull(),
    statement: jsonb('statement').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    check('statements_of_reasons_kind', oneOf('kind', ['restricted', 'made_permanent'])),
    unique('statements_of_reasons_once').on(table.orderId, table.kind),
  ],
);

/** Accounts that no single person may restrict: staff, high-profile or otherwise protected. */
export const protectedSubjects = pgTable(
  'protected_subjects',
  {
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    accountRef: text('account_ref').notNull(),
    addedBy: text('added_by')
      .notNull()
      .references(() => persons.id),
    addedAt: at('added_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.productId, table.accountRef] }),
    index('protected_subjects_added_by').on(table.addedBy),
  ],
);

/** While one is engaged, no new action of its product starts. */
export const killSwitches = pgTable(
  'kill_switches',
  {
    id: id(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    engagedBy: text('engaged_by')
      .notNull()
      .references(() => persons.id),
    engagedAt: at('engaged_at')
      .notNull()
      .default(sql`now()`),
    releasedBy: text('released_by').references(() => persons.id),
    releasedAt: at('released_at'),
  },
  (table) => [
    uniqueIndex('kill_switches_engaged')
      .on(table.productId)
      .where(sql`${table.releasedAt} IS NULL`),
    index('kill_switches_engaged_by').on(table.engagedBy),
    index('kill_switches_released_by').on(table.releasedBy),
  ],
);
