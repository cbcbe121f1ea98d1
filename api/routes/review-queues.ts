import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { harmNames } from '#domain/harms.ts';
import { claimNext } from '#db/repositories/review-leases.ts';
import { findQueue, insertQueue, listOpenTasks, listQueues, queueLoad } from '#db/repositories/review-queues.ts';
import type { QueueRow } from '#db/repositories/review-queues.ts';
import { findTeam } from '#db/repositories/teams.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, created, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  createProblems,
  idOf,
  key,
  listProblems,
  nothing,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import { taskSchema, toTaskView } from '../schemas/review.ts';
import type { Routes } from './types.ts';

export const reviewers: readonly Role[] = ['reviewer', 'sensitive_reviewer'];
/** Whoever may look at queues and tasks without reviewing. */
export const reviewReaders: readonly Role[] = [
  ...reviewers,
  'ops_lead',
  'policy',
  'protection_scientist',
  'investigator',
  'auditor',
];
const params = z.object({ queueId: idOf('reviewQueue') });
const queueSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    key: z.string(),
    title: z.string(),
    sensitive: z.boolean(),
    harms: z.array(z.string()),
    position: z.number().int(),
    createdAt: outInstant,
  })
  .meta({ id: 'ReviewQueue' });
const newQueue = z
  .object({
    teamId: idOf('team'),
    key,
    title,
    sensitive: z.boolean().default(false).describe('Only a sensitive_reviewer may claim from it.'),
    harms: z
      .array(z.enum(harmNames as [string, ...string[]]))
      .max(harmNames.length)
      .describe('Harms that are routed here; an empty list takes what no other queue takes.'),
    position: z.number().int().min(0).max(1_000).default(0),
  })
  .strict();

/** Review queues: where tasks wait, and taking the next one. */
export function registerReviewQueues(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/review-queues',
    {
      config: { access: reviewReaders },
      schema: { querystring: pageQuery, response: { 200: pageOf(queueSchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listQueues(deps.db, visibleTeams(principalOf(request)), { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.get(
    '/v1/review-queues/:queueId',
    {
      config: { access: reviewReaders },
      schema: {
        params,
        response: {
          200: queueSchema.extend({ openTasks: z.number().int(), oldestDueAt: outInstant.nullable() }),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const queue = await visibleQueue(deps, request);
      const { open, oldestDueAt } = await queueLoad(deps.db, queue.id);
      return { ...withIsoDates(queue), openTasks: open, oldestDueAt: oldestDueAt?.toISOString() ?? null };
    },
  );

  app.post(
    '/v1/review-queues',
    {
      config: { access: ['ops_lead'] },
      schema: { headers: idempotencyHeaders, body: newQueue, response: { 201: queueSchema, ...createProblems } },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), ['ops_lead'], request.body.teamId);
        found(await findTeam(tx, request.body.teamId));
        const row = created(await insertQueue(tx, request.body));
        const data = {
          key: row.key,
          teamId: row.teamId,
          sensitive: row.sensitive,
          harms: row.harms,
          position: row.position,
        };
        await auditChange(tx, request, { kind: 'reviewQueue', id: row.id }, 'created', data);
        return { status: 201, body: withIsoDates(row) };
      }),
  );

  app.get(
    '/v1/review-queues/:queueId/tasks',
    {
      config: { access: reviewReaders },
      schema: {
        params,
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }).strict(),
        response: {
          200: z.object({ items: z.array(taskSchema) }).describe('Open tasks, in the order in which they are claimed.'),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const queue = await visibleQueue(deps, request);
      return { items: (await listOpenTasks(deps.db, queue.id, request.query.limit)).map(toTaskView) };
    },
  );

  app.post(
    '/v1/review-queues/:queueId/claims',
    {
      config: { access: reviewers },
      schema: {
        params,
        headers: idempotencyHeaders,
        response: { 201: taskSchema, 204: nothing.describe('No task waits for this person.'), ...createProblems },
      },
    },
    async (request, reply) => {
      const queue = await visibleQueue(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), reviewers, queue.teamId);
        const task = await claimNext(tx, queue.id, personOf(request, queue.teamId), queue.teamId);
        return task === null ? { status: 204, body: null } : { status: 201, body: toTaskView(task) };
      });
    },
  );
}

async function visibleQueue(deps: ApiDeps, request: FastifyRequest): Promise<QueueRow> {
  const row = found(await findQueue(deps.db, (request.params as z.output<typeof params>).queueId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}
