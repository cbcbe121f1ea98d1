import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { resultStatuses } from '#domain/launch/check-result.ts';
import { validateIntake } from '#domain/launch/intake.ts';
import {
  abortReasons,
  holdReasons,
  notApplicableReasons,
  signOffChoices,
  waiverReasons,
} from '#domain/launch/launch-parts.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import { tiers } from '#domain/launch/tier.ts';
import { newId } from '#db/ids.ts';
import { findPrincipal } from '#db/repositories/people.ts';
import { insertEvidence } from '#db/repositories/launches.ts';
import type { LaunchRow } from '#db/repositories/launches.ts';
import { commandRoutes, optionalNote, requiredNote } from '../command-routes.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { idOf, instant, principalId } from '../schemas/common.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const requirementId = z.string().regex(/^[A-Z]{2}-\d{2}$/);
const launchRole = z.enum(launchRoles);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
const empty = z.object({}).strict();

const checkResult = z
  .object({
    status: z.enum(resultStatuses),
    observed: z.number().nullable(),
    threshold: z.number().nullable(),
    population: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    windowMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
    evidenceHash: sha256.nullable(),
  })
  .strict();

/** What people (and for `check-results` services) ask of a launch: one sub-resource per command. */
export function registerLaunchCommands(
  app: Routes,
  deps: ApiDeps,
  find: (request: FastifyRequest, id: string) => Promise<LaunchRow>,
): void {
  const command = commandRoutes<LaunchRow>(app, deps, {
    kind: 'launch',
    path: '/v1/launches/:launchId',
    params: z.object({ launchId: idOf('launch') }),
    // Who may do what is the machine's to say, by the roles that the person holds; a reader may do nothing.
    roles: launchRoles,
    priority: 2,
    find,
  });
  const waiverId = z.object({ waiverId: idOf('waiver') }).strict();

  command({
    resource: 'intake-answers',
    name: 'answerIntake',
    body: z.object({ intake: z.record(z.string(), z.unknown()) }).strict(),
    toInput: ({ intake }) => {
      const found = validateIntake(intake);
      if (found.length > 0) {
        throw new VigilError('request.invalid', {
          errors: found.map(({ pointer, code }) => ({
            pointer: `/body/intake${pointer}`,
            code,
            detail: code.replaceAll('_', ' '),
          })),
        });
      }
      return { intake: intake as Json };
    },
  });
  command({
    resource: 'role-assignments',
    name: 'assignRole',
    body: z
      .object({ role: launchRole, personId: idOf('person'), deputyPersonId: idOf('person').nullable().default(null) })
      .strict(),
  });
  command({
    resource: 'tier-changes',
    name: 'setTier',
    body: z.object({ to: z.enum(tiers), ...optionalNote }).strict(),
  });
  command({
    resource: 'evidence',
    name: 'attachEvidence',
    body: z
      .object({
        requirementId,
        reference: z.string().min(1).max(2_000).describe('Where the evidence is kept: a document or a ticket.'),
        sha256,
        validUntil: instant,
        collectedBy: principalId.optional().describe('Who collected it. The asker when left out.'),
      })
      .strict(),
    toInput: async (body, _row, request) => ({
      requirementId: body.requirementId,
      evidenceId: newId('evidence'),
      evidenceHash: body.sha256,
      validUntilAt: Date.parse(body.validUntil),
      collectedBy: await knownCollector(deps, body.collectedBy ?? principalOf(request).id),
    }),
    also: (tx, body, row, input) =>
      insertEvidence(tx, {
        id: input['evidenceId'] as string,
        launchId: row.id,
        requirementId: body.requirementId,
        reference: body.reference,
        sha256: body.sha256,
        collectedBy: input['collectedBy'] as string,
        validUntil: new Date(body.validUntil),
      }),
  });
  command({
    resource: 'check-results',
    name: 'reportCheck',
    roles: [...launchRoles, 'integration'],
    body: z.object({ requirementId, result: checkResult }).strict(),
  });
  command({ resource: 'check-runs', name: 'runChecks', body: empty });
  command({
    resource: 'requirement-sign-offs',
    name: 'signRequirement',
    body: z
      .object({
        requirementId,
        choice: z.enum(['approve', 'object']),
        revision: z.number().int().min(0),
        ...optionalNote,
      })
      .strict(),
  });
  command({
    resource: 'sign-offs',
    name: 'signOff',
    body: z
      .object({
        role: launchRole,
        choice: z.enum(signOffChoices),
        evidenceRevision: z
          .number()
          .int()
          .min(0)
          .describe('`evidenceSet.revision` of the readiness page that was signed.'),
        evidenceSetHash: sha256,
        conditionDueAt: instant.nullable().default(null),
        ...optionalNote,
      })
      .strict(),
    toInput: ({ conditionDueAt, ...rest }) => ({
      ...rest,
      conditionDueAt: conditionDueAt === null ? null : Date.parse(conditionDueAt),
    }),
  });
  command({
    resource: 'conditions-met',
    name: 'meetCondition',
    body: z.object({ conditionId: z.string().max(100), ...requiredNote }).strict(),
  });
  command({
    resource: 'objection-overrulings',
    name: 'overruleObjection',
    body: z.object({ role: launchRole, ...requiredNote }).strict(),
  });
  command({
    resource: 'waivers',
    name: 'requestWaiver',
    body: z
      .object({
        requirementId,
        reasonCode: z.enum(waiverReasons),
        days: z.number().int().min(1).max(365),
        ...requiredNote,
      })
      .strict(),
    toInput: (body) => ({ ...body, waiverId: newId('waiver') }),
  });
  command({ resource: 'waiver-approvals', name: 'approveWaiver', body: waiverId });
  command({ resource: 'waiver-refusals', name: 'refuseWaiver', body: waiverId });
  command({ resource: 'waiver-revocations', name: 'revokeWaiver', body: waiverId });
  command({
    resource: 'not-applicable-requests',
    name: 'requestNotApplicable',
    body: z.object({ requirementId, reasonCode: z.enum(notApplicableReasons), ...optionalNote }).strict(),
  });
  command({
    resource: 'not-applicable-approvals',
    name: 'approveNotApplicable',
    body: z.object({ requirementId }).strict(),
  });
  command({
    resource: 'not-applicable-refusals',
    name: 'refuseNotApplicable',
    body: z.object({ requirementId }).strict(),
  });
  command({
    resource: 'stages',
    name: 'advanceStage',
    body: z
      .object({ to: z.union([z.literal(1), z.literal(10), z.literal(50), z.literal(100), z.literal('sustained')]) })
      .strict(),
  });
  command({ resource: 'holds', name: 'hold', body: z.object(optionalNote).strict() });
  command({
    resource: 'releases',
    name: 'release',
    body: z.object({ reason: z.enum(holdReasons), seenCount: z.number().int().min(1), ...requiredNote }).strict(),
  });
  command({
    resource: 'aborts',
    name: 'abort',
    body: z.object({ reasonCode: z.enum(abortReasons), ...optionalNote }).strict(),
  });
}

async function knownCollector(deps: ApiDeps, id: string): Promise<string> {
  if (!(await findPrincipal(deps.db, id))) throw unknownReference('/body/collectedBy', 'must be a principal');
  return id;
}
