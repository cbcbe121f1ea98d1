import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import { at, createdAt, id, oneOf } from './columns.ts';
import { products } from './launches.ts';
import { persons, teams } from './principals.ts';

const transactionId = customType<{ data: string; driverData: string }>({ dataType: () => 'xid8' });

export const detectors = pgTable(
  'detectors',
  {
    id: id(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    key: text('key').notNull(),
    kind: text('kind').notNull(),
    harm: text('harm').notNull(),
    severity: smallint('severity').notNull(),
    title: text('title').notNull(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => persons.id),
    createdAt: createdAt(),
  },
  (table) => [
    check('detectors_kind', oneOf('kind', ['rules', 'sql', 'http'])),
    check('detectors_severity', sql`${table.severity} BETWEEN 1 AND 4`),
    unique('detectors_key').on(table.productId, table.key),
    index('detectors_team').on(table.teamId),
    index('detectors_owner').on(table.ownerId),
  ],
);

/** What exactly ran: never changed after it was created; a new text is a new version. */
export const detectorVersions = pgTable(
  'detector_versions',
  {
    id: id(),
    detectorId: text('detector_id')
      .notNull()
      .references(() => detectors.id),
    number: integer('number').notNull(),
    definition: jsonb('definition').notNull(),
    sha256: text('sha256').notNull(),
    maturity: text('maturity').notNull(),
    threshold: doublePrecision('threshold').notNull(),
    createdBy: text('created_by')
      .notNull()
      .references(() => persons.id),
    createdAt: createdAt(),
    retiredAt: at('retired_at'),
  },
  (table) => [
    check('detector_versions_maturity', oneOf('maturity', ['M0', 'M1', 'M2', 'M3', 'M4', 'M5'])),
    unique('detector_versions_number').on(table.detectorId, table.number),
    index('detector_versions_created_by').on(table.createdBy),
  ],
);

/** How far a detector version has read, in the order in which events became visible: (transaction, sequence). */
export const detectorCursors = pgTable('detector_cursors', {
  detectorVersionId: text('detector_version_id')
    .primaryKey()
    .references(() => detectorVersions.id),
  transactionId: transactionId('transaction_id')
    .notNull()
    .default(sql`'0'::xid8`),
  seq: bigint('seq', { mode: 'number' }).notNull().default(0),
  windowEnd: at('window_end'),
  lastRunAt: at('last_run_at'),
  /** When a sweep last looked at what was there: one that failed saw nothing. */
  lastSeenAt: at('last_seen_at'),
  lastStatus: text('last_status'),
  lastErrorCode: text('last_error_code'),
  runs: integer('runs').notNull().default(0),
  failures: integer('failures').notNull().default(0),
});

/** Stretches in which a detector version saw nothing although it should have: how long it was blind is kept for its check. */
export const detectorGaps = pgTable(
  'detector_gaps',
  {
    detectorVersionId: text('detector_version_id')
      .notNull()
      .references(() => detectorVersions.id),
    fromAt: at('from_at').notNull(),
    untilAt: at('until_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.detectorVersionId, table.fromAt] })],
);

/**
 * Product events, partitioned by the day on which they occurred: a retry names the same day, so the natural key stays
 * unique. `transaction_id` lets a cursor read only what can no longer be overtaken by a slower transaction.
 */
export const productEvents = pgTable(
  'product_events',
  {
    occurredOn: date('occurred_on').notNull(),
    productId: text('product_id').notNull(),
    sourceId: text('source_id').notNull(),
    id: text('id').notNull(),
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    transactionId: transactionId('transaction_id')
      .notNull()
      .default(sql`pg_current_xact_id()`),
    kind: text('kind').notNull(),
    accountRef: text('account_ref').notNull(),
    attributes: jsonb('attributes').notNull(),
    contentId: text('content_id'),
    synthetic: boolean('synthetic').notNull().default(false),
    occurredAt: at('occurred_at').notNull(),
    receivedAt: at('received_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.occurredOn, table.productId, table.sourceId] }),
    index('product_events_cursor').on(table.productId, table.transactionId, table.seq),
    index('product_events_account').on(table.productId, table.accountRef, table.occurredAt),
    index('product_events_id').on(table.id),
  ],
);

/** Reported content: read only on purpose, each time under an exposure entry; never copied elsewhere. */
export const contentItems = pgTable(
  'content_items',
  {
    id: id(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    body: text('body').notNull(),
    sha256: text('sha256').notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('content_items_product').on(table.productId)],
);

export const signals = pgTable(
  'signals',
  {
    id: id(),
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    detectorVersionId: text('detector_version_id')
      .notNull()
      .references(() => detectorVersions.id),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    accountRef: text('account_ref').notNull(),
    harm: text('harm').notNull(),
    severity: smallint('severity').notNull(),
    score: doublePrecision('score').notNull(),
    eventId: text('event_id'),
    contentId: text('content_id'),
    dedupeKey: text('dedupe_key').notNull().unique(),
    mode: text('mode').notNull(),
    synthetic: boolean('synthetic').notNull(),
    occurredAt: at('occurred_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    check('signals_mode', oneOf('mode', ['shadow', 'assisted', 'live'])),
    check('signals_severity', sql`${table.severity} BETWEEN 1 AND 4`),
    index('signals_detector_version').on(table.detectorVersionId, table.createdAt),
    index('signals_account').on(table.productId, table.accountRef, table.harm),
    index('signals_content').on(table.contentId),
  ],
);
