import { sql } from 'drizzle-orm';
import { minuteMs } from '#domain/time.ts';
import type { Database } from '../client.ts';
import { countOpenEscalations } from './escalations.ts';

/** By what an installation is known to be well, or not. */
export interface Vitals {
  readonly pendingCommands: number;
  /** Of these, those whose delivery has failed several times. */
  readonly failingCommands: number;
  readonly oldestPendingMs: number;
  /** For how long the step that waits longest has been due; 0 when none is. */
  readonly stepOverdueMs: number;
  readonly heartbeatsOverdue: number;
  readonly mirrorsBehind: number;
  readonly clockAheadMs: number;
  readonly openByStatus: readonly { readonly status: string; readonly count: number }[];
  /** Those that wait though nobody was paged, nor is held back by a rule. */
  readonly unpaged: number;
}

/** A command that failed so often is no victim of a short outage. */
const failuresAtLeast = 3;
/** A monitor has so long to see that its beat is missing: workers may be busy. */
const noticedWithinMs = minuteMs;

/** Reads them all, over what is open and pending alone. Fails while Postgres is away. */
export async function readVitals(db: Database): Promise<Vitals> {
  const [{ byStatus, unpaged }, measured] = await Promise.all([countOpenEscalations(db), measure(db)]);
  return { ...measured, openByStatus: byStatus, unpaged };
}

type Measured = Omit<Vitals, 'openByStatus' | 'unpaged'>;

async function measure(db: Database): Promise<Measured> {
  const before = Date.now();
  const { rows } = await db.execute<Record<keyof Measured | 'at', string>>(sql`
    WITH waiting AS (
      SELECT count(*) AS "pendingCommands", count(*) FILTER (WHERE attempts >= ${failuresAtLeast}) AS "failingCommands",
        coalesce(extract(epoch FROM now() - min(created_at)) * 1000, 0) AS "oldestPendingMs"
      FROM commands WHERE status = 'pending'),
    due AS (
      SELECT least(
        CASE status WHEN 'triggered' THEN (state #>> '{walk,deadlineAt}')::bigint
          WHEN 'acknowledged' THEN (state ->> 'ackTimeoutAt')::bigint
          WHEN 'snoozed' THEN (state ->> 'snoozedUntilAt')::bigint END,
        (SELECT min((rule ->> 'dueAt')::bigint) FROM jsonb_array_elements(state -> 'pending') AS rule)) AS at
      FROM escalations WHERE closed_at IS NULL AND state IS NOT NULL),
    steps AS (
      SELECT greatest(coalesce(extract(epoch FROM now()) * 1000 - min(at), 0), 0) AS "stepOverdueMs" FROM due),
    beats AS (
      SELECT count(*) AS "heartbeatsOverdue" FROM heartbeat_monitors
      WHERE closed_at IS NULL AND status = 'beating' AND greatest(last_beat_at, updated_at)
        < now() - make_interval(secs => interval_seconds + ${noticedWithinMs / 1_000})),
    mirrors AS (
      SELECT count(*) AS "mirrorsBehind" FROM escalations JOIN status_mirrors ON escalation_id = escalations.id
      WHERE closed_at IS NULL AND error_code IS NOT NULL AND error_code NOT LIKE 'gone%')
    SELECT waiting.*, steps.*, beats.*, mirrors.*, extract(epoch FROM clock_timestamp()) * 1000 AS at
    FROM waiting, steps, beats, mirrors`);
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that gives one row gave none');
  // Half of the way there and back lies before the moment at which Postgres looked at its clock.
  const here = (before + Date.now()) / 2;
  return {
    pendingCommands: Number(row.pendingCommands),
    failingCommands: Number(row.failingCommands),
    oldestPendingMs: Number(row.oldestPendingMs),
    stepOverdueMs: Number(row.stepOverdueMs),
    heartbeatsOverdue: Number(row.heartbeatsOverdue),
    mirrorsBehind: Number(row.mirrorsBehind),
    clockAheadMs: Number(row.at) - here,
  };
}
