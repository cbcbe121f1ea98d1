import { eq, sql } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import { defaultThrottle } from '#domain/escalation/ladder-parts.ts';
import type { MaintenanceWindow } from '#domain/escalation/ladder-parts.ts';
import type { LadderInput } from '#domain/escalation/ladder.ts';
import { freezePolicy } from '#domain/escalation/policy.ts';
import type { FrozenPolicy, PolicyDocument } from '#domain/escalation/policy.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import type { Queryable } from '../../client.ts';
import { escalationPolicies, escalationPolicyVersions, services } from '../../schema/index.ts';
import type { LeftCommand } from '../commands.ts';

export interface FrozenService {
  readonly id: string;
  readonly teamId: string;
  readonly sensitive: boolean;
  readonly policy: FrozenPolicy;
}

export interface ServiceWithPolicy extends Record<string, unknown> {
  readonly id: string;
  readonly teamId: string;
  readonly sensitive: boolean;
  readonly policyVersionId: string;
  readonly policyVersion: number;
  readonly policy: unknown;
}

/** The services by id. Fails with `resource.not_found` when one of those asked for is not there. */
export function freezeAll(rows: readonly ServiceWithPolicy[], ids: readonly string[]): Map<string, FrozenService> {
  const frozen = rows.map(({ id, teamId, sensitive, policyVersionId, policyVersion: version, policy }) => ({
    id,
    teamId,
    sensitive,
    policy: freezePolicy(policy as PolicyDocument, { policyVersionId, version }),
  }));
  if (frozen.length < new Set(ids).size) throw new VigilError('resource.not_found');
  return new Map(frozen.map((service) => [service.id, service]));
}

/** The service with the policy version that an escalation opened now freezes. */
export async function frozenService(db: Queryable, serviceId: string): Promise<FrozenService> {
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
    .innerJoin(escalationPolicies, eq(escalationPolicies.id, services.policyId))
    .innerJoin(
      escalationPolicyVersions,
      sql`${escalationPolicyVersions.policyId} = ${escalationPolicies.id} AND ${escalationPolicyVersions.version} = ${escalationPolicies.version}`,
    )
    .where(eq(services.id, serviceId));
  const service = freezeAll(rows, [serviceId]).get(serviceId);
  if (!service) throw new Error('a frozen service is not there');
  return service;
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
  /** The windows of the service that are open now. */
  readonly maintenance: readonly MaintenanceWindow[];
}

/** The command that starts the ladder of an escalation. */
export const openingCommand = (opening: Opening): LeftCommand => ({
  mode: 'start',
  name: 'open',
  kind: 'escalation',
  aggregateId: opening.escalationId,
  idempotencyKey: `open:${opening.escalationId}`,
  priority: opening.severity,
  shareKey: opening.service.id,
  input: inputOf(opening) as unknown as { [key: string]: Json },
});

const inputOf = (opening: Opening): LadderInput => ({
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
  maintenance: opening.maintenance,
  holdLowUntilAt: null,
});

/** Maintenance windows by service. */
export function windowsOf(
  rows: readonly { readonly id: string; readonly service_id: string; readonly until: string | number }[],
): Map<string, MaintenanceWindow[]> {
  const windows = new Map<string, MaintenanceWindow[]>();
  for (const { id, service_id: serviceId, until } of rows) {
    const window = { windowId: id, untilAt: Number(until) };
    windows.set(serviceId, [...(windows.get(serviceId) ?? []), window]);
  }
  return windows;
}
