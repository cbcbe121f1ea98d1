import { and, asc, desc, eq, inArray, isNotNull, ne, sql } from 'drizzle-orm';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { isActionable } from '#domain/escalation/shown.ts';
import type { ShownStatus } from '#domain/escalation/shown.ts';
import type { Severity } from '#domain/severity.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { auditEvents, deliveries, escalations, principals, services, statusMirrors } from '../schema/index.ts';
import { leaveCommand } from './commands.ts';

export type StatusMirrorRow = typeof statusMirrors.$inferSelect;

/** The message of a page in a chat, which shows how the escalation stands. */
export interface ShownPage {
  readonly target: string;
  readonly deliveryId: string;
  readonly isActionable: boolean;
}

/** How an escalation stands now, and where it is shown. */
export interface Standing {
  readonly status: ShownStatus;
  readonly pages: readonly ShownPage[];
  readonly shown: readonly StatusMirrorRow[];
}

const isShownPage = (escalationId: string) =>
  and(
    eq(deliveries.escalationId, escalationId),
    eq(deliveries.channel, 'chat'),
    ne(deliveries.kind, 'resolved'),
    isNotNull(deliveries.providerRef),
  );

/** Whether a message of the escalation stands in a chat. */
export async function hasShownPages(db: Queryable, escalationId: string): Promise<boolean> {
  const [page] = await db.select({ id: deliveries.id }).from(deliveries).where(isShownPage(escalationId)).limit(1);
  return page !== undefined;
}

/** Tells the mirror of an escalation, in the transaction that changes what it shows. The least urgent of all commands. */
export async function leaveMirrorCommand(tx: Transaction, escalationId: string, version: number): Promise<void> {
  await leaveCommand(tx, {
    idempotencyKey: `mirror:${escalationId}:${version}`,
    mode: 'signal',
    name: 'statusChanged',
    kind: 'escalation',
    aggregateId: escalationId,
    workflowId: `mirror:${escalationId}`,
    input: {},
    priority: 4,
  });
}

/** Null when the escalation is not recorded yet. */
export async function findStanding(db: Database, escalationId: string): Promise<Standing | null> {
  const [row] = await db
    .select({ escalation: escalations, serviceKey: services.key })
    .from(escalations)
    .innerJoin(services, eq(services.id, escalations.serviceId))
    .where(eq(escalations.id, escalationId));
  const ladder = row?.escalation.state as Ladder | null | undefined;
  if (!row || !ladder) return null;
  const [escalated] = await db
    .select({ by: auditEvents.actorId, at: auditEvents.at })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.aggregateKind, 'escalation'),
        eq(auditEvents.aggregateId, escalationId),
        eq(auditEvents.action, 'escalation.escalateNow'),
      ),
    )
    .orderBy(desc(auditEvents.seq))
    .limit(1);
  const { acknowledgedBy, acknowledgedAt, resolution } = ladder;
  const resolvedBy = resolution?.kind === 'person' ? resolution.personId : null;
  const names = await namesOf(db, [acknowledgedBy, resolvedBy, escalated?.by ?? null]);
  const named = (id: string | null) => (id === null ? null : (names.get(id) ?? id));
  const pages = await db
    .select()
    .from(deliveries)
    .where(isShownPage(escalationId))
    .orderBy(desc(deliveries.startedAt), desc(deliveries.id))
    .limit(500);
  const wasSentOn = (startedAt: Date) => escalated !== undefined && escalated.at > startedAt;
  return {
    status: {
      escalationId,
      version: ladder.version,
      status: ladder.status,
      severity: row.escalation.severity as Severity,
      title: row.escalation.title,
      isSensitive: ladder.sensitive,
      isDrill: ladder.drill !== null,
      serviceKey: row.serviceKey,
      openedAt: row.escalation.openedAt.getTime(),
      acknowledged: acknowledgedAt === null ? null : { by: named(acknowledgedBy), at: acknowledgedAt },
      snoozedUntilAt: ladder.snoozedUntilAt,
      resolved: resolution === null ? null : { by: named(resolvedBy), at: resolution.at },
      escalated: escalated === undefined ? null : { by: named(escalated.by), at: escalated.at.getTime() },
    },
    pages: pages.map(({ id, effectKey, providerRef, startedAt }) => ({
      target: providerRef ?? '',
      deliveryId: id,
      isActionable: isActionable(ladder, effectKey) && !wasSentOn(startedAt),
    })),
    shown: await listMirrors(db, escalationId),
  };
}

async function namesOf(db: Queryable, ids: readonly (string | null)[]): Promise<ReadonlyMap<string, string>> {
  const known = ids.filter((id) => id !== null);
  if (known.length === 0) return new Map();
  const rows = await db
    .select({ id: principals.id, name: principals.name })
    .from(principals)
    .where(inArray(principals.id, known));
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Where an escalation is shown besides, what was shown there last, and what hinders it. */
export async function listMirrors(db: Queryable, escalationId: string): Promise<StatusMirrorRow[]> {
  return db
    .select()
    .from(statusMirrors)
    .where(eq(statusMirrors.escalationId, escalationId))
    .orderBy(asc(statusMirrors.createdAt), asc(statusMirrors.target));
}

export interface MirrorPlace {
  readonly escalationId: string;
  readonly kind: string;
  readonly target: string;
}

/** Notes that a version is shown there. What is noted of a newer version stays. */
export async function noteShown(
  db: Queryable,
  place: MirrorPlace,
  shown: { readonly version: number; readonly status: string },
): Promise<void> {
  const values = { shownVersion: shown.version, shownStatus: shown.status, errorCode: null };
  await db
    .insert(statusMirrors)
    .values({ ...place, ...values })
    .onConflictDoUpdate({
      target: [statusMirrors.escalationId, statusMirrors.kind, statusMirrors.target],
      set: { ...values, updatedAt: sql`now()` },
      setWhere: sql`${statusMirrors.shownVersion} <= ${shown.version}`,
    });
}

/** Notes why it could not be shown there. */
export async function noteNotShown(db: Queryable, place: MirrorPlace, errorCode: string): Promise<void> {
  await db
    .insert(statusMirrors)
    .values({ ...place, errorCode })
    .onConflictDoUpdate({
      target: [statusMirrors.escalationId, statusMirrors.kind, statusMirrors.target],
      set: { errorCode, updatedAt: sql`now()` },
    });
}
