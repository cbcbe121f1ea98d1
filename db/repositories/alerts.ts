import { eq, sql } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import { defaultThrottle } from '#domain/escalation/ladder-parts.ts';
import type { MaintenanceWindow } from '#domain/escalation/ladder-parts.ts';
import type { LadderInput } from '#domain/escalation/ladder.ts';
import { freezePolicy } from '#domain/escalation/policy.ts';
import type { FrozenPolicy, PolicyDocument } from '#domain/escalation/policy.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import type { Database, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { escalationPolicies, escalationPolicyVersions, services } from '../schema/index.ts';
import { leaveCommand } from './commands.ts';

export interface Alert {
  readonly serviceId: string;
  /** What makes alerts one: the open escalation of this service and key takes them all. */
  readonly dedupKey: string;
  readonly severity: Severity;
  readonly title: string;
  readonly details?: Json;
  /** The principal that reported it. */
  readonly reportedBy: string;
  readonly canaryId?: string;
  /** A page about it carries no content; also true whenever the service says so. */
  readonly sensitive?: boolean;
  /** For alerts that Vigil raises itself: the effect that does, so that a retry after success raises nothing new. */
  readonly causeKey?: string;
}

export interface AcceptedAlert {
  readonly escalationId: string;
  readonly disposition: 'opened' | 'merged';
}

/**
 * Accepts a trigger: opens an escalation, or merges it into the open one of the same service and key.
 *
 * After commit nothing is lost, whatever Temporal does: the escalation's row, its alert event and the command that starts
 * its workflow are one transaction. A duplicate costs one row update and no message; only a rise in severity is told.
 * Fails with `resource.not_found` for an unknown service.
 */
export async function acceptTrigger(tx: Transaction, alert: Alert): Promise<AcceptedAlert> {
  const raised = alert.causeKey === undefined ? null : await findByCause(tx, alert.causeKey);
  if (raised) return { escalationId: raised, disposition: 'merged' };
  const service = await frozenService(tx, alert.serviceId);
  const { rows } = await tx.execute<{ id: string; opened: boolean; rose: boolean; seq: string }>(sql`
    INSERT INTO escalations AS open (id, service_id, team_id, dedup_key, title, severity, status,
      first_trigger_seq, last_trigger_seq, canary_id)
    SELECT ${newId('escalation')}, ${alert.serviceId}, ${service.teamId}, ${alert.dedupKey}, ${alert.title},
      ${alert.severity}::smallint, 'opening', seq, seq, ${alert.canaryId ?? null}
    FROM nextval('fact_seq') AS seq
    ON CONFLICT (service_id, dedup_key) WHERE closed_at IS NULL DO UPDATE SET
      alert_count = open.alert_count + 1,
      -- Taken under the row's lock: a trigger that waited for a resolve to commit must count as later than it.
      last_trigger_seq = nextval('fact_seq'),
      severity = least(open.severity, excluded.severity)
    RETURNING new.id, new.last_trigger_seq AS seq, old.id IS NULL AS opened, coalesce(new.severity < old.severity, false) AS rose`);
  const [row] = rows;
  if (!row) throw new Error('an upsert returned no row');
  if (row.opened || row.rose || alert.causeKey !== undefined) {
    const alertEventId = await insertAlertEvent(tx, alert, row.id, row.opened ? 'opened' : 'merged', row.seq);
    if (row.opened)
      await leaveOpening(tx, service, { ...alert, escalationId: row.id, alertEventId, previousEscalationId: null });
    else if (row.rose)
      await leaveSourceChange(tx, row.id, alertEventId, { kind: 'trigger', severity: alert.severity, firingCount: 1 });
  }
  return { escalationId: row.id, disposition: row.opened ? 'opened' : 'merged' };
}

