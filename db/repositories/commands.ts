import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import type { Actor } from '#domain/actor.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { newId, sha256Hex } from '../ids.ts';
import { commands } from '../schema/index.ts';
import { audit } from './audit-events.ts';

export type CommandRow = typeof commands.$inferSelect & {
  actor: Actor;
  input: { [key: string]: Json };
  aggregateKind: AggregateKind;
};
export type CommandMode = 'start' | 'update' | 'signal';

export interface NewCommand {
  readonly principalId: string;
  /** The asker's own key, or for what Vigil leaves to itself the natural key of the cause. */
  readonly idempotencyKey: string;
  readonly requestSha256?: string;
  readonly mode: CommandMode;
  readonly name: string;
  readonly kind: AggregateKind;
  readonly aggregateId: string;
  /** Where it goes to, when that is not the aggregate's own workflow. */
  readonly workflowId?: string;
  readonly input: { readonly [key: string]: Json };
  readonly actor: Actor;
  readonly requestId?: string | null;
  /** 1 is delivered first. */
  readonly priority: number;
  /** Of equal priority, each share has its turn: a storm of one service does not hold up another's first page. */
  readonly shareKey?: string;
  /** How long the relay leaves the row to the API that wrote it, milliseconds. 0: the relay's at once. */
  readonly reservedForMs?: number;
}

/**
 * Due whatever the clock says. The present moment is stored in whole milliseconds, and rounded up it lies in the future:
 * the relay, woken by the commit, would pass over the row until its next poll.
 */
const dueAtOnce = sql`to_timestamp(0)`;

/** How Vigil names itself where it acts by its own rules. */
export const systemActor: Actor = { kind: 'system', id: 'vigil' };

/**
 * Inserts a command, or finds the one that the same principal wrote under the same key before.
 *
 * `isNew` tells which; an older row is returned untouched, whatever it asked for.
 */
export async function insertCommand(db: Queryable, command: NewCommand): Promise<{ row: CommandRow; isNew: boolean }> {
  const [inserted] = await db
    .insert(commands)
    .values({
      id: newId('command'),
      principalId: command.principalId,
      idempotencyKey: command.idempotencyKey,
      requestSha256: command.requestSha256 ?? sha256Hex(command.idempotencyKey),
      mode: command.mode,
      name: command.name,
      aggregateKind: command.kind,
      aggregateId: command.aggregateId,
      workflowId: workflowOf(command),
      input: command.input,
      actor: command.actor,
      requestId: command.requestId ?? null,
      priority: command.priority,
      shareKey: command.shareKey ?? '',
      nextAttemptAt: command.reservedForMs
        ? sql`now() + make_interval(secs => ${command.reservedForMs / 1_000})`
        : dueAtOnce,
    })
    .onConflictDoNothing({ target: [commands.principalId, commands.idempotencyKey] })
    .returning();
  if (inserted) return { row: inserted as CommandRow, isNew: true };
  const row = await findCommandByKey(db, command.principalId, command.idempotencyKey);
  if (!row) throw new Error('a command that conflicted is not there');
  return { row, isNew: false };
}

const workflowOf = ({
  workflowId,
  kind,
  aggregateId,
}: Pick<NewCommand, 'workflowId' | 'kind' | 'aggregateId'>): string => workflowId ?? `${kind}:${aggregateId}`;

export type LeftCommand = Omit<NewCommand, 'principalId' | 'actor' | 'reservedForMs'> & { readonly actor?: Actor };

/** Leaves a command to the relay and wakes it at commit: the fact and its message are one transaction. */
export const leaveCommand = (tx: Transaction, command: LeftCommand): Promise<void> => leaveCommands(tx, [command]);

/** Leaves them in this order; one whose cause has left it before is passed over. */
export async function leaveCommands(tx: Transaction, left: readonly LeftCommand[]): Promise<void> {
  if (left.length === 0) return;
  await tx.execute(sql`WITH told AS (${insertCommands(left)}) SELECT pg_notify('vigil_commands', '')`);
}

/** The statement that inserts them, to be part of a larger one. Whoever runs it wakes the relay. */
export function insertCommands(left: readonly LeftCommand[], where = sql`true`): SQL {
  const rows = left.map((command) => ({
    id: newId('command'),
    idempotency_key: command.idempotencyKey,
    request_sha256: command.requestSha256 ?? sha256Hex(command.idempotencyKey),
    mode: command.mode,
    name: command.name,
    kind: command.kind,
    aggregate_id: command.aggregateId,
    workflow_id: workflowOf(command),
    input: command.input,
    actor: command.actor ?? systemActor,
    request_id: command.requestId ?? null,
    priority: command.priority,
    share_key: command.shareKey ?? '',
  }));
  return sql`
    INSERT INTO commands (id, principal_id, idempotency_key, request_sha256, mode, name, aggregate_kind, aggregate_id,
      workflow_id, input, actor, request_id, priority, share_key, next_attempt_at)
    SELECT id, 'vigil', idempotency_key, request_sha256, mode, name, kind, aggregate_id,
      workflow_id, input, actor, request_id, priority, share_key, ${dueAtOnce}
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (id text, idempotency_key text,
      request_sha256 text, mode text, name text, kind text, aggregate_id text, workflow_id text, input jsonb, actor jsonb,
      request_id text, priority smallint, share_key text)) WITH ORDINALITY
    WHERE ${where}
    ORDER BY ordinality
    ON CONFLICT (principal_id, idempotency_key) DO NOTHING`;
}

