import { and, asc, eq, gte, inArray, lt, ne, sql } from 'drizzle-orm';
import type { MeasuredLadder } from '#domain/escalation/metrics.ts';
import type { Queryable } from '../client.ts';
import { deliveries, escalations, persons } from '../schema/index.ts';
import { ofTeams } from './listing.ts';

export interface ReportSpan {
  readonly from: number;
  readonly to: number;
}

/** More escalations than this in one report are cut off, the oldest first. */
export const mostReported = 20_000;

/** What the metrics of escalations opened in a span are read from; drills and what no workflow has recorded are left out. */
export async function measuredLadders(
  db: Queryable,
  teams: readonly string[] | null,
  { from, to }: ReportSpan,
): Promise<MeasuredLadder[]> {
  const rows = await db
    .select({
      ladder: sql<MeasuredLadder>`jsonb_build_object(
        'openedAt', ${escalations.state} -> 'openedAt', 'firstAttemptAt', ${escalations.state} -> 'firstAttemptAt',
        'firstHumanAt', ${escalations.state} -> 'firstHumanAt', 'firstAckAt', ${escalations.state} -> 'firstAckAt',
        'resolution', ${escalations.state} -> 'resolution', 'counts', ${escalations.state} -> 'counts')`,
    })
    .from(escalations)
    .where(
      and(openedIn(teams, { from, to }), sql`${escalations.canaryId} IS NULL AND ${escalations.state} IS NOT NULL`),
    )
    .orderBy(sql`${escalations.openedAt} DESC`)
    .limit(mostReported);
  return rows.map(({ ladder }) => ladder);
}

export interface PageTotals {
  /** Escalations that went past their last rung. */
  readonly exhausted: number;
  readonly drills: number;
  /** Pages that went out as far as is known, to people of the ladder. */
  readonly reachedPages: number;
  /** Of those: the source resolved the escalation while the ladder stood on the page's rung, and no person ever acted on it. */
  readonly pagesForNothing: number;
}

export async function pageTotals(
  db: Queryable,
  teams: readonly string[] | null,
  span: ReportSpan,
): Promise<PageTotals> {
  const { rows } = await db.execute<{ [name in keyof PageTotals]: string }>(sql`
    WITH opened AS MATERIALIZED (
      SELECT id, canary_id IS NOT NULL AS drill, (state -> 'walk' ->> 'pass')::int AS pass, (state -> 'walk' ->> 'rung')::int AS rung,
        coalesce(state -> 'resolution' ->> 'kind' = 'source', false) AND NOT EXISTS (
          SELECT 1 FROM audit_events act WHERE act.aggregate_kind = 'escalation' AND act.aggregate_id = escalations.id
            AND act.version IS NOT NULL AND act.actor_kind = 'person') AS ended_alone
      FROM escalations WHERE ${openedIn(teams, span)}),
    sent AS (
      SELECT deliveries.kind, opened.ended_alone AND deliveries.pass = opened.pass AND deliveries.rung = opened.rung AS for_nothing,
        deliveries.status IN ('sent', 'delivered', 'unknown') AS reached, deliveries.escalation_id
      FROM deliveries JOIN opened ON opened.id = deliveries.escalation_id
      WHERE NOT opened.drill AND deliveries.kind <> 'resolved')
    SELECT (SELECT count(*) FROM opened WHERE drill) AS drills,
      (SELECT count(DISTINCT escalation_id) FROM sent WHERE kind = 'catch_all') AS exhausted,
      (SELECT count(*) FROM sent WHERE reached) AS "reachedPages",
      (SELECT count(*) FROM sent WHERE reached AND for_nothing) AS "pagesForNothing"`);
  const [row] = rows;
  return {
    exhausted: Number(row?.exhausted ?? 0),
    drills: Number(row?.drills ?? 0),
    reachedPages: Number(row?.reachedPages ?? 0),
    pagesForNothing: Number(row?.pagesForNothing ?? 0),
  };
}

const openedIn = (teams: readonly string[] | null, { from, to }: ReportSpan) =>
  and(
    ofTeams(escalations.teamId, teams),
    gte(escalations.openedAt, new Date(from)),
    lt(escalations.openedAt, new Date(to)),
  );

export interface SentPage {
  readonly personId: string;
  readonly escalationId: string;
  readonly at: number;
}

/** The pages that went out in a span, as far as is known, because of one schedule or to one person. */
export async function sentPages(
  db: Queryable,
  of: { readonly scheduleId: string } | { readonly personId: string },
  { from, to }: ReportSpan,
): Promise<SentPage[]> {
  const rows = await db
    .select({
      personId: deliveries.personId,
      escalationId: deliveries.escalationId,
      startedAt: deliveries.startedAt,
    })
    .from(deliveries)
    .where(
      and(
        'scheduleId' in of ? eq(deliveries.scheduleId, of.scheduleId) : eq(deliveries.personId, of.personId),
        ne(deliveries.kind, 'resolved'),
        inArray(deliveries.status, ['sent', 'delivered', 'unknown']),
        gte(deliveries.startedAt, new Date(from)),
        lt(deliveries.startedAt, new Date(to)),
      ),
    )
    .orderBy(asc(deliveries.startedAt))
    .limit(50_000);
  return rows.map(({ startedAt, ...page }) => ({ ...page, at: startedAt.getTime() }));
}

/** The zones in which people live, by id. */
export async function zonesOf(db: Queryable, personIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (personIds.length === 0) return new Map();
  const rows = await db
    .select({ id: persons.id, timeZone: persons.timeZone })
    .from(persons)
    .where(inArray(persons.id, [...personIds]));
  return new Map(rows.map(({ id, timeZone }) => [id, timeZone]));
}
