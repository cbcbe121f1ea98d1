import { inArray, sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import type { Transaction } from '../client.ts';
import { commands } from '../schema/index.ts';
import type { CommandRow } from './commands.ts';

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
