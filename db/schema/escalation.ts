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
  smallint,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { at, createdAt, factSeq, id, oneOf } from './columns.ts';
import { contactMethods, persons, principals, teams } from './principals.ts';

export const escalationPolicies = pgTable(
  'escalation_policies',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    key: text('key').notNull().unique(),
    name: text('name').notNull(),
    /** The version that new escalations freeze. */
    version: integer('version').notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('escalation_policies_team').on(table.teamId)],
);

export const escalationPolicyVersions = pgTable(
  'escalation_policy_versions',
  {
    id: id(),
    policyId: text('policy_id')
      .notNull()
      .references(() => escalationPolicies.id),
    version: integer('version').notNull(),
    document: jsonb('document').notNull(),
    createdBy: text('created_by')
      .notNull()
      .references(() => principals.id),
    createdAt: createdAt(),
  },
  (table) => [
    unique('escalation_policy_versions_number').on(table.policyId, table.version),
    index('escalation_policy_versions_created_by').on(table.createdBy),
  ],
);

export const schedules = pgTable(
  'schedules',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    key: text('key').notNull().unique(),
    name: text('name').notNull(),
    version: integer('version').notNull(),
    document: jsonb('document').notNull(),
    /** How long before a hand-off the next person is told; 0: not at all. */
    handOffNoticeMinutes: integer('hand_off_notice_minutes').notNull().default(15),
    /** False for a schedule that is meant to have gaps, such as one of working hours. */
    gapCheck: boolean('gap_check').notNull().default(true),
    /** Whose escalation policy hears of gaps; null: that of the team's oldest service. */
    gapServiceId: text('gap_service_id').references((): AnyPgColumn => services.id),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    index('schedules_team').on(table.teamId),
    index('schedules_gap_service').on(table.gapServiceId),
    check('schedules_hand_off_notice', sql`${table.handOffNoticeMinutes} BETWEEN 0 AND 1440`),
  ],
);

export const services = pgTable(
  'services',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    key: text('key').notNull().unique(),
    name: text('name').notNull(),
    policyId: text('policy_id')
      .notNull()
      .references(() => escalationPolicies.id),
    /** A page about it carries no content. */
    sensitive: boolean('sensitive').notNull().default(false),
    createdAt: createdAt(),
  },
  (table) => [index('services_team').on(table.teamId), index('services_policy').on(table.policyId)],
);

export const integrations = pgTable(
  'integrations',
  {
    id: id(),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    kind: text('kind').notNull(),
    name: text('name').notNull(),
    principalId: text('principal_id')
      .notNull()
      .references(() => principals.id),
    /** How reports are read and where they go: mapping, identity, routes. */
    document: jsonb('document')
      .notNull()
      .default(sql`'{}'`),
    version: integer('version').notNull().default(1),
    createdAt: createdAt(),
    disabledAt: at('disabled_at'),
  },
  (table) => [index('integrations_service').on(table.serviceId), index('integrations_principal').on(table.principalId)],
);

