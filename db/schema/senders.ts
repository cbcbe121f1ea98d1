import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { at, createdAt, factSeq, id, oneOf } from './columns.ts';
import { integrations, services } from './escalation.ts';
import { persons, principals, teams } from './principals.ts';

/** What a sender shows to be let in. Only its hash is kept; during a rotation an integration has two. */
export const integrationKeys = pgTable(
  'integration_keys',
  {
    id: id(),
    integrationId: text('integration_id')
      .notNull()
      .references(() => integrations.id),
    sha256: text('sha256').notNull(),
    createdBy: text('created_by')
      .notNull()
      .references(() => principals.id),
    createdAt: createdAt(),
    revokedAt: at('revoked_at'),
  },
  (table) => [
    // A key that was brought to the wrong place can be revoked there and brought elsewhere.
    uniqueIndex('integration_keys_live')
      .on(table.sha256)
      .where(sql`${table.revokedAt} IS NULL`),
    index('integration_keys_integration').on(table.integrationId),
    index('integration_keys_created_by').on(table.createdBy),
  ],
);

/** Alerts that match are counted and page nobody, until the rule expires. */
export const suppressionRules = pgTable(
  'suppression_rules',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    name: text('name').notNull(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => persons.id),
    /** Null: for every service of the team. */
    serviceId: text('service_id').references(() => services.id),
    /** Null: whoever reports. */
    integrationId: text('integration_id').references(() => integrations.id),
    conditions: jsonb('conditions').notNull(),
    version: integer('version').notNull().default(1),
    expiresAt: at('expires_at').notNull(),
    createdBy: text('created_by')
      .notNull()
      .references(() => persons.id),
    createdAt: createdAt(),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    endedAt: at('ended_at'),
    endedBy: text('ended_by').references(() => persons.id),
  },
  (table) => [
    check('suppression_rules_end', sql`(${table.endedAt} IS NULL) = (${table.endedBy} IS NULL)`),
    index('suppression_rules_live')
      .on(table.expiresAt)
      .where(sql`${table.endedAt} IS NULL`),
    index('suppression_rules_team').on(table.teamId, table.createdAt),
    index('suppression_rules_owner').on(table.ownerId),
    index('suppression_rules_service').on(table.serviceId),
    index('suppression_rules_integration').on(table.integrationId),
    index('suppression_rules_created_by').on(table.createdBy),
    index('suppression_rules_ended_by').on(table.endedBy),
  ],
);

/** What each rule kept quiet: one row a key, counted. */
export const suppressedAlerts = pgTable(
  'suppressed_alerts',
  {
    ruleId: text('rule_id')
      .notNull()
      .references(() => suppressionRules.id),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    dedupKey: text('dedup_key').notNull(),
    reportedBy: text('reported_by').notNull(),
    severity: smallint('severity').notNull(),
    title: text('title').notNull(),
    count: bigint('count', { mode: 'number' }).notNull().default(1),
    firstAt: at('first_at')
      .notNull()
      .default(sql`now()`),
    lastAt: at('last_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ name: 'suppressed_alerts_key', columns: [table.ruleId, table.serviceId, table.dedupKey] }),
    index('suppressed_alerts_service').on(table.serviceId, table.lastAt),
  ],
);

/** The single alerts of a group that fire now, by the source's fingerprint: the group is over when none is left. */
export const firingAlerts = pgTable(
  'firing_alerts',
  {
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    dedupKey: text('dedup_key').notNull(),
    fingerprint: text('fingerprint').notNull(),
    /** The latest start that the source told of. */
    startedAt: at('started_at').notNull(),
    /** The latest end that it told of. It fires when its start is later; a report of an older firing changes nothing. */
    endedAt: at('ended_at'),
    seenAt: at('seen_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ name: 'firing_alerts_key', columns: [table.serviceId, table.dedupKey, table.fingerprint] }),
    // For housekeeping: each row is in one of the two.
    index('firing_alerts_over')
      .on(table.seenAt)
      .where(sql`${table.endedAt} >= ${table.startedAt}`),
    index('firing_alerts_firing')
      .on(table.seenAt)
      .where(sql`${table.endedAt} IS NULL OR ${table.endedAt} < ${table.startedAt}`),
  ],
);

/** Changes that senders tell of, such as deployments: shown beside escalations, and page nobody. */
export const changeEvents = pgTable(
  'change_events',
  {
    id: id(),
    seq: factSeq('seq'),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    reportedBy: text('reported_by').notNull(),
    summary: text('summary').notNull(),
    source: text('source'),
    /** When the change happened, as its source says. */
    happenedAt: at('happened_at').notNull(),
    details: jsonb('details'),
    links: jsonb('links'),
    receivedAt: at('received_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [index('change_events_service').on(table.serviceId, table.happenedAt)],
);

/** Pages when a beat is missed. The state is that of its workflow; beats are facts and live here. */
export const heartbeatMonitors = pgTable(
  'heartbeat_monitors',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    name: text('name').notNull(),
    sha256: text('sha256').notNull(),
    /** A beat is missed this long after the last one. */
    intervalSeconds: integer('interval_seconds').notNull(),
    severity: smallint('severity').notNull(),
    version: integer('version').notNull().default(0),
    status: text('status').notNull(),
    state: jsonb('state'),
    lastBeatAt: at('last_beat_at'),
    beats: bigint('beats', { mode: 'number' }).notNull().default(0),
    createdBy: text('created_by')
      .notNull()
      .references(() => persons.id),
    createdAt: createdAt(),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    closedAt: at('closed_at'),
  },
  (table) => [
    check('heartbeat_monitors_interval', sql`${table.intervalSeconds} BETWEEN 60 AND 2592000`),
    check('heartbeat_monitors_severity', sql`${table.severity} BETWEEN 1 AND 4`),
    check(
      'heartbeat_monitors_status',
      oneOf('status', ['opening', 'waiting', 'beating', 'missed', 'paused', 'closed']),
    ),
    uniqueIndex('heartbeat_monitors_live')
      .on(table.sha256)
      .where(sql`${table.closedAt} IS NULL`),
    index('heartbeat_monitors_team').on(table.teamId, table.createdAt),
    index('heartbeat_monitors_service').on(table.serviceId),
    index('heartbeat_monitors_created_by').on(table.createdBy),
  ],
);
