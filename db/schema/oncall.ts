import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, createdAt, id, oneOf } from './columns.ts';
import { schedules } from './escalation.ts';
import { contactMethods, notes, persons, teams } from './principals.ts';

/** How far the watch over a schedule is: what it has told of, and when it must look again. */
export const scheduleWatches = pgTable(
  'schedule_watches',
  {
    scheduleId: text('schedule_id')
      .primaryKey()
      .references(() => schedules.id),
    /** The version that it looked at; another one must be looked at now. */
    scheduleVersion: integer('schedule_version').notNull(),
    lookAt: at('look_at').notNull(),
    gapsCheckedAt: at('gaps_checked_at'),
    /** Starts of the gaps that were told of, milliseconds: nobody is told twice of the same. */
    toldGapStarts: jsonb('told_gap_starts')
      .notNull()
      .default(sql`'[]'`),
  },
  (table) => [index('schedule_watches_look').on(table.lookAt)],
);

/** Two people exchange shifts; the state is that of the pure machine. */
export const swapRequests = pgTable(
  'swap_requests',
  {
    id: id(),
    scheduleId: text('schedule_id')
      .notNull()
      .references(() => schedules.id),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    version: integer('version').notNull(),
    status: text('status').notNull(),
    state: jsonb('state').notNull(),
    onePersonId: text('one_person_id')
      .notNull()
      .references(() => persons.id),
    otherPersonId: text('other_person_id')
      .notNull()
      .references(() => persons.id),
    proposedBy: text('proposed_by')
      .notNull()
      .references(() => persons.id),
    expiresAt: at('expires_at').notNull(),
    /** Only persons accept, decline and withdraw. */
    decidedBy: text('decided_by').references(() => persons.id),
    createdAt: createdAt(),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    check('swap_requests_status', oneOf('status', ['proposed', 'accepted', 'declined', 'withdrawn', 'expired'])),
    check('swap_requests_two_people', sql`${table.onePersonId} <> ${table.otherPersonId}`),
    check(
      'swap_requests_decided_by_person',
      sql`(${table.status} IN ('proposed', 'expired')) = (${table.decidedBy} IS NULL)`,
    ),
    index('swap_requests_schedule').on(table.scheduleId, table.createdAt),
    index('swap_requests_team').on(table.teamId),
    index('swap_requests_one').on(table.onePersonId),
    index('swap_requests_other').on(table.otherPersonId),
    index('swap_requests_proposed_by').on(table.proposedBy),
    index('swap_requests_decided_by').on(table.decidedBy),
    index('swap_requests_open')
      .on(table.expiresAt)
      .where(sql`${table.status} = 'proposed'`),
  ],
);

/** Calendars that can be read by whoever has the token: kept as its hash, shown once. */
export const calendarFeeds = pgTable(
  'calendar_feeds',
  {
    id: id(),
    scheduleId: text('schedule_id').references(() => schedules.id),
    personId: text('person_id').references(() => persons.id),
    sha256: text('sha256').notNull().unique(),
    createdBy: text('created_by')
      .notNull()
      .references(() => persons.id),
    createdAt: createdAt(),
    revokedAt: at('revoked_at'),
  },
  (table) => [
    check('calendar_feeds_of_one', sql`num_nonnulls(${table.scheduleId}, ${table.personId}) = 1`),
    index('calendar_feeds_schedule').on(table.scheduleId),
    index('calendar_feeds_person').on(table.personId),
    index('calendar_feeds_created_by').on(table.createdBy),
  ],
);

/** What one shift leaves to the next. The text is a note, so that it can be erased. */
export const handoverNotes = pgTable(
  'handover_notes',
  {
    id: id(),
    scheduleId: text('schedule_id')
      .notNull()
      .references(() => schedules.id),
    authorId: text('author_id')
      .notNull()
      .references(() => persons.id),
    noteId: text('note_id')
      .notNull()
      .references(() => notes.id),
    /** When its author goes or went off. */
    handOffAt: at('hand_off_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('handover_notes_schedule').on(table.scheduleId, table.createdAt),
    index('handover_notes_author').on(table.authorId),
    index('handover_notes_note').on(table.noteId),
  ],
);

/**
 * The ledger of what people on call are told outside of any escalation. A row is written once for each thing to tell; its
 * id is the idempotency key of the call, as a delivery's is.
 */
export const oncallNotices = pgTable(
  'oncall_notices',
  {
    id: id(),
    /** Names the one thing that it tells one person. */
    key: text('key').notNull().unique(),
    kind: text('kind').notNull(),
    /** Of what concerns a schedule; null for what proves one contact method. */
    scheduleId: text('schedule_id').references(() => schedules.id),
    personId: text('person_id')
      .notNull()
      .references(() => persons.id),
    swapRequestId: text('swap_request_id').references(() => swapRequests.id),
    /** Of a hand-off: when it is. */
    handOffAt: at('hand_off_at'),
    status: text('status').notNull().default('pending'),
    contactMethodId: text('contact_method_id').references(() => contactMethods.id),
    channel: text('channel'),
    attempts: integer('attempts').notNull().default(0),
    possibleDuplicate: boolean('possible_duplicate').notNull().default(false),
    errorCode: text('error_code'),
    /** What the provider calls it: its receipts come under this name. */
    providerRef: text('provider_ref'),
    createdAt: createdAt(),
    settledAt: at('settled_at'),
  },
  (table) => [
    check('oncall_notices_kind', oneOf('kind', ['handoff', 'swap', 'verification', 'test'])),
    check(
      'oncall_notices_concern',
      sql`CASE WHEN ${table.kind} IN ('handoff', 'swap') THEN ${table.scheduleId} ELSE ${table.contactMethodId} END IS NOT NULL`,
    ),
    check(
      'oncall_notices_status',
      oneOf('status', ['pending', 'started', 'sent', 'delivered', 'unknown', 'failed', 'superseded']),
    ),
    index('oncall_notices_open')
      .on(table.createdAt)
      .where(sql`${table.status} IN ('pending', 'started')`),
    index('oncall_notices_schedule').on(table.scheduleId, table.createdAt),
    index('oncall_notices_person').on(table.personId, table.createdAt),
    index('oncall_notices_swap_request').on(table.swapRequestId),
    index('oncall_notices_contact_method').on(table.contactMethodId),
  ],
);