export const escalations = pgTable(
  'escalations',
  {
    id: id(),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    dedupKey: text('dedup_key').notNull(),
    title: text('title').notNull(),
    severity: smallint('severity').notNull(),
    version: integer('version').notNull().default(0),
    status: text('status').notNull(),
    state: jsonb('state'),
    alertCount: integer('alert_count').notNull().default(1),
    firstTriggerSeq: bigint('first_trigger_seq', { mode: 'number' }).notNull(),
    lastTriggerSeq: bigint('last_trigger_seq', { mode: 'number' }).notNull(),
    /** The last word of its source that it is over; told once as long as no trigger follows. */
    lastResolveSeq: bigint('last_resolve_seq', { mode: 'number' }),
    /** The integration that opened it: another one's resolve is not about it. Null when it came otherwise. */
    openedVia: text('opened_via'),
    previousId: text('previous_id'),
    canaryId: text('canary_id'),
    openedAt: at('opened_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    acknowledgedAt: at('acknowledged_at'),
    acknowledgedBy: text('acknowledged_by').references(() => persons.id),
    resolvedAt: at('resolved_at'),
    /** Set when the workflow ended; the next trigger of the same key opens a new escalation. */
    closedAt: at('closed_at'),
  },
  (table) => [
    // One open escalation per service and key: an invariant of the database, not of code.
    uniqueIndex('escalations_open_key')
      .on(table.serviceId, table.dedupKey)
      .where(sql`${table.closedAt} IS NULL`),
    index('escalations_open')
      .on(table.teamId, table.severity, table.openedAt)
      .where(sql`${table.closedAt} IS NULL`),
    index('escalations_team').on(table.teamId, table.openedAt),
    index('escalations_key').on(table.serviceId, table.dedupKey, table.openedAt),
    // Few have one: the others cost nothing when they are opened.
    index('escalations_previous')
      .on(table.previousId)
      .where(sql`${table.previousId} IS NOT NULL`),
    index('escalations_acknowledged_by')
      .on(table.acknowledgedBy)
      .where(sql`${table.acknowledgedBy} IS NOT NULL`),
    index('escalations_canary')
      .on(table.canaryId)
      .where(sql`${table.canaryId} IS NOT NULL`),
    check('escalations_severity', sql`${table.severity} BETWEEN 1 AND 4`),
  ],
);

export const alertEvents = pgTable(
  'alert_events',
  {
    id: id(),
    seq: factSeq('seq'),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    reportedBy: text('reported_by').notNull(),
    dedupKey: text('dedup_key').notNull(),
    /** What Vigil itself raised it for: an effect's key, so that a retry finds the first one. */
    causeKey: text('cause_key'),
    action: text('action').notNull(),
    severity: smallint('severity'),
    title: text('title'),
    details: jsonb('details'),
    escalationId: text('escalation_id').references(() => escalations.id),
    /** What became of it: opened an escalation, was merged into one, resolved one, or matched none. */
    disposition: text('disposition').notNull(),
    receivedAt: at('received_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    check('alert_events_action', oneOf('action', ['trigger', 'acknowledge', 'resolve'])),
    check(
      'alert_events_disposition',
      oneOf('disposition', ['opened', 'merged', 'resolved', 'acknowledged', 'noted', 'suppressed', 'dropped']),
    ),
    uniqueIndex('alert_events_cause')
      .on(table.causeKey)
      .where(sql`${table.causeKey} IS NOT NULL`),
    index('alert_events_escalation').on(table.escalationId),
    index('alert_events_service').on(table.serviceId, table.receivedAt),
  ],
);

/** The ledger of pages: a row is written before each call, and its id is the call's idempotency key. */
export const deliveries = pgTable(
  'deliveries',
  {
    id: id(),
    escalationId: text('escalation_id')
      .notNull()
      .references(() => escalations.id),
    effectKey: text('effect_key').notNull(),
    kind: text('kind').notNull(),
    pass: integer('pass').notNull(),
    rung: integer('rung').notNull(),
    personId: text('person_id')
      .notNull()
      .references(() => persons.id),
    ruleId: text('rule_id'),
    contactMethodId: text('contact_method_id')
      .notNull()
      .references(() => contactMethods.id),
    channel: text('channel').notNull(),
    /** The schedule that put the person on the rung; null when none did. */
    scheduleId: text('schedule_id').references(() => schedules.id),
    status: text('status').notNull(),
    /** Calls that may have gone out. 0: none did, because the page was held back, bundled, or stopped before. */
    attempts: integer('attempts').notNull().default(1),
    /** The page that went out in its place and names its escalation. */
    bundledInto: text('bundled_into').references((): AnyPgColumn => deliveries.id),
    /** The other open escalations that the message names, by their number and a link; null when it names none. */
    names: text('names').array(),
    possibleDuplicate: boolean('possible_duplicate').notNull().default(false),
    errorCode: text('error_code'),
    /** What the provider calls it: its receipts and replies come under this name. */
    providerRef: text('provider_ref'),
    /** When the provider was last asked what became of it, no receipt having come. */
    receiptAskedAt: at('receipt_asked_at'),
    /** When the ladder ordered it, by the ladder's own clock: what the throttle counts. */
    orderedAt: at('ordered_at')
      .notNull()
      .default(sql`now()`),
    startedAt: at('started_at')
      .notNull()
      .default(sql`now()`),
    settledAt: at('settled_at'),
  },
  (table) => [
    unique('deliveries_once').on(table.escalationId, table.effectKey),
    check(
      'deliveries_status',
      oneOf('status', ['held', 'started', 'sent', 'delivered', 'unknown', 'failed', 'superseded', 'bundled']),
    ),
    check('deliveries_bundled', sql`(${table.status} = 'bundled') = (${table.bundledInto} IS NOT NULL)`),
    index('deliveries_person').on(table.personId, table.startedAt),
    index('deliveries_person_ordered').on(table.personId, table.orderedAt),
    index('deliveries_bundled_into')
      .on(table.bundledInto)
      .where(sql`${table.bundledInto} IS NOT NULL`),
    index('deliveries_contact_method').on(table.contactMethodId),
    index('deliveries_schedule').on(table.scheduleId, table.startedAt),
    index('deliveries_provider_ref')
      .on(table.channel, table.providerRef)
      .where(sql`${table.providerRef} IS NOT NULL`),
    index('deliveries_without_receipt')
      .on(table.settledAt)
      .where(sql`${table.status} IN ('sent', 'unknown') AND ${table.providerRef} IS NOT NULL`),
  ],
);

/** While one is open, alerts of the service are kept and nobody is paged for them. */
export const maintenanceWindows = pgTable(
  'maintenance_windows',
  {
    id: id(),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    startsAt: at('starts_at').notNull(),
    endsAt: at('ends_at').notNull(),
    createdBy: text('created_by')
      .notNull()
      .references(() => persons.id),
    createdAt: createdAt(),
    endedBy: text('ended_by').references(() => persons.id),
    /** When open escalations were told that it began; null while it lies ahead. */
    toldAt: at('told_at'),
  },
  (table) => [
    check('maintenance_windows_span', sql`${table.startsAt} < ${table.endsAt}`),
    index('maintenance_windows_service').on(table.serviceId, table.endsAt),
    index('maintenance_windows_coming')
      .on(table.startsAt)
      .where(sql`${table.toldAt} IS NULL AND ${table.endedBy} IS NULL`),
    index('maintenance_windows_created_by').on(table.createdBy),
    index('maintenance_windows_ended_by').on(table.endedBy),
  ],
);

/** Whose turn is next when a rung pages one member of a schedule after the other. */
export const roundRobinTurns = pgTable('round_robin_turns', {
  scheduleId: text('schedule_id')
    .primaryKey()
    .references(() => schedules.id),
  turn: bigint('turn', { mode: 'number' }).notNull().default(0),
});

/**
 * The turns that were taken of late, and what for: whoever asks again for the same cause gets the same turn. Of each
 * schedule the newest thousand stay.
 */
export const takenTurns = pgTable(
  'taken_turns',
  {
    scheduleId: text('schedule_id')
      .notNull()
      .references(() => schedules.id),
    causeKey: text('cause_key').notNull(),
    turn: bigint('turn', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.scheduleId, table.causeKey] }),
    unique('taken_turns_once').on(table.scheduleId, table.turn),
  ],
);
