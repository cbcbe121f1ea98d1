/** Rows as they stand in Postgres, by their own column names. Instants are milliseconds since the epoch. */

export interface AuditRow {
  readonly id: string;
  readonly aggregate_kind: string;
  readonly aggregate_id: string;
  readonly seq: number;
  readonly version: number | null;
  readonly at: number;
  readonly actor_kind: string;
  readonly actor_id: string;
  readonly actor_roles: readonly string[];
  readonly action: string;
  readonly reason: string | null;
  readonly cause: string | null;
  readonly request_id: string | null;
  readonly workflow_id: string | null;
  readonly run_id: string | null;
  readonly data: unknown;
  readonly prev_hash: string;
  readonly hash: string;
}

export interface HeadRow {
  readonly aggregate_kind: string;
  readonly aggregate_id: string;
  readonly seq: number;
  readonly version: number;
  readonly hash: string;
}

export interface CommandRow {
  readonly id: string;
  readonly seq: number;
  readonly mode: string;
  readonly name: string;
  readonly aggregate_kind: string;
  readonly aggregate_id: string;
  readonly input: unknown;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly status: string;
  readonly outcome: { readonly code?: string } | null;
  readonly created_at: number;
  readonly settled_at: number | null;
}

export interface AlertRow {
  readonly id: string;
  readonly seq: number;
  readonly service_id: string;
  readonly dedup_key: string;
  readonly cause_key: string | null;
  readonly action: string;
  readonly escalation_id: string | null;
  readonly disposition: string;
  readonly received_at: number;
}

/** What a rule kept quiet, by key. */
export interface SuppressedRow {
  readonly rule_id: string;
  readonly service_id: string;
  readonly dedup_key: string;
  readonly count: number;
  readonly first_at: number;
  readonly last_at: number;
}

/** One alert of a group: it fires when its latest start is later than its latest end. */
export interface FiringRow {
  readonly service_id: string;
  readonly dedup_key: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly seen_at: number;
}

export interface DeliveryRow {
  readonly id: string;
  readonly escalation_id: string;
  readonly effect_key: string;
  readonly kind: string;
  readonly person_id: string;
  readonly contact_method_id: string;
  readonly status: string;
  readonly error_code: string | null;
  /** The message that was sent in its place. */
  readonly bundled_into: string | null;
  /** The other escalations of which it tells. */
  readonly names: readonly string[] | null;
  readonly started_at: number;
  readonly settled_at: number | null;
}

/** What every aggregate's projection has. */
export interface ProjectionRow {
  readonly id: string;
  readonly team_id: string;
  readonly version: number;
  readonly status: string;
  readonly state: unknown;
  readonly opened_at: number;
  readonly updated_at: number;
  readonly closed_at: number | null;
}

export interface EscalationRow extends ProjectionRow {
  readonly service_id: string;
  readonly dedup_key: string;
  readonly severity: number;
  readonly alert_count: number;
  readonly last_trigger_seq: number;
  readonly previous_id: string | null;
  readonly acknowledged_at: number | null;
  readonly acknowledged_by: string | null;
  readonly resolved_at: number | null;
}

export interface HeartbeatRow extends Omit<ProjectionRow, 'opened_at'> {
  readonly interval_seconds: number;
  readonly severity: number;
  readonly beats: number;
  readonly last_beat_at: number | null;
  readonly created_at: number;
}

export interface LaunchRow extends ProjectionRow {
  readonly tier: string | null;
  readonly stage_percent: number;
  readonly on_hold: boolean;
}

export interface CaseRow extends ProjectionRow {
  readonly decided_at: number | null;
}

export interface OrderRow extends ProjectionRow {
  readonly account_ref: string;
  readonly action: string;
  readonly decided_by: string;
  readonly approved_by: string | null;
  readonly ends_at: number | null;
}

export interface ActionRow {
  readonly id: string;
  readonly order_id: string;
  readonly operation: string;
  readonly idempotency_key: string;
  readonly status: string;
  readonly effect_id: string | null;
}

export interface NoticeRow {
  readonly id: string;
  readonly order_id: string;
  readonly kind: string;
  readonly status: string;
}

export interface TaskRow {
  readonly id: string;
  readonly case_id: string;
  readonly queue_id: string;
  readonly status: string;
  readonly lease_token: number;
  readonly excluded: readonly string[];
}

export interface DecisionRow {
  readonly id: string;
  readonly task_id: string;
  readonly case_id: string;
  readonly decided_by: string;
  readonly decided_as_role: string;
  readonly lease_token: number;
  readonly decided_at: number;
}

export interface SignOffRow {
  readonly id: string;
  readonly launch_id: string;
  readonly role: string;
  readonly decided_by: string;
  readonly decided_at: number;
}

export interface StageRow {
  readonly launch_id: string;
  readonly percent: number;
  readonly decided_by: string;
  readonly opened_at: number;
}

export interface WaiverRow {
  readonly id: string;
  readonly launch_id: string;
  readonly status: string;
  readonly requested_by: string;
  readonly decided_by: string | null;
  readonly revoked_by: string | null;
}

export interface RequirementRow {
  readonly launch_id: string;
  readonly requirement_id: string;
  readonly state: string;
  readonly blocking: boolean;
}

export interface GrantRow {
  readonly id: string;
  readonly principal_id: string;
  readonly role: string;
  readonly team_id: string | null;
  readonly granted_at: number;
  readonly revoked_at: number | null;
}

/** The stored answer to a request that wrote Postgres itself. */
export interface AnswerRow {
  readonly principal_id: string;
  readonly status: number;
  readonly body: unknown;
  readonly created_at: number;
}

export interface WindowRow {
  readonly id: string;
  readonly service_id: string;
}

/** A row of a configuration table: its columns by name. */
export type ConfigurationRow = Readonly<Record<string, unknown>>;
