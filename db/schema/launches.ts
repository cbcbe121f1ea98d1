import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { at, createdAt, id, oneOf } from './columns.ts';
import { services } from './escalation.ts';
import { notes, persons, principals, teams } from './principals.ts';

export const products = pgTable(
  'products',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    key: text('key').notNull().unique(),
    name: text('name').notNull(),
    /** Where people are woken for it: late cases, failed enforcement, missed canaries, holds. */
    serviceId: text('service_id')
      .notNull()
      .references(() => services.id),
    /** Two-letter codes of the countries where it is offered: the scope of a restriction, in its statement of reasons. */
    countries: text('countries').array().notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('products_team').on(table.teamId), index('products_service').on(table.serviceId)],
);

export const launches = pgTable(
  'launches',
  {
    id: id(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    name: text('name').notNull(),
    openedBy: text('opened_by')
      .notNull()
      .references(() => persons.id),
    version: integer('version').notNull().default(0),
    status: text('status').notNull(),
    tier: text('tier'),
    stagePercent: integer('stage_percent').notNull().default(0),
    onHold: boolean('on_hold').notNull().default(false),
    state: jsonb('state'),
    openedAt: at('opened_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    closedAt: at('closed_at'),
  },
  (table) => [
    index('launches_product').on(table.productId),
    index('launches_team').on(table.teamId, table.openedAt),
    index('launches_opened_by').on(table.openedBy),
  ],
);

export const launchRequirements = pgTable(
  'launch_requirements',
  {
    launchId: text('launch_id')
      .notNull()
      .references(() => launches.id),
    requirementId: text('requirement_id').notNull(),
    state: text('state').notNull(),
    blocking: boolean('blocking').notNull(),
    ownerRole: text('owner_role').notNull(),
    ownerPersonId: text('owner_person_id').references(() => persons.id),
    dueAt: at('due_at'),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.launchId, table.requirementId] }),
    index('launch_requirements_owner').on(table.ownerPersonId),
    check(
      'launch_requirements_state',
      oneOf('state', [
        'pass',
        'fail',
        'warn',
        'not_applicable',
        'not_reported',
        'error',
        'stale',
        'waived',
        'inconclusive',
      ]),
    ),
  ],
);

export const evidence = pgTable(
  'evidence',
  {
    id: id(),
    launchId: text('launch_id')
      .notNull()
      .references(() => launches.id),
    requirementId: text('requirement_id').notNull(),
    reference: text('reference').notNull(),
    sha256: text('sha256').notNull(),
    collectedBy: text('collected_by')
      .notNull()
      .references(() => principals.id),
    collectedAt: at('collected_at')
      .notNull()
      .default(sql`now()`),
    validUntil: at('valid_until').notNull(),
  },
  (table) => [
    index('evidence_launch').on(table.launchId, table.requirementId),
    index('evidence_collected_by').on(table.collectedBy),
  ],
);

