import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { simulateLadder } from '#domain/escalation/simulate.ts';
import type { Simulation } from '#domain/escalation/simulation.ts';
import { hourMs, minuteMs, toIso } from '#domain/time.ts';
import { namesOf } from '#db/repositories/calendar-feeds.ts';
import { findEscalationPolicy } from '#db/repositories/escalation-policies.ts';
import { readOnCallSnapshot } from '#db/repositories/on-call-snapshot.ts';
import { assertMayFor, assertVisible } from '../auth.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, instant, outInstant, severity } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const askers: readonly Role[] = ['responder', 'oncall_manager', 'ops_lead'];

const plan = z
  .object({
    at: instant.describe('When the alert comes. Schedules are read as they stand now, with what is entered for then.'),
    severity: severity.default(1),
    hours: z.number().min(0).max(72).default(6).describe('How long to look on.'),
    acknowledgements: z
      .array(z.object({ personId: idOf('person'), afterMinutes: z.number().min(0).max(4_320) }).strict())
      .max(50)
      .default([])
      .describe('Who acknowledges when, counted from `at`.'),
    silentIds: z
      .array(idOf('person'))
      .max(200)
      .nullable()
      .default(null)
      .describe(
        'Null: nobody else acknowledges. A list: everybody else who is paged does so a minute later, but not these.',
      ),
    withSnapshot: z.boolean().default(false).describe('Answer also what it was simulated with.'),
  })
  .strict();

const pageSchema = z.object({
  at: outInstant,
  pass: z.number().int(),
  rung: z.number().int(),
  personId: z.string(),
  channel: z.string(),
  contactMethodId: z.string(),
  ruleId: z.string(),
  ruleDelayMinutes: z.number().nullable(),
  reason: z.string(),
  shadow: z.boolean(),
  bundled: z.number().int(),
  source: z.object({
    kind: z.string(),
    scheduleId: z.string().optional(),
    scheduleVersion: z.number().int().optional(),
    layerId: z.string().optional(),
  }),
});

const simulationSchema = z
  .object({
    policyVersionId: z.string(),
    policyVersion: z.number().int(),
    startedAt: outInstant,
    endedAt: outInstant.describe('Before the end that was asked for when far too much happened.'),
    urgency: z.enum(['high', 'low']),
    status: z.string(),
    noOneReached: z.boolean(),
    nextAt: outInstant.nullable().describe('When something would next happen by itself.'),
    pages: z.array(pageSchema).describe('Every page, in the order in which they would leave.'),
    steps: z.array(
      z.object({
        at: outInstant,
        fact: z
          .record(z.string(), z.unknown())
          .describe('As in the audit events of an escalation; `what` tells which.'),
      }),
    ),
    refusals: z.array(z.object({ at: outInstant, personId: z.string(), code: z.string() })),
    people: z.array(z.object({ id: z.string(), name: z.string() })).describe('Everybody whom the policy can page.'),
    snapshot: z.unknown().optional(),
  })
  .meta({ id: 'Simulation' });

/** What a policy would do: who would be paged when and why. Sends nothing and writes nothing. */
export function registerSimulations(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/escalation-policies/:policyId/simulations',
    {
      config: { access: askers, idempotencyKey: 'none' },
      schema: {
        params: z.object({ policyId: idOf('escalationPolicy') }),
        body: plan,
        response: { 200: simulationSchema, ...createProblems },
      },
    },
    async (request) => {
      const policy = found(await findEscalationPolicy(deps.db, request.params.policyId));
      assertVisible(principalOf(request), policy.teamId);
      assertMayFor(principalOf(request), askers, policy.teamId);
      const { at, hours, acknowledgements, withSnapshot, ...rest } = request.body;
      const snapshot = await readOnCallSnapshot(deps.db, policy);
      const simulation = simulateLadder(snapshot, {
        ...rest,
        at: Date.parse(at),
        forMs: Math.round(hours * hourMs),
        acknowledgements: acknowledgements.map(({ personId, afterMinutes }) => ({
          personId,
          afterMs: Math.round(afterMinutes * minuteMs),
        })),
      });
      const names = await namesOf(
        deps.db,
        snapshot.people.map(({ personId }) => personId),
      );
      return {
        policyVersionId: policy.versionId,
        policyVersion: policy.version,
        ...toView(simulation),
        people: [...names].map(([id, name]) => ({ id, name })),
        ...(withSnapshot ? { snapshot } : {}),
      };
    },
  );
}

const toView = ({ startedAt, endedAt, nextAt, pages, steps, refusals, ...rest }: Simulation) => ({
  ...rest,
  startedAt: toIso(startedAt),
  endedAt: toIso(endedAt),
  nextAt: nextAt === null ? null : toIso(nextAt),
  pages: pages.map(({ key: _key, walk: _walk, ...page }) => ({ ...page, at: toIso(page.at) })),
  steps: steps.map(({ at, fact }) => ({ at: toIso(at), fact: { ...fact } })),
  refusals: refusals.map((refusal) => ({ ...refusal, at: toIso(refusal.at) })),
});
