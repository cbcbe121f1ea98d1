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
 * Gives the relay the start of a workflow once more, of which neither Temporal nor the record knows anything; false where
 * there is none that was done. One that Temporal knows after all is not started a second time.
 */
export async function startAgain(tx: Transaction, kind: AggregateKind, id: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    WITH again AS (
      UPDATE commands SET status = 'pending', outcome = NULL, settled_at = NULL, attempts = 0, next_attempt_at = ${dueAtOnce}
      WHERE aggregate_kind = ${kind} AND aggregate_id = ${id} AND mode = 'start' AND status = 'done' RETURNING 1)
    SELECT pg_notify('vigil_commands', '') FROM again LIMIT 1`);
  return rows.length > 0;
}

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