export async function findCommand(db: Queryable, id: string): Promise<CommandRow | null> {
  const [row] = await db.select().from(commands).where(eq(commands.id, id));
  return (row as CommandRow | undefined) ?? null;
}

export async function findCommandByKey(db: Queryable, principalId: string, key: string): Promise<CommandRow | null> {
  const [row] = await db
    .select()
    .from(commands)
    .where(and(eq(commands.principalId, principalId), eq(commands.idempotencyKey, key)));
  return (row as CommandRow | undefined) ?? null;
}

/** True while a message that was written earlier is still on its way to the same workflow. */
export async function hasEarlierPending(db: Queryable, row: CommandRow): Promise<boolean> {
  const [earlier] = await db
    .select({ id: commands.id })
    .from(commands)
    .where(and(eq(commands.workflowId, row.workflowId), eq(commands.status, 'pending'), lt(commands.seq, row.seq)))
    .limit(1);
  return earlier !== undefined;
}

export type Outcome =
  | { readonly status: 'done'; readonly answer: { readonly [key: string]: Json } }
  | { readonly status: 'refused' | 'failed'; readonly code: string; readonly detail: { readonly [key: string]: Json } };

/**
 * Stores how a command ended and returns the outcome that stands: the first stays, a later one is dropped.
 *
 * A refusal gets its audit event here, since Temporal keeps no trace of a rejected update.
 */
export async function settleCommand(tx: Transaction, row: CommandRow, outcome: Outcome): Promise<Outcome> {
  const settledRows = await tx
    .update(commands)
    .set({ status: outcome.status, outcome, settledAt: sql`now()`, attempts: sql`${commands.attempts} + 1` })
    .where(and(eq(commands.id, row.id), eq(commands.status, 'pending')))
    .returning({ id: commands.id });
  if (settledRows.length === 0) return ((await findCommand(tx, row.id))?.outcome as Outcome | null) ?? outcome;
  if (outcome.status === 'done') return outcome;
  await audit(
    tx,
    { kind: row.aggregateKind, id: row.aggregateId },
    {
      actor: row.actor,
      action: `${row.aggregateKind}.${row.name}.${outcome.status}`,
      reason: outcome.code,
      cause: row.id,
      ...(row.requestId === null ? {} : { requestId: row.requestId }),
      workflowId: row.workflowId,
      data: { detail: outcome.detail },
    },
  );
  return outcome;
}

/**
 * Hands a command to the relay: the API could not deliver it now. What the relay has put off for the same workflow comes
 * first, so that is due now as well: a person waits behind it.
 */
export async function releaseCommand(db: Queryable, row: CommandRow): Promise<void> {
  await db.execute(
    sql`WITH waiting AS (
          SELECT id FROM commands WHERE status = 'pending' AND workflow_id = ${row.workflowId} AND seq <= ${row.seq}
            AND (id = ${row.id} OR attempts > 0) FOR UPDATE SKIP LOCKED),
        released AS (
          UPDATE commands SET next_attempt_at = ${dueAtOnce}, attempts = attempts + (commands.id = ${row.id})::int
          FROM waiting WHERE commands.id = waiting.id RETURNING 1)
        SELECT pg_notify('vigil_commands', '') FROM released LIMIT 1`,
  );
}

/**
 * Claims up to `limit` due commands for as long as `tx` is open: worst severity first, then each share in turn, and of one
 * workflow only the oldest, so that its messages keep their order. Rows that another relay holds are passed over; a killed
 * relay frees its rows with its connection.
 */
