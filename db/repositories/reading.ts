import { and, eq, isNull } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import {
  canaryRuns,
  cases,
  caseSignals,
  decisions,
  enforcementActions,
  enforcementOrders,
  notices,
  reviewTasks,
  signals,
  statementsOfReasons,
} from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

type Teams = readonly string[] | null;

export async function findCase(db: Queryable, id: string) {
  const [row] = await db.select().from(cases).where(eq(cases.id, id));
  return row ?? null;
}

export async function listCases(
  db: Queryable,
  teams: Teams,
  filter: {
    openOnly: boolean;
    launchId?: string | undefined;
    productId?: string | undefined;
    accountRef?: string | undefined;
  },
  page: Page,
) {
  const { where, orderBy, limit } = newestFirst(cases.openedAt, cases.id, page);
  return db
    .select()
    .from(cases)
    .where(
      and(
        where,
        ofTeams(cases.teamId, teams),
        filter.openOnly ? isNull(cases.closedAt) : undefined,
        filter.launchId ? eq(cases.launchId, filter.launchId) : undefined,
        filter.productId ? eq(cases.productId, filter.productId) : undefined,
        filter.accountRef ? eq(cases.accountRef, filter.accountRef) : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

/** What hangs on a case: its signals (without content), tasks and decisions. */
export async function findCaseParts(db: Queryable, caseId: string) {
  const [found, tasks, made] = await Promise.all([
    db
      .select({
        id: signals.id,
        detectorVersionId: signals.detectorVersionId,
        severity: signals.severity,
        score: signals.score,
        occurredAt: signals.occurredAt,
      })
      .from(caseSignals)
      .innerJoin(signals, eq(signals.id, caseSignals.signalId))
      .where(eq(caseSignals.caseId, caseId))
      .orderBy(caseSignals.seq)
      .limit(200),
    db.select().from(reviewTasks).where(eq(reviewTasks.caseId, caseId)).orderBy(reviewTasks.round).limit(100),
    db.select().from(decisions).where(eq(decisions.caseId, caseId)).orderBy(decisions.decidedAt).limit(100),
  ]);
  return { signals: found, tasks, decisions: made };
}

export async function findOrder(db: Queryable, id: string) {
  const [row] = await db.select().from(enforcementOrders).where(eq(enforcementOrders.id, id));
  return row ?? null;
}

export async function listOrders(
  db: Queryable,
  teams: Teams,
  filter: {
    openOnly: boolean;
    caseId?: string | undefined;
    productId?: string | undefined;
    accountRef?: string | undefined;
    status?: string | undefined;
  },
  page: Page,
) {
  const { where, orderBy, limit } = newestFirst(enforcementOrders.openedAt, enforcementOrders.id, page);
  return db
    .select()
    .from(enforcementOrders)
    .where(
      and(
        where,
        ofTeams(enforcementOrders.teamId, teams),
        filter.openOnly ? isNull(enforcementOrders.closedAt) : undefined,
        filter.caseId ? eq(enforcementOrders.caseId, filter.caseId) : undefined,
        filter.productId ? eq(enforcementOrders.productId, filter.productId) : undefined,
        filter.accountRef ? eq(enforcementOrders.accountRef, filter.accountRef) : undefined,
        filter.status ? eq(enforcementOrders.status, filter.status) : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

/** What an order did to the world: calls to the platform, notices, statements of reasons. */
export async function findOrderParts(db: Queryable, orderId: string) {
  const [actions, sent, statements] = await Promise.all([
    db
      .select()
      .from(enforcementActions)
      .where(eq(enforcementActions.orderId, orderId))
      .orderBy(enforcementActions.startedAt),
    db.select().from(notices).where(eq(notices.orderId, orderId)).orderBy(notices.createdAt),
    db
      .select()
      .from(statementsOfReasons)
      .where(eq(statementsOfReasons.orderId, orderId))
      .orderBy(statementsOfReasons.createdAt),
  ]);
  return { actions, notices: sent, statements };
}

export async function findCanary(db: Queryable, id: string) {
  const [row] = await db.select().from(canaryRuns).where(eq(canaryRuns.id, id));
  return row ?? null;
}

export async function listCanaries(db: Queryable, teams: Teams, filter: { launchId?: string | undefined }, page: Page) {
  const { where, orderBy, limit } = newestFirst(canaryRuns.openedAt, canaryRuns.id, page);
  return db
    .select()
    .from(canaryRuns)
    .where(
      and(
        where,
        ofTeams(canaryRuns.teamId, teams),
        filter.launchId ? eq(canaryRuns.launchId, filter.launchId) : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}
