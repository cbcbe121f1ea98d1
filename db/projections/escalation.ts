import { eq, sql } from 'drizzle-orm';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { changesWhatIsShown } from '#domain/escalation/shown.ts';
import type { Transition } from '#domain/audit/transition.ts';
import type { Transaction } from '../client.ts';
import { reopenForLateTriggers } from '../repositories/alerts.ts';
import { settleGivenUp } from '../repositories/deliveries.ts';
import { tellCanary } from '../repositories/canaries.ts';
import type { Project, RecordSettings } from '../repositories/record.ts';
import { hasShownPages, leaveMirrorCommand } from '../repositories/status-mirrors.ts';
import { escalations, services } from '../schema/index.ts';
import { newest } from './newest.ts';

/**
 * An escalation's row. When it closes, triggers that came too late for it open the next one. When something changed that
 * is shown elsewhere, what shows it is told.
 */
export const projectEscalation: Project = async (tx, id, transitions, settings) => {
  const last = newest(transitions);
  const ladder = last.state as unknown as Ladder;
  const isResolved = ladder.status === 'resolved';
  await tx
    .update(escalations)
    .set({
      version: ladder.version,
      status: ladder.status,
      state: ladder,
      severity: sql`least(${escalations.severity}, ${ladder.severity}::smallint)`,
      acknowledgedAt: ladder.acknowledgedAt === null ? null : new Date(ladder.acknowledgedAt),
      acknowledgedBy: ladder.acknowledgedBy,
      resolvedAt: ladder.resolution === null ? null : new Date(ladder.resolution.at),
      updatedAt: sql`now()`,
      ...(isResolved ? { closedAt: sql`coalesce(${escalations.closedAt}, now())` } : {}),
    })
    .where(eq(escalations.id, id));
  await settleGivenUp(
    tx,
    id,
    transitions.flatMap(({ event }) => givenUp(event)),
  );
  if (ladder.drill !== null) await tellDrill(tx, id, ladder.drill.canaryId, transitions);
  const isNews = transitions.some(({ state }) => changesWhatIsShown(state as unknown as Ladder));
  if (isNews && (await isShownElsewhere(tx, ladder, settings))) await leaveMirrorCommand(tx, id, ladder.version);
  const resolving = transitions.find((transition) => (transition.state as unknown as Ladder).status === 'resolved');
  if (resolving) await reopenForLateTriggers(tx, id, await resolvedBySeq(tx, resolving));
};

async function isShownElsewhere(
  tx: Transaction,
  ladder: Ladder,
  { mirroredServices }: RecordSettings,
): Promise<boolean> {
  if (mirroredServices.size > 0 && ladder.drill === null) {
    const [service] = await tx.select({ key: services.key }).from(services).where(eq(services.id, ladder.serviceId));
    if (service && mirroredServices.has(service.key)) return true;
  }
  return ladder.counts.started > 0 && hasShownPages(tx, ladder.escalationId);
}

/** The page that the ladder gave up: its sender has not said what became of it, nor of which row. */
const givenUp = ({ type, result, deliveryId, effectKey }: Transition['event']): string[] =>
  type === 'pageSettled' && result === 'failed_transient' && deliveryId === null && typeof effectKey === 'string'
    ? [effectKey]
    : [];

/** A canary waits for its drill to be paged and acknowledged; the recorded transitions are what it hears of. */
async function tellDrill(
  tx: Transaction,
  escalationId: string,
  canaryId: string,
  transitions: readonly Transition[],
): Promise<void> {
  for (const { event, actor, at } of transitions) {
    if (event.type === 'pageSettled' && (event['result'] === 'sent' || event['result'] === 'delivered')) {
      await tellCanary(tx, canaryId, 'paged', escalationId, {
        escalationId,
        deliveryId: event['deliveryId'] ?? null,
        at,
      });
    }
    if (event.type === 'acknowledge')
      await tellCanary(tx, canaryId, 'acknowledged', escalationId, { escalationId, at }, actor);
  }
}

/** The place of the resolving message among the facts: an alert event of the source, or the command of a person. */
async function resolvedBySeq(tx: Transaction, { event, cause }: Transition): Promise<number> {
  const alertEventId = event['alertEventId'];
  const { rows } =
    typeof alertEventId === 'string'
      ? await tx.execute<{ seq: string }>(sql`SELECT seq FROM alert_events WHERE id = ${alertEventId}`)
      : await tx.execute<{ seq: string }>(sql`SELECT seq FROM commands WHERE id = ${cause}`);
  // A resolve of unknown origin counts as later than everything: nothing is opened twice because of it.
  return Number(rows[0]?.seq ?? Number.MAX_SAFE_INTEGER);
}
