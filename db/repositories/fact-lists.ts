import { and, eq } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { alertEvents, cases, decisions, productEvents, products, services, signals } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

/** What sources reported, newest first. */
export async function listAlertEvents(
  db: Queryable,
  teams: readonly string[] | null,
  filter: { readonly serviceId?: string | undefined; readonly escalationId?: string | undefined },
  page: Page,
) {
  const { where, orderBy, limit } = newestFirst(alertEvents.receivedAt, alertEvents.id, page);
  const rows = await db
    .select({ event: alertEvents })
    .from(alertEvents)
    .innerJoin(services, eq(services.id, alertEvents.serviceId))
    .where(
      and(
        where,
        ofTeams(services.teamId, teams),
        filter.serviceId ? eq(alertEvents.serviceId, filter.serviceId) : undefined,
        filter.escalationId ? eq(alertEvents.escalationId, filter.escalationId) : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return rows.map((row) => row.event);
}

const shownSignal = {
  id: signals.id,
  detectorVersionId: signals.detectorVersionId,
  productId: signals.productId,
  accountRef: signals.accountRef,
  harm: signals.harm,
  severity: signals.severity,
  score: signals.score,
  eventId: signals.eventId,
  contentId: signals.contentId,
  mode: signals.mode,
  synthetic: signals.synthetic,
  occurredAt: signals.occurredAt,
  createdAt: signals.createdAt,
};

/** What a detector version found, newest first. Never the content. */
export async function listSignals(db: Queryable, detectorVersionId: string, page: Page) {
  const { where, orderBy, limit } = newestFirst(signals.createdAt, signals.id, page);
  return db
    .select(shownSignal)
    .from(signals)
    .where(and(where, eq(signals.detectorVersionId, detectorVersionId)))
    .orderBy(...orderBy)
    .limit(limit);
}

export async function findSignal(db: Queryable, id: string) {
  const [row] = await db
    .select({ signal: shownSignal, teamId: products.teamId })
    .from(signals)
    .innerJoin(products, eq(products.id, signals.productId))
    .where(eq(signals.id, id));
  return row ?? null;
}
export type ShownSignal = NonNullable<Awaited<ReturnType<typeof findSignal>>>['signal'];

const shownEvent = {
  id: productEvents.id,
  productId: productEvents.productId,
  sourceId: productEvents.sourceId,
  kind: productEvents.kind,
  accountRef: productEvents.accountRef,
  attributes: productEvents.attributes,
  contentId: productEvents.contentId,
  synthetic: productEvents.synthetic,
  occurredAt: productEvents.occurredAt,
  receivedAt: productEvents.receivedAt,
};

/** What one account did in a product, newest first: what is known of each event, never its content. */
export async function listAccountEvents(db: Queryable, productId: string, accountRef: string, page: Page) {
  const { where, orderBy, limit } = newestFirst(productEvents.occurredAt, productEvents.id, page);
  return db
    .select(shownEvent)
    .from(productEvents)
    .where(and(where, eq(productEvents.productId, productId), eq(productEvents.accountRef, accountRef)))
    .orderBy(...orderBy)
    .limit(limit);
}

export async function findProductEvent(db: Queryable, id: string) {
  const [row] = await db
    .select({ event: shownEvent, teamId: products.teamId })
    .from(productEvents)
    .innerJoin(products, eq(products.id, productEvents.productId))
    .where(eq(productEvents.id, id));
  return row ?? null;
}

/** What people decided on review tasks, newest first. */
export async function listDecisions(
  db: Queryable,
  teams: readonly string[] | null,
  filter: { readonly caseId?: string | undefined },
  page: Page,
) {
  const { where, orderBy, limit } = newestFirst(decisions.decidedAt, decisions.id, page);
  const rows = await db
    .select({ decision: decisions })
    .from(decisions)
    .innerJoin(cases, eq(cases.id, decisions.caseId))
    .where(and(where, ofTeams(cases.teamId, teams), filter.caseId ? eq(decisions.caseId, filter.caseId) : undefined))
    .orderBy(...orderBy)
    .limit(limit);
  return rows.map((row) => row.decision);
}