async function findByCause(tx: Transaction, causeKey: string): Promise<string | null> {
  const { rows } = await tx.execute<{ escalation_id: string }>(
    sql`SELECT escalation_id FROM alert_events WHERE cause_key = ${causeKey} AND escalation_id IS NOT NULL`,
  );
  return rows[0]?.escalation_id ?? null;
}

/** The source says that it is over. Returns the escalation that was told, or null when none is open. */
export async function acceptResolve(
  tx: Transaction,
  source: { serviceId: string; dedupKey: string; reportedBy: string },
  options: { /** Leave no alert event when there is nothing to resolve. */ readonly onlyIfOpen?: boolean } = {},
): Promise<string | null> {
  const { rows } = await tx.execute<{ id: string; severity: Severity; title: string; seq: string }>(
    sql`SELECT id, severity, title, nextval('fact_seq') AS seq FROM escalations
        WHERE service_id = ${source.serviceId} AND dedup_key = ${source.dedupKey} AND closed_at IS NULL FOR UPDATE`,
  );
  const [open] = rows;
  if (!open && options.onlyIfOpen) return null;
  const disposition = open ? 'resolved' : 'dropped';
  const alert = { ...source, severity: open?.severity ?? 4, title: open?.title ?? '' };
  const seq = open?.seq ?? null;
  const alertEventId = await insertAlertEvent(tx, alert, open?.id ?? null, disposition, seq, 'resolve');
  if (!open) return null;
  await leaveSourceChange(tx, open.id, alertEventId, { kind: 'resolve', severity: open.severity, firingCount: 0 });
  return open.id;
}

/**
 * After an escalation closed: triggers that were merged into it after its resolve was accepted open a new, linked one.
 * The caller holds the closed row's lock, so no trigger can slip in between.
 */
export async function reopenForLateTriggers(
  tx: Transaction,
  escalationId: string,
  resolvedBySeq: number,
): Promise<string | null> {
  const { rows } = await tx.execute<{
    service_id: string;
    dedup_key: string;
    title: string;
    severity: Severity;
    late: boolean;
    sensitive: boolean | null;
    canary_id: string | null;
  }>(
    sql`SELECT service_id, dedup_key, title, severity, canary_id, (state->>'sensitive')::boolean AS sensitive, last_trigger_seq > ${resolvedBySeq} AS late FROM escalations WHERE id = ${escalationId}`,
  );
  const [closed] = rows;
  if (!closed?.late) return null;
  const alert: Alert = {
    serviceId: closed.service_id,
    dedupKey: closed.dedup_key,
    severity: closed.severity,
    title: closed.title,
    sensitive: closed.sensitive === true,
    reportedBy: 'vigil',
    ...(closed.canary_id === null ? {} : { canaryId: closed.canary_id }),
  };
  const service = await frozenService(tx, alert.serviceId);
  const reopenedId = newId('escalation');
  await tx.execute(sql`
    INSERT INTO escalations (id, service_id, team_id, dedup_key, title, severity, status, first_trigger_seq, last_trigger_seq, previous_id, canary_id)
    SELECT ${reopenedId}, service_id, team_id, dedup_key, title, severity, 'opening', seq, seq, id, canary_id
    FROM escalations, nextval('fact_seq') AS seq WHERE id = ${escalationId}`);
  const alertEventId = await insertAlertEvent(tx, alert, reopenedId, 'opened', null);
  await leaveOpening(tx, service, {
    ...alert,
    escalationId: reopenedId,
    alertEventId,
    previousEscalationId: escalationId,
  });
  return reopenedId;
}

interface FrozenService {
  readonly id: string;
  readonly teamId: string;
  readonly sensitive: boolean;
  readonly policy: FrozenPolicy;
}

