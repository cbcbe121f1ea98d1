import { z } from 'zod';
import { freezePolicy } from '#domain/escalation/policy.ts';
import { findGaps } from '#domain/oncall/coverage.ts';
import { planNotifications } from '#domain/oncall/notification-rules.ts';
import type { Urgency } from '#domain/oncall/notification-rules.ts';
import { rungHoles } from '#domain/oncall/rung-holes.ts';
import type { Reach } from '#domain/oncall/rung-holes.ts';
import { namedPersons } from '#domain/oncall/schedule.ts';
import { dayMs, toIso } from '#domain/time.ts';
import type { Queryable } from '#db/client.ts';
import { databaseNow } from '#db/now.ts';
import { listEscalationPolicies } from '#db/repositories/escalation-policies.ts';
import type { EscalationPolicyRow } from '#db/repositories/escalation-policies.ts';
import { findReachable, listUnproven } from '#db/repositories/oncall.ts';
import { listSchedules } from '#db/repositories/schedules.ts';
import type { ScheduleRow } from '#db/repositories/schedules.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { toSchedule } from '../schedule-documents.ts';
import { idOf, outInstant, readProblems } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const period = { startAt: outInstant, endAt: outInstant };
const checksSchema = z
  .object({
    checkedAt: outInstant,
    until: outInstant,
    schedules: z.array(
      z.object({
        id: z.string(),
        key: z.string(),
        gapCheck: z.boolean().describe('False: it is meant to have gaps, and none are listed.'),
        gaps: z.array(z.object(period)),
      }),
    ),
    policies: z.array(
      z.object({
        id: z.string(),
        key: z.string(),
        version: z.number().int(),
        holes: z.array(
          z.object({
            rung: z.number().int().nullable().describe('Counted from 0; null: the catch-all.'),
            urgency: z.enum(['high', 'low']),
            ...period,
          }),
        ),
      }),
    ),
    unprovenPeople: z
      .array(z.object({ id: z.string(), contactMethods: z.number().int() }))
      .describe('Who is named and has contact methods, none of which may be used: they are not verified yet.'),
  })
  .meta({ id: 'OnCallChecks' });

/** More of each than an installation has; what is beyond is not looked at. */
const everything = { limit: 1_000, after: null } as const;

/** Whether somebody is on call, and whether each rung can reach a person, from now on: for CI and for whoever goes home. */
export function registerOncallChecks(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/on-call-checks',
    {
      config: { access: 'any' },
      schema: {
        querystring: z
          .object({ days: z.coerce.number().int().min(1).max(90).default(30), teamId: idOf('team').optional() })
          .strict(),
        response: { 200: checksSchema, ...readProblems },
      },
    },
    async (request) => {
      const { days, teamId } = request.query;
      const principal = principalOf(request);
      if (teamId !== undefined) assertVisible(principal, teamId);
      const teams = teamId === undefined ? visibleTeams(principal) : [teamId];
      const startAt = await databaseNow(deps.db);
      const span = { startAt, endAt: startAt + days * dayMs };
      const schedules = await listSchedules(deps.db, teams, everything);
      const policies = await listEscalationPolicies(deps.db, teams, everything);
      const named = namedIn(schedules, policies);
      const reach = await reachOf(deps.db, schedules, named, startAt);
      return {
        checkedAt: toIso(span.startAt),
        until: toIso(span.endAt),
        schedules: schedules.map((row) => ({
          id: row.id,
          key: row.key,
          gapCheck: row.gapCheck,
          gaps: row.gapCheck ? findGaps(toSchedule(row), span.startAt, span.endAt).map(toView) : [],
        })),
        policies: policies.map(({ id, key, version, versionId, document }) => ({
          id,
          key,
          version,
          holes: rungHoles(freezePolicy(document, { policyVersionId: versionId, version }), reach, span).map(toView),
        })),
        unprovenPeople: await listUnproven(deps.db, named),
      };
    },
  );
}

/** Everybody whom a policy or a schedule names. */
function namedIn(schedules: readonly ScheduleRow[], policies: readonly EscalationPolicyRow[]): string[] {
  const byPolicies = policies.flatMap(({ document }) => [
    document.catchAllPersonId,
    ...document.rungs.flatMap(({ targets }) => targets.flatMap((one) => (one.kind === 'person' ? [one.personId] : []))),
  ]);
  return [...new Set([...byPolicies, ...schedules.flatMap(({ document }) => namedPersons(document))])];
}

async function reachOf(
  db: Queryable,
  schedules: readonly ScheduleRow[],
  named: readonly string[],
  now: number,
): Promise<Reach> {
  const people = await findReachable(db, named);
  const reachable = new Set<string>();
  for (const [personId, { rules, timeZone }] of people)
    for (const urgency of ['high', 'low'] as const)
      if (planNotifications(rules, urgency, timeZone, now).length > 0) reachable.add(`${urgency} ${personId}`);
  return {
    schedules: new Map(schedules.map((row) => [row.id, toSchedule(row)])),
    meantToHaveGaps: new Set(schedules.filter(({ gapCheck }) => !gapCheck).map(({ id }) => id)),
    isReachable: (personId: string, urgency: Urgency) => reachable.has(`${urgency} ${personId}`),
  };
}

const toView = <T extends { readonly startAt: number; readonly endAt: number }>(one: T) => ({
  ...one,
  startAt: toIso(one.startAt),
  endAt: toIso(one.endAt),
});
