import { eq, sql } from 'drizzle-orm';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import type { Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { escalations } from '../schema/index.ts';
import { acceptItems } from './intake/items.ts';
import { openingCommand } from './intake/openings.ts';
import { lockKeys, readStanding } from './intake/open-escalations.ts';
import type { OwnItem } from './intake/own-item.ts';
import { writeNews } from './intake/writes.ts';

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
 * Accepts a trigger of Vigil's own: opens an escalation, or merges it into the open one of the same service and key. No
 * suppression rule keeps it quiet.
 *
 * After commit nothing is lost, whatever Temporal does: the escalation's row, its alert event and the command that starts
 * its workflow are one transaction. A duplicate costs one row update and no message; only a rise in severity is told.
 * Fails with `resource.not_found` for an unknown service.
 */
export async function acceptTrigger(tx: Transaction, alert: Alert): Promise<AcceptedAlert> {
  const raised = alert.causeKey === undefined ? null : await findByCause(tx, alert.causeKey);
  if (raised) return { escalationId: raised, disposition: 'merged' };
  const [answer] = await acceptItems(tx, [
    {
      ...bare,
      ...alert,
      action: 'trigger',
      details: alert.details ?? null,
      leaves: alert.causeKey === undefined ? 'changes' : 'always',
      canaryId: alert.canaryId ?? null,
      sensitive: alert.sensitive === true,
      causeKey: alert.causeKey ?? null,
    },
  ]);
  if (answer?.escalationId == null) throw new Error('a trigger met no escalation');
  return { escalationId: answer.escalationId, disposition: answer.disposition === 'opened' ? 'opened' : 'merged' };
}

const bare: Omit<OwnItem, 'serviceId' | 'dedupKey' | 'reportedBy' | 'action'> = {
  severity: null,
  title: null,
  details: null,
  group: null,
  via: null,
  suppressedBy: null,
  leaves: 'changes',
  canaryId: null,
  sensitive: false,
  causeKey: null,
};

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
  const leaves = options.onlyIfOpen === true ? 'if_open' : 'changes';
  const [answer] = await acceptItems(tx, [{ ...bare, ...source, action: 'resolve', leaves }]);
  return answer?.escalationId ?? null;
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
  const [closed] = await tx
    .select({
      serviceId: escalations.serviceId,
      dedupKey: escalations.dedupKey,
      title: escalations.title,
      severity: escalations.severity,
      canaryId: escalations.canaryId,
      openedVia: escalations.openedVia,
      sensitive: sql<boolean>`coalesce((${escalations.state}->>'sensitive')::boolean, false)`,
      isLate: sql<boolean>`${escalations.lastTriggerSeq} > ${resolvedBySeq}`,
      firingCount: sql<number>`(SELECT count(*)::integer FROM firing_alerts known
        WHERE known.service_id = ${escalations.serviceId} AND known.dedup_key = ${escalations.dedupKey}
          AND (known.ended_at IS NULL OR known.started_at > known.ended_at))`,
    })
    .from(escalations)
    .where(eq(escalations.id, escalationId));
  if (!closed?.isLate) return null;
  const { firingCount, sensitive, canaryId, openedVia, serviceId, dedupKey, title } = closed;
  const severity = closed.severity as Severity;
  const of = { serviceId, dedupKey };
  // Not the key's own place: whoever has it may wait for the closed row, which the caller holds.
  const service = (await lockKeys(tx, [], [serviceId])).get(serviceId);
  if (!service) throw new Error('a service that is locked is not there');
  const { places, maintenance } = await readStanding(tx, [], { places: 1, services: [serviceId], withLadders: false });
  const [seq = 0] = places;
  const reopenedId = newId('escalation');
  const opening = {
    escalationId: reopenedId,
    service,
    severity,
    firingCount: Math.max(1, firingCount),
    alertEventId: newId('alertEvent'),
    previousEscalationId: escalationId,
    canaryId,
    sensitive,
    maintenance: maintenance.get(serviceId) ?? [],
  };
  const row = { ...of, title, severity, id: reopenedId, teamId: service.teamId, triggers: 1 };
  const seqs = { firstTriggerSeq: seq, lastTriggerSeq: seq, lastResolveSeq: null };
  const said = { reportedBy: 'vigil', causeKey: null, action: 'trigger', details: null, disposition: 'opened' };
  await writeNews(tx, {
    escalations: [{ ...row, ...seqs, previousId: escalationId, openedVia, canaryId }],
    changes: [],
    facts: [{ ...of, ...said, title, severity, id: opening.alertEventId, seq, escalationId: reopenedId }],
    commands: [openingCommand(opening)],
  });
  return reopenedId;
}

export { frozenService } from './intake/openings.ts';
