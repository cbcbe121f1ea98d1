import { z } from 'zod';
import { ladderMetrics, summariseLadders } from '#domain/escalation/metrics.ts';
import { balanceOf, hoursPerPerson, nightOf, nightsPerPerson } from '#domain/oncall/fairness.ts';
import { toIso } from '#domain/time.ts';
import { findSettings } from '#db/repositories/people.ts';
import { measuredLadders, mostReported, pageTotals, sentPages, zonesOf } from '#db/repositories/oncall-reports.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { toSchedule, visibleSchedule } from '../schedule-documents.ts';
import { idOf, outInstant, readProblems } from '../schemas/common.ts';
import { assertOwnOrManager } from './persons.ts';
import { span, spanOf } from './schedule-questions.ts';
import type { Routes } from './types.ts';

const count = z.number().int();
const spread = z.object({ count, p50Ms: z.number().nullable(), p90Ms: z.number().nullable() });
const reported = { from: outInstant, to: outInstant };
const metricsSchema = z
  .object({
    ...reported,
    teamId: z.string().nullable(),
    escalations: count.describe('Opened in the span; drills are counted apart.'),
    isCut: z.boolean().describe('True when there were more than one report reads.'),
    drills: count,
    acknowledged: count,
    resolved: count,
    exhausted: count.describe('Went past their last rung.'),
    toFirstAttempt: spread.describe('Until the first page was ordered.'),
    toFirstHuman: spread.describe('Until a person who had been paged first did anything.'),
    toAck: spread,
    toResolve: spread,
    pages: z.object({
      ordered: count,
      unknown: count.describe('Of which it is not known whether they arrived.'),
      failed: count,
      reached: count.describe('That went out, as far as is known.'),
      forNothing: count.describe('Whose escalation its source resolved on the same rung, before any person had acted.'),
      shareForNothing: z.number().nullable(),
    }),
  })
  .meta({ id: 'EscalationMetrics' });
const loadSchema = z
  .object({
    ...reported,
    scheduleId: z.string(),
    people: z.array(
      z.object({
        personId: z.string(),
        hours: z.number(),
        nights: count.describe('In their own zone, 22:00 to 06:00, on call for any part of it.'),
        pages: count.describe('Because of this schedule.'),
        nightPages: count,
      }),
    ),
    balance: z.number().describe('1: everyone has as many hours as everyone else.'),
  })
  .meta({ id: 'ScheduleLoad' });
const nightsSchema = z
  .object({
    ...reported,
    personId: z.string(),
    timeZone: z.string(),
    nights: z
      .array(z.object({ night: z.string().describe('The date of its evening.'), pages: count, escalations: count }))
      .describe('Nights with pages, 22:00 to 06:00 in the own zone.'),
    nightPages: count,
    dayPages: count,
  })
  .meta({ id: 'PagesPerNight' });

/** How on-call goes: how soon people are reached, how the load is shared, and whose nights are broken. */
export function registerOncallReports(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/escalation-metrics',
    {
      config: { access: 'any' },
      schema: {
        querystring: span.extend({ teamId: idOf('team').optional() }),
        response: { 200: metricsSchema, ...readProblems },
      },
    },
    async (request) => {
      const { teamId } = request.query;
      const principal = principalOf(request);
      if (teamId !== undefined) assertVisible(principal, teamId);
      const teams = teamId === undefined ? visibleTeams(principal) : [teamId];
      const [from, to] = spanOf(request.query);
      const [ladders, totals] = await Promise.all([
        measuredLadders(deps.db, teams, { from, to }),
        pageTotals(deps.db, teams, { from, to }),
      ]);
      const { pages, unknownPages, failedPages, ...times } = summariseLadders(ladders.map(ladderMetrics));
      const { reachedPages, pagesForNothing, ...counts } = totals;
      return {
        ...spanView(from, to),
        teamId: teamId ?? null,
        escalations: ladders.length,
        isCut: ladders.length === mostReported,
        ...counts,
        acknowledged: times.toAck.count,
        resolved: times.toResolve.count,
        ...times,
        pages: {
          ordered: pages,
          unknown: unknownPages,
          failed: failedPages,
          reached: reachedPages,
          forNothing: pagesForNothing,
          shareForNothing: reachedPages === 0 ? null : pagesForNothing / reachedPages,
        },
      };
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/load',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ scheduleId: idOf('schedule') }),
        querystring: span,
        response: { 200: loadSchema, ...readProblems },
      },
    },
    async (request) => {
      const row = await visibleSchedule(deps, request);
      const [from, to] = spanOf(request.query);
      const schedule = toSchedule(row);
      const shares = hoursPerPerson(schedule, from, to);
      const pages = await sentPages(deps.db, { scheduleId: row.id }, { from, to });
      const personIds = [...new Set([...shares, ...pages].map(({ personId }) => personId))].toSorted();
      const zones = await zonesOf(deps.db, personIds);
      const zoneOf = (personId: string): string => zones.get(personId) ?? 'UTC';
      const hours = new Map(shares.map((share) => [share.personId, share.hours]));
      const nights = new Map(nightsPerPerson(schedule, from, to, zoneOf).map((one) => [one.personId, one.nights]));
      return {
        ...spanView(from, to),
        scheduleId: row.id,
        people: personIds.map((personId) => {
          const own = pages.filter((page) => page.personId === personId);
          return {
            personId,
            hours: hours.get(personId) ?? 0,
            nights: nights.get(personId) ?? 0,
            pages: own.length,
            nightPages: own.filter(({ at }) => nightOf(zoneOf(personId), at) !== null).length,
          };
        }),
        balance: balanceOf(shares),
      };
    },
  );

  app.get(
    '/v1/persons/:personId/pages-per-night',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ personId: idOf('person') }),
        querystring: span,
        response: { 200: nightsSchema, ...readProblems },
      },
    },
    async (request) => {
      const { personId } = request.params;
      assertOwnOrManager(request, personId);
      const { timeZone } = found(await findSettings(deps.db, personId));
      const [from, to] = spanOf(request.query);
      const nights = new Map<string, string[]>();
      let dayPages = 0;
      for (const { at, escalationId } of await sentPages(deps.db, { personId }, { from, to })) {
        const night = nightOf(timeZone, at);
        if (night === null) dayPages += 1;
        else nights.set(night, [...(nights.get(night) ?? []), escalationId]);
      }
      return {
        ...spanView(from, to),
        personId,
        timeZone,
        nights: [...nights].map(([night, pages]) => ({
          night,
          pages: pages.length,
          escalations: new Set(pages).size,
        })),
        nightPages: [...nights.values()].flat().length,
        dayPages,
      };
    },
  );
}

const spanView = (from: number, to: number) => ({ from: toIso(from), to: toIso(to) });
