import { sql } from 'drizzle-orm';
import type { KnownAlert } from '#domain/intake/firing.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import type { Transaction } from '../../client.ts';
import { insertCommands } from '../commands.ts';
import type { LeftCommand } from '../commands.ts';
import type { IntakeKey } from './open-escalations.ts';

export interface NewEscalation extends IntakeKey {
  readonly id: string;
  readonly teamId: string;
  readonly title: string;
  readonly severity: Severity;
  readonly triggers: number;
  readonly firstTriggerSeq: number;
  readonly lastTriggerSeq: number;
  readonly lastResolveSeq: number | null;
  readonly previousId: string | null;
  readonly openedVia: string | null;
  readonly canaryId: string | null;
}

export interface ChangedEscalation {
  readonly id: string;
  readonly triggers: number;
  readonly severity: Severity;
  readonly lastTriggerSeq: number | null;
  readonly lastResolveSeq: number | null;
}

export interface NewAlertEvent extends IntakeKey {
  readonly id: string;
  readonly seq: number;
  readonly reportedBy: string;
  readonly causeKey: string | null;
  readonly action: string;
  readonly severity: Severity;
  readonly title: string;
  readonly details: Json | null;
  readonly escalationId: string | null;
  readonly disposition: string;
}

export interface News {
  readonly escalations: readonly NewEscalation[];
  readonly changes: readonly ChangedEscalation[];
  readonly facts: readonly NewAlertEvent[];
  readonly commands: readonly LeftCommand[];
}

/**
 * Writes what follows in one statement: new escalations, one update for each old one, alert events, and the commands for
 * ladders. Returns the ids of the escalations that were inserted: where another one of the same key is open by now,
 * nothing of it is written.
 */
export async function writeNews(
  tx: Transaction,
  { escalations, changes, facts, commands }: News,
): Promise<Set<string>> {
  const { rows } = await tx.execute<{ ids: string[] }>(sql`
    WITH opened AS (
      INSERT INTO escalations (id, service_id, team_id, dedup_key, title, severity, status, alert_count,
        first_trigger_seq, last_trigger_seq, last_resolve_seq, previous_id, opened_via, canary_id)
      SELECT id, "serviceId", "teamId", "dedupKey", title, severity, 'opening', triggers,
        "firstTriggerSeq", "lastTriggerSeq", "lastResolveSeq", "previousId", "openedVia", "canaryId"
      FROM jsonb_to_recordset(${JSON.stringify(escalations)}::jsonb) AS new (id text, "serviceId" text, "teamId" text,
        "dedupKey" text, title text, severity smallint, triggers integer, "firstTriggerSeq" bigint,
        "lastTriggerSeq" bigint, "lastResolveSeq" bigint, "previousId" text, "openedVia" text, "canaryId" text)
      ON CONFLICT (service_id, dedup_key) WHERE closed_at IS NULL DO NOTHING
      RETURNING id),
    counted AS (
      UPDATE escalations open SET
        alert_count = open.alert_count + news.triggers,
        severity = least(open.severity, news.severity),
        last_trigger_seq = coalesce(news."lastTriggerSeq", open.last_trigger_seq),
        last_resolve_seq = coalesce(news."lastResolveSeq", open.last_resolve_seq)
      FROM jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) AS news (id text, triggers integer, severity smallint,
        "lastTriggerSeq" bigint, "lastResolveSeq" bigint)
      WHERE open.id = news.id),
    -- Of escalations that were meant to be opened and were not.
    beaten AS (
      SELECT id FROM jsonb_to_recordset(${JSON.stringify(escalations.map(({ id }) => ({ id })))}::jsonb) AS meant (id text)
      WHERE id NOT IN (SELECT id FROM opened)),
    facts AS (
      INSERT INTO alert_events (id, seq, service_id, reported_by, dedup_key, cause_key, action, severity, title, details,
        escalation_id, disposition)
      SELECT id, seq, "serviceId", "reportedBy", "dedupKey", "causeKey", action, severity, title, details,
        "escalationId", disposition
      FROM jsonb_to_recordset(${JSON.stringify(facts)}::jsonb) AS new (id text, seq bigint, "serviceId" text,
        "reportedBy" text, "dedupKey" text, "causeKey" text, action text, severity smallint, title text, details jsonb,
        "escalationId" text, disposition text)
      WHERE "escalationId" IS NULL OR "escalationId" NOT IN (SELECT id FROM beaten)),
    told AS (${insertCommands(commands, sql`aggregate_id NOT IN (SELECT id FROM beaten)`)} RETURNING 1)
    SELECT ARRAY(SELECT id FROM opened) AS ids, (SELECT pg_notify('vigil_commands', '') FROM told LIMIT 1)`);
  return new Set(rows[0]?.ids);
}

export interface ChangedAlert extends IntakeKey, KnownAlert {
  readonly fingerprint: string;
}

export async function writeKnownAlerts(tx: Transaction, rows: readonly ChangedAlert[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.execute(sql`
    INSERT INTO firing_alerts AS known (service_id, dedup_key, fingerprint, started_at, ended_at)
    SELECT "serviceId", "dedupKey", fingerprint, to_timestamp("startedAt" / 1000.0), to_timestamp("endedAt" / 1000.0)
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS news ("serviceId" text, "dedupKey" text,
      fingerprint text, "startedAt" double precision, "endedAt" double precision)
    ON CONFLICT (service_id, dedup_key, fingerprint) DO UPDATE SET
      started_at = excluded.started_at, ended_at = excluded.ended_at, seen_at = now()`);
}

export interface SuppressedReport extends IntakeKey {
  readonly ruleId: string;
  readonly reportedBy: string;
  readonly severity: Severity;
  readonly title: string;
  readonly count: number;
}

/** Counts what rules kept quiet, one row a rule and key. Returns for each whether it is the first of its key. */
export async function countSuppressed(tx: Transaction, rows: readonly SuppressedReport[]): Promise<boolean[]> {
  if (rows.length === 0) return [];
  const { rows: counted } = await tx.execute<{
    rule_id: string;
    service_id: string;
    dedup_key: string;
    is_first: boolean;
  }>(
    sql`
    INSERT INTO suppressed_alerts AS kept (rule_id, service_id, dedup_key, reported_by, severity, title, count)
    SELECT "ruleId", "serviceId", "dedupKey", "reportedBy", severity, title, count
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS news ("ruleId" text, "serviceId" text,
      "dedupKey" text, "reportedBy" text, severity smallint, title text, count bigint)
    ON CONFLICT (rule_id, service_id, dedup_key) DO UPDATE SET
      count = kept.count + excluded.count, severity = least(kept.severity, excluded.severity), last_at = now()
    RETURNING rule_id, service_id, dedup_key, old.rule_id IS NULL AS is_first`,
  );
  return rows.map(
    (row) =>
      counted.find(
        (one) => one.rule_id === row.ruleId && one.service_id === row.serviceId && one.dedup_key === row.dedupKey,
      )?.is_first ?? false,
  );
}