export async function claimCommands(tx: Transaction, limit: number): Promise<CommandRow[]> {
  await tx.execute(walkIndexes);
  // Each share's oldest are found through the index, so a long queue of one costs no more than a short one.
  const heads = sql`
    WITH RECURSIVE shares AS (
      (SELECT priority, share_key FROM commands WHERE status = 'pending' ORDER BY priority, share_key LIMIT 1)
      UNION ALL
      SELECT next.priority, next.share_key FROM shares CROSS JOIN LATERAL (
        SELECT priority, share_key FROM commands
        WHERE status = 'pending' AND (priority, share_key) > (shares.priority, shares.share_key)
        ORDER BY priority, share_key LIMIT 1) AS next),
    first_shares AS MATERIALIZED (SELECT * FROM shares LIMIT ${sharesAtOnce}),
    heads AS (
      SELECT head.* FROM first_shares CROSS JOIN LATERAL (
        SELECT id, priority, share_key, seq, row_number() OVER (ORDER BY seq) AS turn FROM commands waiting
        WHERE status = 'pending' AND priority = first_shares.priority AND share_key = first_shares.share_key
          AND next_attempt_at <= now() AND seq = (
            SELECT seq FROM commands oldest
            WHERE oldest.status = 'pending' AND oldest.workflow_id = waiting.workflow_id ORDER BY seq LIMIT 1)
        ORDER BY seq
        -- Others may hold the first ones of each.
        LIMIT (SELECT greatest(${shortQueue + 1}, 256 / count(*)) FROM first_shares)) AS head),
    ranked AS MATERIALIZED (
      SELECT *, count(*) OVER (PARTITION BY priority, share_key) > ${shortQueue} AS is_long FROM heads)`;
  // Long queues are all old: among them chance is fair, and before them goes whoever has a short one.
  const { rows } = await tx.execute<{ id: string }>(sql`${heads}
    SELECT commands.id FROM ranked JOIN commands USING (id) WHERE ${isAmong(sql`ranked`)}
    ORDER BY ranked.priority, ranked.turn, ranked.is_long, CASE WHEN ranked.is_long THEN random() END, ranked.seq
    LIMIT ${limit} FOR UPDATE OF commands SKIP LOCKED`);
  return readClaimed(tx, rows);
}

/**
 * Claims what must not wait even when little is started, all of it of the highest priority: what people asked for, such as
 * acknowledgements, and all else that has waited for some seconds; oldest first. Of a workflow that is its oldest message,
 * whose it may be: the asker's own comes after it. To be called before `claimCommands`, which may return the same rows again.
 */
export async function claimUrgent(tx: Transaction, limit: number): Promise<CommandRow[]> {
  await tx.execute(walkIndexes);
  const { rows } = await tx.execute<{ id: string }>(sql`
    WITH urgent AS MATERIALIZED (
      SELECT workflow_id, bool_or(principal_id <> 'vigil') AS is_asked, min(seq) AS first FROM commands
      -- By the index of what is pending: a storm of anything milder costs nothing here.
      WHERE status = 'pending' AND priority = 1
        AND (principal_id <> 'vigil' OR created_at < now() - make_interval(secs => ${worstWaitSeconds}))
      GROUP BY workflow_id),
    heads AS MATERIALIZED (
      SELECT head.id, urgent.is_asked, urgent.first FROM urgent CROSS JOIN LATERAL (
        SELECT id FROM commands WHERE status = 'pending' AND workflow_id = urgent.workflow_id ORDER BY seq LIMIT 1) AS head)
    SELECT commands.id FROM heads JOIN commands USING (id) WHERE ${isAmong(sql`heads`)} AND commands.next_attempt_at <= now()
    ORDER BY heads.is_asked DESC, heads.first
    LIMIT ${limit} FOR UPDATE OF commands SKIP LOCKED`);
  return readClaimed(tx, rows);
}

/**
 * Claims read what the indexes of pending commands put first, whatever the planner believes.
 *
 * How many wait goes from none to a hundred thousand and back within minutes, so its statistics are wrong as a rule; with
 * those of an empty queue it reads and sorts all that waits, or compares each with each: seconds a claim, in a storm. With
 * those of a long one it would take the trouble to compile a statement of milliseconds (`jit`).
 */
const walkIndexes = sql`SELECT set_config(name, 'off', true)
  FROM unnest(ARRAY['enable_sort', 'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) AS name`;

/**
 * Holds for the pending commands that this part of the query names, found by their keys: an index of what is pending, which
 * the same said by `status` invites to, would be read from end to end.
 */
const isAmong = (part: SQL): SQL =>
  sql`commands.id = ANY (ARRAY(SELECT id FROM ${part})) AND commands.settled_at IS NULL`;

/** Pages of the worst severity are to be out within seconds, whatever else comes in. */
const worstWaitSeconds = 2;

async function readClaimed(tx: Transaction, rows: readonly { readonly id: string }[]): Promise<CommandRow[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const claimed = (await tx.select().from(commands).where(inArray(commands.id, ids))) as CommandRow[];
  return claimed.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}

/** So many shares have their turn in one claim; the rest in the next ones, as these are served. */
const sharesAtOnce = 200;
/** A share with at most so many waiting goes before those with more. */
const shortQueue = 8;

/** Puts claimed commands off after a failed delivery; each failure doubles the wait, up to 30 s. */
export async function postponeCommands(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .update(commands)
    .set({
      attempts: sql`${commands.attempts} + 1`,
      nextAttemptAt: sql`now() + make_interval(secs => least(30, 0.5 * power(2, least(${commands.attempts}, 10))))`,
    })
    .where(inArray(commands.id, [...ids]));
}

export async function oldestPendingAgeMs(db: Database): Promise<number> {
  const { rows } = await db.execute<{ age: string | null }>(
    sql`SELECT extract(epoch FROM now() - min(created_at)) * 1000 AS age FROM commands WHERE status = 'pending'`,
  );
  return Number(rows[0]?.age ?? 0);
}
