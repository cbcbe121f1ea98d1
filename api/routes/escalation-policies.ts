import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { schedulesOf } from '#domain/escalation/policy.ts';
import type { PolicyDocument, Rung } from '#domain/escalation/policy.ts';
import { policyProblemTitles, validatePolicy } from '#domain/escalation/validate-policy.ts';
import type { Json } from '#domain/json.ts';
import type { Transaction } from '#db/client.ts';
import {
  addEscalationPolicyVersion,
  findEscalationPolicy,
  insertEscalationPolicy,
  listEscalationPolicies,
  listEscalationPolicyVersions,
  lockEscalationPolicy,
} from '#db/repositories/escalation-policies.ts';
import type { EscalationPolicyRow } from '#db/repositories/escalation-policies.ts';
import { unknownPersons } from '#db/repositories/people.ts';
import { unknownSchedules } from '#db/repositories/schedules.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertMatch, auditChange, created, etagOf, found, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import type { FieldError } from '../problem.ts';
import {
  changeProblems,
  createProblems,
  idOf,
  ifMatch,
  key,
  listProblems,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import { policyDocument } from '../schemas/escalation-policy.ts';
import type { Routes } from './types.ts';

const managers: readonly Role[] = ['oncall_manager', 'ops_lead'];
const params = z.object({ policyId: idOf('escalationPolicy') });
const policySchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    key: z.string(),
    name: z.string(),
    version: z.number().int().describe('The version that new escalations freeze. Also the ETag.'),
    versionId: z.string(),
    document: policyDocument,
    createdAt: outInstant,
  })
  .meta({ id: 'EscalationPolicy' });
const versionSchema = z.object({
  id: z.string(),
  version: z.number().int(),
  document: policyDocument,
  createdBy: z.string(),
  createdAt: outInstant,
});

/** Escalation policies: whom a service pages, in which order. A change adds a version; open escalations keep theirs. */
export function registerEscalationPolicies(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/escalation-policies',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(policySchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listEscalationPolicies(deps.db, visibleTeams(principalOf(request)), {
        limit,
        after: readCursor(cursor),
      });
      return toPage(rows, limit, (row) => row.createdAt, toView);
    },
  );

  app.get(
    '/v1/escalation-policies/:policyId',
    { config: { access: 'any' }, schema: { params, response: { 200: policySchema, ...readProblems } } },
    async (request, reply) => toView(withEtag(reply, await visiblePolicy(deps, request))),
  );

  app.get(
    '/v1/escalation-policies/:policyId/versions',
    {
      config: { access: 'any' },
      schema: { params, response: { 200: z.object({ items: z.array(versionSchema) }), ...readProblems } },
    },
    async (request) => {
      const { id } = await visiblePolicy(deps, request);
      return {
        items: (await listEscalationPolicyVersions(deps.db, id)).map(({ policyId: _policyId, ...row }) => toView(row)),
      };
    },
  );

  app.post(
    '/v1/escalation-policies',
    {
      config: { access: managers },
      schema: {
        headers: idempotencyHeaders,
        body: z.object({ teamId: idOf('team'), key, name: title, document: policyDocument }).strict(),
        response: { 201: policySchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const { teamId } = request.body;
        assertMayFor(principalOf(request), managers, teamId);
        const document = await checked(tx, request.body.document as PolicyDocument);
        const row = created(
          await insertEscalationPolicy(tx, { ...request.body, document, createdBy: principalOf(request).id }),
        );
        await auditChange(tx, request, { kind: 'escalationPolicy', id: row.id }, 'created', {
          key: row.key,
          teamId,
          policyVersion: 1,
          document: document as unknown as Json,
        });
        return { status: 201, body: toView(row), headers: { etag: etagOf(row.version) } };
      }),
  );

  app.put(
    '/v1/escalation-policies/:policyId',
    {
      config: { access: managers },
      schema: {
        params,
        headers: ifMatch,
        body: z.object({ document: policyDocument }).strict(),
        response: { 200: policySchema, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visiblePolicy(deps, request);
      assertMayFor(principalOf(request), managers, teamId);
      const row = await deps.db.transaction(async (tx) => {
        const before = found(await lockEscalationPolicy(tx, id));
        assertMatch(request, before.version);
        const document = await checked(tx, request.body.document as PolicyDocument);
        const next = { policyId: id, version: before.version + 1, document, createdBy: principalOf(request).id };
        const after = found(await addEscalationPolicyVersion(tx, next));
        await auditChange(tx, request, { kind: 'escalationPolicy', id }, 'changed', {
          policyVersion: after.version,
          document: document as unknown as Json,
        });
        return after;
      });
      return toView(withEtag(reply, row));
    },
  );
}

/** The document, when it makes sense and whom it names exists. */
async function checked(tx: Transaction, document: PolicyDocument): Promise<PolicyDocument> {
  const errors: FieldError[] = validatePolicy(document).map(({ pointer, reason }) => ({
    pointer: `/body/document${pointer}`,
    code: reason,
    detail: policyProblemTitles[reason],
  }));
  const persons = [
    document.catchAllPersonId,
    ...document.rungs.flatMap(({ targets }) => targets.flatMap((one) => (one.kind === 'person' ? [one.personId] : []))),
  ];
  const schedules = (document.rungs as readonly Rung[]).flatMap(schedulesOf);
  for (const id of await unknownPersons(tx, [...new Set(persons)]))
    errors.push({ pointer: '/body/document', code: 'unknown_person', detail: id });
  for (const id of await unknownSchedules(tx, [...new Set(schedules)]))
    errors.push({ pointer: '/body/document', code: 'unknown_schedule', detail: id });
  if (errors.length > 0)
    throw new VigilError('escalation.policy_invalid', { errors: errors.map((error) => ({ ...error })) });
  return document;
}

async function visiblePolicy(deps: ApiDeps, request: FastifyRequest): Promise<EscalationPolicyRow> {
  const row = found(await findEscalationPolicy(deps.db, (request.params as z.output<typeof params>).policyId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

const toView = <T extends { readonly document: PolicyDocument }>(row: T) => ({
  ...withIsoDates(row),
  document: row.document as z.output<typeof policyDocument>,
});
