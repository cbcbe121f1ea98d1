import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import { roles } from '#domain/actor.ts';
import { channels } from '#domain/oncall/notification-rules.ts';
import { at, createdAt, id, oneOf } from './columns.ts';

export const teams = pgTable('teams', {
  id: id(),
  key: text('key').notNull().unique(),
  name: text('name').notNull(),
  createdAt: createdAt(),
});

export const principals = pgTable(
  'principals',
  {
    id: id(),
    kind: text('kind').notNull(),
    name: text('name').notNull(),
    createdAt: createdAt(),
    disabledAt: at('disabled_at'),
  },
  (table) => [
    check('principals_kind', oneOf('kind', ['person', 'service'])),
    check('principals_kind_matches_id', sql`(${table.kind} = 'person') = starts_with(${table.id}, 'per_')`),
  ],
);

/** Terminal decisions reference this table, so the database itself refuses one that no person made. */
export const persons = pgTable(
  'persons',
  {
    id: text('id')
      .primaryKey()
      .references(() => principals.id),
    timeZone: text('time_zone').notNull().default('UTC'),
    quietHours: text('quiet_hours'),
  },
  (table) => [check('persons_id', sql`starts_with(${table.id}, 'per_')`)],
);

export const roleGrants = pgTable(
  'role_grants',
  {
    id: id(),
    principalId: text('principal_id')
      .notNull()
      .references(() => principals.id),
    role: text('role').notNull(),
    teamId: text('team_id').references(() => teams.id),
    grantedBy: text('granted_by').references(() => principals.id),
    grantedAt: at('granted_at')
      .notNull()
      .default(sql`now()`),
    revokedAt: at('revoked_at'),
  },
  (table) => [
    check('role_grants_role', oneOf('role', roles)),
    uniqueIndex('role_grants_active')
      .on(table.principalId, table.role, sql`coalesce(${table.teamId}, '')`)
      .where(sql`${table.revokedAt} IS NULL`),
    index('role_grants_team').on(table.teamId),
    index('role_grants_granted_by').on(table.grantedBy),
  ],
);

export const tokens = pgTable(
  'tokens',
  {
    id: id(),
    principalId: text('principal_id')
      .notNull()
      .references(() => principals.id),
    sha256: text('sha256').notNull().unique(),
    label: text('label').notNull(),
    createdAt: createdAt(),
    expiresAt: at('expires_at').notNull(),
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
  },
  (table) => [index('tokens_principal').on(table.principalId)],
);

export const contactMethods = pgTable(
  'contact_methods',
  {
    id: id(),
    personId: text('person_id')
      .notNull()
      .references(() => persons.id),
    channel: text('channel').notNull(),
    address: text('address').notNull(),
    createdAt: createdAt(),
    verifiedAt: at('verified_at'),
    disabledAt: at('disabled_at'),
  },
  (table) => [
    check('contact_methods_channel', oneOf('channel', channels)),
    index('contact_methods_person').on(table.personId),
    // Whose a number or a user of a chat is that answers.
    index('contact_methods_address').on(table.channel, table.address),
  ],
);

export const notificationRules = pgTable(
  'notification_rules',
  {
    id: id(),
    personId: text('person_id')
      .notNull()
      .references(() => persons.id),
    urgency: text('urgency').notNull(),
    position: integer('position').notNull(),
    delayMinutes: integer('delay_minutes').notNull(),
    contactMethodId: text('contact_method_id')
      .notNull()
      .references(() => contactMethods.id),
    createdAt: createdAt(),
  },
  (table) => [
    check('notification_rules_urgency', oneOf('urgency', ['high', 'low'])),
    check('notification_rules_delay', sql`${table.delayMinutes} >= 0`),
    unique('notification_rules_position').on(table.personId, table.urgency, table.position),
    index('notification_rules_contact_method').on(table.contactMethodId),
  ],
);

/** The free text that people write. Workflows, histories and audit events hold only its id. */
export const notes = pgTable(
  'notes',
  {
    id: id(),
    authorId: text('author_id')
      .notNull()
      .references(() => principals.id),
    body: text('body').notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('notes_author').on(table.authorId)],
);
