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
import { at, createdAt, factSeq, id, oneOf } from './columns.ts';
import { contentItems, signals } from './detection.ts';
import { launches, products } from './launches.ts';
import { notes, persons, teams } from './principals.ts';

export const policies = pgTable('policies', {
  id: id(),
  key: text('key').notNull().unique(),
  title: text('title').notNull(),
  harm: text('harm').notNull(),
  createdAt: createdAt(),
});

/** The text that a reviewer saw: published once, never changed; a decision names the version. */
export const policyVersions = pgTable(
  'policy_versions',
  {
    id: id(),
    policyId: text('policy_id')
      .notNull()
      .references(() => policies.id),
    number: integer('number').notNull(),
    body: text('body').notNull(),
    sha256: text('sha256').notNull(),
    publishedBy: text('published_by')
      .notNull()
      .references(() => persons.id),
    publishedAt: at('published_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    unique('policy_versions_number').on(table.policyId, table.number),
    index('policy_versions_published_by').on(table.publishedBy),
  ],
);

export const cases = pgTable(
  'cases',
  {
    id: id(),
    productId: text('product_id')
      .notNull()
      .references(() => products.id),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    accountRef: text('account_ref').notNull(),
    harm: text('harm').notNull(),
    severity: smallint('severity').notNull(),
    synthetic: boolean('synthetic').notNull(),
    launchId: text('launch_id').references(() => launches.id),
    policyVersionId: text('policy_version_id')
      .notNull()
      .references(() => policyVersions.id),
    version: integer('version').notNull().default(0),
    status: text('status').notNull(),
    state: jsonb('state'),
    signalCount: integer('signal_count').notNull().default(0),
    openedAt: at('opened_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: at('updated_at')
      .notNull()
      .default(sql`now()`),
    decidedAt: at('decided_at'),
    closedAt: at('closed_at'),
  },
  (table) => [
    // Signals about one account and harm feed one undecided case: an invariant of the database, not of code.
    uniqueIndex('cases_open_subject')
      .on(table.productId, table.accountRef, table.harm, table.synthetic)
      .where(sql`${table.closedAt} IS NULL AND ${table.decidedAt} IS NULL`),
    index('cases_team').on(table.teamId, table.openedAt),
    index('cases_launch').on(table.launchId),
    index('cases_policy_version').on(table.policyVersionId),
    check('cases_severity', sql`${table.severity} BETWEEN 1 AND 4`),
  ],
);

export const caseSignals = pgTable(
  'case_signals',
  {
    caseId: text('case_id')
      .notNull()
      .references(() => cases.id),
    signalId: text('signal_id')
      .notNull()
      .unique()
      .references(() => signals.id),
    seq: factSeq('seq'),
    addedAt: at('added_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.caseId, table.signalId] })],
);

export const reviewQueues = pgTable(
  'review_queues',
  {
    id: id(),
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id),
    key: text('key').notNull().unique(),
    title: text('title').notNull(),
    /** Only a sensitive_reviewer may claim from it. */
    sensitive: boolean('sensitive').notNull().default(false),
    /** Harm codes that are routed here; the queue with an empty list takes what no other takes. */
    harms: text('harms')
      .array()
      .notNull()
      .default(sql`'{}'`),
    position: integer('position').notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [index('review_queues_team').on(table.teamId)],
);

export const reviewTasks = pgTable(
  'review_tasks',
  {
    id: id(),
    caseId: text('case_id')
      .notNull()
      .references(() => cases.id),
    queueId: text('queue_id')
      .notNull()
      .references(() => reviewQueues.id),
    round: integer('round').notNull(),
    severity: smallint('severity').notNull(),
    status: text('status').notNull(),
    dueAt: at('due_at').notNull(),
    leaseOwner: text('lease_owner').references(() => persons.id),
    /** Fencing token: rises with each claim, so that a decision under a lost lease is refused. */
    leaseToken: bigint('lease_token', { mode: 'number' }).notNull().default(0),
    leaseClaimedAt: at('lease_claimed_at'),
    leaseExpiresAt: at('lease_expires_at'),
    /** People who must not get this task: they decided an earlier round of the case. */
    excluded: text('excluded')
      .array()
      .notNull()
      .default(sql`'{}'`),
    firstLookAt: at('first_look_at'),
    createdAt: createdAt(),
    settledAt: at('settled_at'),
  },
  (table) => [
    check('review_tasks_status', oneOf('status', ['open', 'decided', 'withdrawn'])),
    unique('review_tasks_round').on(table.caseId, table.round),
    index('review_tasks_claim_next')
      .on(table.queueId, table.severity, table.dueAt, table.id)
      .where(sql`${table.status} = 'open'`),
    index('review_tasks_lease_owner').on(table.leaseOwner),
  ],
);

export const decisions = pgTable(
  'decisions',
  {
    id: id(),
    taskId: text('task_id')
      .notNull()
      .unique()
      .references(() => reviewTasks.id),
    caseId: text('case_id')
      .notNull()
      .references(() => cases.id),
    verdict: text('verdict').notNull(),
    decidedBy: text('decided_by')
      .notNull()
      .references(() => persons.id),
    decidedAsRole: text('decided_as_role').notNull(),
    policyVersionId: text('policy_version_id')
      .notNull()
      .references(() => policyVersions.id),
    leaseToken: bigint('lease_token', { mode: 'number' }).notNull(),
    enforcement: jsonb('enforcement'),
    noteId: text('note_id').references(() => notes.id),
    decidedAt: at('decided_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    check('decisions_verdict', oneOf('verdict', ['violation', 'no_violation', 'escalate'])),
    index('decisions_case').on(table.caseId),
    index('decisions_decided_by').on(table.decidedBy),
    index('decisions_policy_version').on(table.policyVersionId),
    index('decisions_note').on(table.noteId),
  ],
);

/** Machine output: shown or hidden, never a decision. */
export const suggestions = pgTable(
  'suggestions',
  {
    id: id(),
    taskId: text('task_id')
      .notNull()
      .references(() => reviewTasks.id),
    source: text('source').notNull(),
    verdict: text('verdict').notNull(),
    score: text('score'),
    outcome: text('outcome'),
    createdAt: createdAt(),
  },
  (table) => [
    check('suggestions_outcome', oneOf('outcome', ['accepted', 'edited', 'rejected', 'ignored'])),
    index('suggestions_task').on(table.taskId),
  ],
);

export const exposureEntries = pgTable(
  'exposure_entries',
  {
    id: id(),
    personId: text('person_id')
      .notNull()
      .references(() => persons.id),
    taskId: text('task_id')
      .notNull()
      .references(() => reviewTasks.id),
    contentId: text('content_id')
      .notNull()
      .references(() => contentItems.id),
    shownAt: at('shown_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    index('exposure_entries_person').on(table.personId, table.shownAt),
    index('exposure_entries_task').on(table.taskId),
    index('exposure_entries_content').on(table.contentId),
  ],
);
