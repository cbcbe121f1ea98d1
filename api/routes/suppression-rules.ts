import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { longestSuppressionMs } from '#domain/intake/suppression.ts';
import type { Transaction } from '#db/client.ts';
import { databaseNow } from '#db/now.ts';
import { findIntegration } from '#db/repositories/integrations.ts';
import { findPrincipal } from '#db/repositories/people.ts';
import { findService } from '#db/repositories/services.ts';
import {
  changeSuppressionRule,
  countSuppressedAlerts,
  endSuppressionRule,
  findSuppressionRule,
  forgetSuppressionRules,
  insertSuppressionRule,
  listSuppressedAlerts,
  listSuppressionRules,
} from '#db/repositories/suppression-rules.ts';
import type { SuppressionRuleRow } from '#db/repositories/suppression-rules.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertMatch, auditChange, found, personOf, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  changeProblems,
  createProblems,
  idOf,
  ifMatch,
  listProblems,
  pageOf,
  pageQuery,
  readProblems,
  withIsoDates,
} from '../schemas/common.ts';
import {
  changedRule,
  countedRuleSchema,
  newRule,
  suppressedAlertSchema,
  suppressionRuleSchema,
} from '../schemas/suppression.ts';
import type { ChangedRule } from '../schemas/suppression.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const keepers: readonly Role[] = ['responder', 'oncall_manager', 'ops_lead'];
const params = z.object({ ruleId: idOf('suppressionRule') });

/** Suppression rules: alerts that match are counted and page nobody. Each has a name, a person who owns it, and an expiry. */
export function registerSuppressionRules(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/suppression-rules',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({ live: z.stringbool().default(false).describe('Only those that work now.') }),
        response: { 200: pageOf(countedRuleSchema), ...listProblems },
      },
    },
    async (request) => {
      const { limit, cursor, live } = request.query;
      const filter = { teams: visibleTeams(principalOf(request)), live };
      const rows = await listSuppressionRules(deps.db, filter, { limit, after: readCursor(cursor) });
      return toPage(await counted(rows), limit, (row) => row.createdAt, toView);
    },
  );

  app.post(
    '/v1/suppression-rules',
    {
      config: { access: keepers },
      schema: {
        headers: idempotencyHeaders,
        body: newRule,
        response: { 201: suppressionRuleSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { teamId, ownerId, ...fields } = request.body;
      const answer = await once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), keepers, teamId);
        const { id: createdBy } = personOf(request);
        const checked = await check(tx, teamId, { ...fields, ownerId: ownerId ?? createdBy });
        const row = await insertSuppressionRule(tx, { teamId, createdBy, ...checked });
        await auditChange(tx, request, { kind: 'suppressionRule', id: row.id }, 'created', idsOf(row));
        return { status: 201, body: toView(row), headers: { etag: `"${row.version}"` } };
      });
      forgetSuppressionRules(deps.db);
      return answer;
    },
  );

  app.get(
    '/v1/suppression-rules/:ruleId',
    { config: { access: 'any' }, schema: { params, response: { 200: countedRuleSchema, ...readProblems } } },
    async (request, reply) => {
      const [row] = await counted([await visibleRule(request)]);
      return toView(withEtag(reply, found(row)));
    },
  );

  app.get(
    '/v1/suppression-rules/:ruleId/suppressed-alerts',
    {
      config: { access: 'any' },
      schema: { params, querystring: pageQuery, response: { 200: pageOf(suppressedAlertSchema), ...readProblems } },
    },
    async (request) => {
      const { id } = await visibleRule(request);
      const { limit, cursor } = request.query;
      const rows = await listSuppressedAlerts(deps.db, id, { limit, after: readCursor(cursor) });
      return toPage(
        rows.map((row) => ({ ...row, id: row.dedupKey })),
        limit,
        (row) => row.firstAt,
        withIsoDates,
      );
    },
  );

  app.put(
    '/v1/suppression-rules/:ruleId',
    {
      config: { access: keepers },
      schema: {
        params,
        headers: ifMatch,
        body: changedRule,
        response: { 200: suppressionRuleSchema, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleRule(request);
      assertMayFor(principalOf(request), keepers, teamId);
      personOf(request);
      const row = await deps.db.transaction(async (tx) => {
        assertMatch(request, (await lockedLive(tx, id)).version);
        const changed = await changeSuppressionRule(tx, id, await check(tx, teamId, request.body));
        await auditChange(tx, request, { kind: 'suppressionRule', id }, 'changed', idsOf(changed));
        return changed;
      });
      forgetSuppressionRules(deps.db);
      return toView(withEtag(reply, row));
    },
  );

  app.post(
    '/v1/suppression-rules/:ruleId/endings',
    {
      config: { access: keepers },
      schema: { params, headers: idempotencyHeaders, response: { 201: suppressionRuleSchema, ...createProblems } },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleRule(request);
      const answer = await once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), keepers, teamId);
        const { id: endedBy } = personOf(request);
        await lockedLive(tx, id);
        const row = await endSuppressionRule(tx, id, endedBy);
        await auditChange(tx, request, { kind: 'suppressionRule', id }, 'ended');
        return { status: 201, body: toView(row) };
      });
      forgetSuppressionRules(deps.db);
      return answer;
    },
  );

  async function visibleRule(request: FastifyRequest): Promise<SuppressionRuleRow> {
    const { ruleId } = request.params as z.output<typeof params>;
    const row = found(await findSuppressionRule(deps.db, ruleId));
    assertVisible(principalOf(request), row.teamId);
    return row;
  }

  async function counted(rows: readonly SuppressionRuleRow[]) {
    const counts = await countSuppressedAlerts(
      deps.db,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => ({ ...row, suppressed: counts.get(row.id) ?? { alerts: 0, keys: 0 } }));
  }
}

