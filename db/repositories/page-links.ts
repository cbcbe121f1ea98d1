import { randomBytes } from 'node:crypto';
import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId, sha256Hex } from '../ids.ts';
import { commands, escalations, pageLinks, persons, services } from '../schema/index.ts';
import type { CommandRow } from './commands.ts';

/** A page that nobody opened for so long is stale: its escalation has gone on, and newer pages carry newer links. */
const validMinutes = 60;
/** How long the same link takes its acknowledgement back: enough to notice a slip, too short for a forgotten phone. */
const undoMinutes = 5;

/** What a link acts on, for whom. */
export interface LinkTarget {
  readonly deliveryId: string;
  readonly escalationId: string;
  readonly personId: string;
  readonly action: 'acknowledge';
}

/**
 * Makes the secret of a link: 128 random bits as 22 characters of base64url. Only its hash is stored, so this is the one
 * moment at which it can be put into a page. It is valid for an hour, while its escalation is open, for one use; links
 * of earlier tries of the delivery stay valid beside it, until one of them is used.
 */
export async function mintPageLink(db: Queryable, target: LinkTarget): Promise<string> {
  const token = randomBytes(16).toString('base64url');
  await db.insert(pageLinks).values({
    id: newId('pageLink'),
    sha256: sha256Hex(token),
    ...target,
    expiresAt: sql`now() + make_interval(mins => ${validMinutes}::int)`,
  });
  return token;
}

export interface PageLink {
  readonly id: string;
  readonly deliveryId: string;
  readonly personId: string;
  /** The person's own zone, in which instants are shown. */
  readonly timeZone: string;
  readonly isExpired: boolean;
  readonly undoneAt: Date | null;
  /** The command that this delivery's links gave; null while none was used. */
  readonly use: Pick<CommandRow, 'id' | 'status' | 'outcome' | 'settledAt'> | null;
  /** Until when the use can be taken back by the link; null when there is none, or it is not carried out. */
  readonly undoUntil: Date | null;
  readonly isUndoOver: boolean;
  readonly escalation: {
    readonly id: string;
    readonly teamId: string;
    readonly title: string;
    readonly severity: number;
    readonly status: string;
    readonly isSensitive: boolean;
    readonly isDrill: boolean;
    readonly alertCount: number;
    readonly openedAt: Date;
    readonly serviceName: string;
    readonly state: Ladder | null;
  };
  /** Postgres' clock, by which all of this holds. */
  readonly now: Date;
}

/** A link by its token, with all that its page shows. One query, whether there is such a link or not. */
export async function findPageLink(db: Queryable, token: string): Promise<PageLink | null> {
  const undoUntil = sql<string | null>`CASE WHEN ${commands.status} = 'done'
    THEN ${commands.settledAt} + make_interval(mins => ${undoMinutes}::int) END`;
  const [row] = await db
    .select({
      link: pageLinks,
      timeZone: persons.timeZone,
      isExpired: sql<boolean>`${pageLinks.expiresAt} <= now()`,
      use: { id: commands.id, status: commands.status, outcome: commands.outcome, settledAt: commands.settledAt },
      undoUntil,
      isUndoOver: sql<boolean>`coalesce(${undoUntil} <= now(), true)`,
      escalation: escalations,
      serviceName: services.name,
      isSensitiveService: services.sensitive,
      now: sql<string>`now()`,
    })
    .from(pageLinks)
    .innerJoin(escalations, eq(escalations.id, pageLinks.escalationId))
    .innerJoin(services, eq(services.id, escalations.serviceId))
    .innerJoin(persons, eq(persons.id, pageLinks.personId))
    .leftJoin(commands, eq(commands.id, pageLinks.commandId))
    .where(eq(pageLinks.sha256, sha256Hex(token)));
  if (!row) return null;
  const { link, escalation } = row;
  const state = escalation.state as Ladder | null;
  return {
    id: link.id,
    deliveryId: link.deliveryId,
    personId: link.personId,
    timeZone: row.timeZone,
    isExpired: row.isExpired,
    undoneAt: link.undoneAt,
    use: row.use,
    undoUntil: row.undoUntil === null ? null : new Date(row.undoUntil),
    isUndoOver: row.isUndoOver,
    escalation: {
      id: escalation.id,
      teamId: escalation.teamId,
      title: escalation.title,
      severity: escalation.severity,
      status: escalation.status,
      isSensitive: row.isSensitiveService || state?.sensitive === true,
      isDrill: escalation.canaryId !== null,
      alertCount: escalation.alertCount,
      openedAt: escalation.openedAt,
      serviceName: row.serviceName,
      state,
    },
    now: new Date(row.now),
  };
}

/** The links of all tries of one delivery about one escalation: they are one link to the person. */
const sameTarget = ({ deliveryId, escalation }: PageLink) =>
  and(eq(pageLinks.deliveryId, deliveryId), eq(pageLinks.escalationId, escalation.id));

/**
 * Uses up all links of the delivery for one command, in the transaction that writes it. False when another use came
 * before or the link has died: then the command must not be written. A use that was refused uses nothing up.
 */
export async function usePageLink(tx: Transaction, link: PageLink, commandId: string): Promise<boolean> {
  // In one order, so that two uses at once wait for each other instead of blocking one another.
  const rows = await tx
    .select({ id: pageLinks.id, isExpired: sql<boolean>`${pageLinks.expiresAt} <= now()` })
    .from(pageLinks)
    .where(sameTarget(link))
    .orderBy(asc(pageLinks.id))
    .for('update');
  if (rows.find(({ id }) => id === link.id)?.isExpired !== false) return false;
  const isFree = or(
    isNull(pageLinks.commandId),
    inArray(
      pageLinks.commandId,
      tx
        .select({ id: commands.id })
        .from(commands)
        .where(and(eq(commands.id, pageLinks.commandId), inArray(commands.status, ['refused', 'failed']))),
    ),
  );
  const { rowCount } = await tx
    .update(pageLinks)
    .set({ usedAt: sql`now()`, commandId })
    .where(and(sameTarget(link), isFree));
  return (rowCount ?? 0) > 0;
}

/** Notes that the use is being taken back. False when it was already, or the time for it is over by Postgres' clock. */
export async function undoPageLink(tx: Transaction, link: PageLink): Promise<boolean> {
  const { rowCount } = await tx
    .update(pageLinks)
    .set({ undoneAt: sql`now()` })
    .where(
      and(
        sameTarget(link),
        isNull(pageLinks.undoneAt),
        sql`EXISTS (SELECT 1 FROM ${commands} WHERE ${commands.id} = ${pageLinks.commandId} AND ${commands.status} = 'done'
          AND ${commands.settledAt} > now() - make_interval(mins => ${undoMinutes}::int))`,
      ),
    );
  return (rowCount ?? 0) > 0;
}