/** The service with the policy version that an escalation opened now freezes. */
export async function frozenService(db: Database | Transaction, serviceId: string): Promise<FrozenService> {
  const [row] = await db
    .select({
      id: services.id,
      teamId: services.teamId,
      sensitive: services.sensitive,
      policyVersionId: escalationPolicyVersions.id,
      policyVersion: escalationPolicyVersions.version,
      policy: escalationPolicyVersions.document,
    })
    .from(services)
    .innerJoin(escalationPolicies, eq(escalationPolicies.id, services.policyId))
    .innerJoin(
      escalationPolicyVersions,
      sql`${escalationPolicyVersions.policyId} = ${escalationPolicies.id} AND ${escalationPolicyVersions.version} = ${escalationPolicies.version}`,
    )
    .where(eq(services.id, serviceId));
  if (!row) throw new VigilError('resource.not_found');
  const { policyVersionId, policyVersion: version, policy, ...service } = row;
  return { ...service, policy: freezePolicy(policy as PolicyDocument, { policyVersionId, version }) };
}

/** The service's maintenance windows that are open at this moment, not at the transaction's start: it may have waited. */
async function openMaintenance(tx: Transaction, serviceId: string): Promise<MaintenanceWindow[]> {
  const { rows } = await tx.execute<{ id: string; until: string }>(
    sql`SELECT id, floor(extract(epoch FROM ends_at) * 1000)::bigint AS until FROM maintenance_windows
        WHERE service_id = ${serviceId} AND starts_at <= clock_timestamp() AND ends_at > clock_timestamp()`,
  );
  return rows.map((row) => ({ windowId: row.id, untilAt: Number(row.until) }));
}

async function insertAlertEvent(
  tx: Transaction,
  alert: Omit<Alert, 'canaryId'>,
  escalationId: string | null,
  disposition: string,
  seq: string | null,
  action = 'trigger',
): Promise<string> {
  const id = newId('alertEvent');
  await tx.execute(sql`
    INSERT INTO alert_events (id, seq, service_id, reported_by, dedup_key, cause_key, action, severity, title, details, escalation_id, disposition)
    VALUES (${id}, coalesce(${seq}::bigint, nextval('fact_seq')), ${alert.serviceId}, ${alert.reportedBy}, ${alert.dedupKey}, ${alert.causeKey ?? null}, ${action},
      ${alert.severity}, ${alert.title}, ${alert.details === undefined ? null : JSON.stringify(alert.details)}::jsonb, ${escalationId}, ${disposition})`);
  return id;
}

/** What the ladder starts with. Ids and the frozen policy only: the title stays in the row, out of every history. */
async function leaveOpening(
  tx: Transaction,
  service: FrozenService,
  opening: Alert & { escalationId: string; alertEventId: string; previousEscalationId: string | null },
): Promise<void> {
  const input: LadderInput = {
    escalationId: opening.escalationId,
    serviceId: service.id,
    teamId: service.teamId,
    severity: opening.severity,
    firingCount: 1,
    alertEventId: opening.alertEventId,
    policy: service.policy,
    previousEscalationId: opening.previousEscalationId,
    drill: opening.canaryId === undefined ? null : { canaryId: opening.canaryId },
    sensitive: service.sensitive || opening.sensitive === true,
    throttle: defaultThrottle,
    maintenance: await openMaintenance(tx, service.id),
    holdLowUntilAt: null,
  };
  await leaveCommand(tx, {
    mode: 'start',
    name: 'open',
    kind: 'escalation',
    aggregateId: opening.escalationId,
    idempotencyKey: `open:${opening.escalationId}`,
    priority: opening.severity,
    input: input as unknown as { [key: string]: Json },
  });
}

async function leaveSourceChange(
  tx: Transaction,
  escalationId: string,
  alertEventId: string,
  change: { readonly [key: string]: Json },
): Promise<void> {
  await leaveCommand(tx, {
    mode: 'signal',
    name: 'sourceChanged',
    kind: 'escalation',
    aggregateId: escalationId,
    idempotencyKey: `source:${alertEventId}`,
    priority: change['kind'] === 'resolve' ? 1 : 2,
    input: { alertEventId, ...change },
  });
}