/** The rule, locked. What is over stays as it was: a new rule has a new name for why it is quiet. */
async function lockedLive(tx: Transaction, id: string): Promise<SuppressionRuleRow> {
  const row = found(await findSuppressionRule(tx, id, { lock: true }));
  if (row.endedAt !== null || row.expiresAt.getTime() <= (await databaseNow(tx)))
    throw new VigilError('intake.rule_over');
  return row;
}

/** The fields as they are stored, once what they name is there and of the team. */
async function check(tx: Transaction, teamId: string, fields: ChangedRule) {
  const expiresAt = new Date(fields.expiresAt);
  const aheadMs = expiresAt.getTime() - (await databaseNow(tx));
  if (aheadMs <= 0 || aheadMs > longestSuppressionMs)
    throw unknownReference('/body/expiresAt', 'must lie ahead, and at most 90 days');
  if ((await findPrincipal(tx, fields.ownerId))?.disabledAt !== null)
    throw unknownReference('/body/ownerId', 'must be a person who can still act');
  if (fields.serviceId !== null && (await findService(tx, fields.serviceId))?.teamId !== teamId)
    throw unknownReference('/body/serviceId', 'must be a service of this team');
  if (fields.integrationId !== null && (await findIntegration(tx, fields.integrationId))?.teamId !== teamId)
    throw unknownReference('/body/integrationId', 'must be an integration of this team');
  return { ...fields, expiresAt };
}

/** What the audit event says of it: ids and times, no names and no labels. */
const idsOf = ({ version, teamId, ownerId, serviceId, integrationId, expiresAt }: SuppressionRuleRow) => ({
  version,
  teamId,
  ownerId,
  serviceId,
  integrationId,
  expiresAt: expiresAt.toISOString(),
});

const toView = <T extends SuppressionRuleRow>(row: T) =>
  withIsoDates({ ...row, conditions: row.conditions as z.output<typeof suppressionRuleSchema>['conditions'] });
