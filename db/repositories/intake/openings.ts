import { inArray, sql } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import { defaultThrottle } from '#domain/escalation/ladder-parts.ts';
import type { MaintenanceWindow } from '#domain/escalation/ladder-parts.ts';
import type { LadderInput } from '#domain/escalation/ladder.ts';
import { freezePolicy } from '#domain/escalation/policy.ts';
import type { FrozenPolicy, PolicyDocument } from '#domain/escalation/policy.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import type { Queryable, Transaction } from '../../client.ts';
import { escalationPolicies, escalationPolicyVersions, services } from '../../schema/index.ts';
import { leaveCommands } from '../commands.ts';

export interface FrozenService {
  readonly id: string;
  readonly teamId: string;
  readonly sensitive: boolean;
  readonly policy: FrozenPolicy;
}

/** The services with the policy versions that escalations opened now freeze. Fails with `resource.not_found` when one is unknown. */
export async function frozenServices(db: Queryable, ids: readonly string[]): Promise<Map<string, FrozenService>> {
  const rows = await db
    .select({
      id: services.id,
      teamId: services.teamId,
      sensitive: services.sensitive,
      policyVersionId: escalationPolicyVersions.id,
      policyVersion: escalationPolicyVersions.version,
      policy: escalationPolicyVersions.document,
    })
    .from(services)
    .innerJoin(escalationPolicies, sql`${escalationPolicies.id} = ${services.policyId}`)
    .innerJoin(
      escalationPolicyVersions,
      sql`${escalationPolicyVersions.policyId} = ${escalationPolicies.id} AND ${escalationPolicyVersions.version} = ${escalationPolicies.version}`,
    )
    .where(inArray(services.id, [...ids]));
  const frozen = rows.map(({ policyVersionId, policyVersion: version, policy, ...service }) => ({
    ...service,
    policy: freezePolicy(policy as PolicyDocument, { policyVersionId, version }),
  }));
  if (frozen.length < new Set(ids).size) throw new VigilError('resource.not_found');
  return new Map(frozen.map((service) => [service.id, service]));
}

export interface Opening {
  readonly escalationId: string;
  readonly service: FrozenService;
  readonly severity: Severity;
  readonly firingCount: number;
  readonly alertEventId: string;
  readonly previousEscalationId: string | null;
  readonly canaryId: string | null;
  readonly sensitive: boolean;
}

/**
 * Leaves the commands that start the ladders of escalations whose rows this transaction has inserted: by that it holds its
 * place before whoever begins maintenance of the services, and reads the windows that count.
 */
export async function leaveOpenings(tx: Transaction, openings: readonly Opening[]): Promise<void> {
  if (openings.length === 0) return;
  const windows = await openMaintenance(tx, [...new Set(openings.map(({ service }) => service.id))]);
  await leaveCommands(
    tx,
    openings.map((opening) => ({
      mode: 'start',
      name: 'open',
      kind: 'escalation',
      aggregateId: opening.escalationId,
      idempotencyKey: `open:${opening.escalationId}`,
      priority: opening.severity,
      input: inputOf(opening, windows.get(opening.service.id) ?? []) as unknown as { [key: string]: Json },
    })),
  );
}

const inputOf = (opening: Opening, maintenance: readonly MaintenanceWindow[]): LadderInput => ({
  escalationId: opening.escalationId,
  serviceId: opening.service.id,
  teamId: opening.service.teamId,
  severity: opening.severity,
  firingCount: opening.firingCount,
  alertEventId: opening.alertEventId,
  policy: opening.service.policy,
  previousEscalationId: opening.previousEscalationId,
  drill: opening.canaryId === null ? null : { canaryId: opening.canaryId },
  sensitive: opening.service.sensitive || opening.sensitive,
  throttle: defaultThrottle,
  maintenance,
  holdLowUntilAt: null,
});

/** Maintenance windows that are open at this moment, by service; not at the transaction's start: it may have waited. */
async function openMaintenance(
  tx: Transaction,
  serviceIds: readonly string[],
): Promise<Map<string, MaintenanceWindow[]>> {
  const { rows } = await tx.execute<{ id: string; service_id: string; until: string }>(
    sql`SELECT id, service_id, floor(extract(epoch FROM ends_at) * 1000)::bigint AS until FROM maintenance_windows
        WHERE service_id = ANY(${sql.param(serviceIds)}::text[])
          AND starts_at <= clock_timestamp() AND ends_at > clock_timestamp()`,
  );
  const windows = new Map<string, MaintenanceWindow[]>();
  for (const { id, service_id: serviceId, until } of rows) {
    const window = { windowId: id, untilAt: Number(until) };
    windows.set(serviceId, [...(windows.get(serviceId) ?? []), window]);
  }
  return windows;
}