/** Every run of every check, kept for ever: what was observed, against which threshold, over which population. */
export const checkRuns = pgTable(
  'check_runs',
  {
    id: id(),
    launchId: text('launch_id')
      .notNull()
      .references(() => launches.id),
    requirementId: text('requirement_id').notNull(),
    probe: text('probe').notNull(),
    state: text('state').notNull(),
    observed: doublePrecision('observed'),
    threshold: doublePrecision('threshold'),
    population: bigint('population', { mode: 'number' }).notNull(),
    windowMs: bigint('window_ms', { mode: 'number' }).notNull(),
    /** Of the facts that were read, which `probe_facts` keeps for Vigil's own runs; null when nothing was measured. */
    evidenceHash: text('evidence_hash'),
    details: jsonb('details').notNull(),
    reportedBy: text('reported_by').references(() => principals.id),
    runAt: at('run_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    index('check_runs_launch').on(table.launchId, table.requirementId, table.runAt),
    index('check_runs_reported_by').on(table.reportedBy),
    check(
      'check_runs_pass_is_measured',
      sql`${table.state} <> 'pass' OR (${table.population} > 0 AND ${table.observed} IS NOT NULL AND ${table.evidenceHash} IS NOT NULL)`,
    ),
  ],
);

/** The facts behind Vigil's own measurements, found by the hash that a check run or a stage analysis names. */
export const probeFacts = pgTable('probe_facts', {
  sha256: text('sha256').primaryKey(),
  facts: jsonb('facts').notNull(),
  createdAt: createdAt(),
});

export const signOffs = pgTable(
  'sign_offs',
  {
    id: id(),
    launchId: text('launch_id')
      .notNull()
      .references(() => launches.id),
    role: text('role').notNull(),
    choice: text('choice').notNull(),
    decidedBy: text('decided_by')
      .notNull()
      .references(() => persons.id),
    evidenceSetHash: text('evidence_set_hash').notNull(),
    catalogueVersion: text('catalogue_version').notNull(),
    noteId: text('note_id').references(() => notes.id),
    decidedAt: at('decided_at').notNull(),
  },
  (table) => [
    check('sign_offs_choice', oneOf('choice', ['approve', 'approve_with_conditions', 'object', 'abstain'])),
    index('sign_offs_launch').on(table.launchId),
    index('sign_offs_decided_by').on(table.decidedBy),
    index('sign_offs_note').on(table.noteId),
  ],
);

/** `withdrawn`: taken back by whoever asked. `superseded`: renewed, or its requirement does not apply any more. */
const waiverStatuses = ['requested', 'approved', 'refused', 'withdrawn', 'expired', 'revoked', 'superseded'];

export const waivers = pgTable(
  'waivers',
  {
    id: id(),
    launchId: text('launch_id')
      .notNull()
      .references(() => launches.id),
    requirementId: text('requirement_id').notNull(),
    status: text('status').notNull(),
    reasonCode: text('reason_code').notNull(),
    noteId: text('note_id').references(() => notes.id),
    requestedBy: text('requested_by')
      .notNull()
      .references(() => persons.id),
    decidedBy: text('decided_by').references(() => persons.id),
    revokedBy: text('revoked_by').references(() => persons.id),
    expiresAt: at('expires_at'),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    check('waivers_status', oneOf('status', waiverStatuses)),
    check('waivers_four_eyes', sql`${table.decidedBy} IS NULL OR ${table.decidedBy} <> ${table.requestedBy}`),
    check(
      'waivers_decided',
      sql`${table.status} NOT IN ('approved', 'refused', 'expired', 'revoked') OR ${table.decidedBy} IS NOT NULL`,
    ),
    check('waivers_revoked', sql`${table.status} <> 'revoked' OR ${table.revokedBy} IS NOT NULL`),
    index('waivers_launch').on(table.launchId),
    index('waivers_requested_by').on(table.requestedBy),
    index('waivers_decided_by').on(table.decidedBy),
    index('waivers_revoked_by').on(table.revokedBy),
    index('waivers_note').on(table.noteId),
  ],
);

export const stages = pgTable(
  'stages',
  {
    launchId: text('launch_id')
      .notNull()
      .references(() => launches.id),
    percent: integer('percent').notNull(),
    decidedBy: text('decided_by')
      .notNull()
      .references(() => persons.id),
    openedAt: at('opened_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.launchId, table.percent] }),
    check('stages_percent', sql`${table.percent} IN (1, 10, 50, 100)`),
    index('stages_decided_by').on(table.decidedBy),
  ],
);

export const canaryRuns = pgTable(
  'canary_runs',
  {
    id: id(),
    launchId: text('launch_id').references(() => launches.id),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    detectorVersionId: text('detector_version_id').notNull(),
    version: integer('version').notNull().default(0),
    status: text('status').notNull(),
    state: jsonb('state'),
    /** The account that the synthetic event of this run pretends to be: how its signal and case are recognised. */
    accountRef: text('account_ref').notNull(),
    openedAt: at('opened_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    closedAt: at('closed_at'),
  },
  (table) => [
    index('canary_runs_launch').on(table.launchId),
    index('canary_runs_product').on(table.productId),
    index('canary_runs_team').on(table.teamId, table.openedAt),
    uniqueIndex('canary_runs_ref').on(table.accountRef),
  ],
);
