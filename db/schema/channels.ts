import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, createdAt, id, oneOf } from './columns.ts';
import { commands } from './commands.ts';
import { deliveries, escalations } from './escalation.ts';
import { contactMethods, persons } from './principals.ts';

/** A code on its way to a contact method: who types it back owns the address. Only its hash is kept. */
export const contactVerifications = pgTable(
  'contact_verifications',
  {
    contactMethodId: text('contact_method_id')
      .primaryKey()
      .references(() => contactMethods.id),
    sha256: text('sha256').notNull(),
    attemptsLeft: integer('attempts_left').notNull(),
    createdAt: createdAt(),
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [index('contact_verifications_expires').on(table.expiresAt)],
);

/** Links in pages that act for one person on one escalation, once. Only the token's hash is kept. */
export const pageLinks = pgTable(
  'page_links',
  {
    id: id(),
    sha256: text('sha256').notNull().unique(),
    escalationId: text('escalation_id')
      .notNull()
      .references(() => escalations.id),
    personId: text('person_id')
      .notNull()
      .references(() => persons.id),
    deliveryId: text('delivery_id')
      .notNull()
      .references(() => deliveries.id),
    action: text('action').notNull(),
    createdAt: createdAt(),
    expiresAt: at('expires_at').notNull(),
    /** When the link, or another one of the same delivery, was used, and the command that it gave. */
    usedAt: at('used_at'),
    commandId: text('command_id').references(() => commands.id),
    undoneAt: at('undone_at'),
  },
  (table) => [
    check('page_links_action', oneOf('action', ['acknowledge'])),
    index('page_links_command').on(table.commandId),
    index('page_links_escalation').on(table.escalationId),
    index('page_links_person').on(table.personId),
    index('page_links_delivery').on(table.deliveryId),
    index('page_links_expires').on(table.expiresAt),
  ],
);

/** The short codes with which a person answers a text message; a number is used again once its escalation is closed. */
export const replyCodes = pgTable(
  'reply_codes',
  {
    contactMethodId: text('contact_method_id')
      .notNull()
      .references(() => contactMethods.id),
    code: integer('code').notNull(),
    escalationId: text('escalation_id')
      .notNull()
      .references(() => escalations.id),
    deliveryId: text('delivery_id')
      .notNull()
      .references(() => deliveries.id),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: 'reply_codes_key', columns: [table.contactMethodId, table.code] }),
    index('reply_codes_escalation').on(table.escalationId),
    index('reply_codes_delivery').on(table.deliveryId),
    index('reply_codes_created').on(table.createdAt),
  ],
);

/** Whether calls to an outside provider go through now, as the worker that called it last has seen it. */
export const providerCircuits = pgTable(
  'provider_circuits',
  {
    provider: text('provider').primaryKey(),
    state: text('state').notNull(),
    /** Failed calls in a row. */
    failures: integer('failures').notNull().default(0),
    /** Calls that the retry budget refused since the start. */
    refused: bigint('refused', { mode: 'number' }).notNull().default(0),
    openedAt: at('opened_at'),
    retryAt: at('retry_at'),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    check('provider_circuits_state', oneOf('state', ['closed', 'open', 'half_open'])),
    index('provider_circuits_updated').on(table.updatedAt),
  ],
);

/** Where else an escalation is shown, and what was shown there last. */
export const statusMirrors = pgTable(
  'status_mirrors',
  {
    escalationId: text('escalation_id')
      .notNull()
      .references(() => escalations.id),
    kind: text('kind').notNull(),
    /** What the other side calls it: a message's channel and time, or a dedup key. */
    target: text('target').notNull(),
    shownVersion: integer('shown_version').notNull().default(0),
    shownStatus: text('shown_status'),
    errorCode: text('error_code'),
    createdAt: createdAt(),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ name: 'status_mirrors_key', columns: [table.escalationId, table.kind, table.target] }),
    check('status_mirrors_kind', oneOf('kind', ['chat', 'pagerduty_events_v2'])),
    index('status_mirrors_updated').on(table.updatedAt),
  ],
);
