import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Transaction } from '#db/client.ts';
import { insertNote } from '#db/repositories/notes.ts';
import { claimTask, releaseLease, renewLease } from '#db/repositories/review-leases.ts';
import { decideTask, revealContent } from '#db/repositories/review.ts';
import { findTask } from '#db/repositories/review-queues.ts';
import type { FoundTask } from '#db/repositories/review-queues.ts';
import { assertMayFor, assertVisible } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import type { Answer } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, note, nothing, outInstant, readProblems, severity } from '../schemas/common.ts';
import { orderedEnforcement, taskSchema, toTaskView } from '../schemas/review.ts';
import { reviewers, reviewReaders } from './review-queues.ts';
import type { Routes } from './types.ts';

const params = z.object({ taskId: idOf('reviewTask') });
const leaseToken = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const held = z.object({ leaseToken }).strict();
const openedTaskSchema = taskSchema.extend({
  case: z.object({
    id: z.string(),
    productId: z.string(),
    accountRef: z.string(),
    harm: z.string(),
    severity,
    status: z.string(),
    synthetic: z.boolean(),
    signalCount: z.number().int(),
    openedAt: outInstant,
  }),
  policy: z
    .object({
      policyId: z.string(),
      key: z.string(),
      title: z.string(),
      policyVersionId: z.string(),
      number: z.number().int(),
      body: z.string(),
    })
    .describe('The version that the case is pinned to: a decision names it.'),
});
const shownSchema = z.object({
  items: z.array(
    z.object({
      signalId: z.string(),
      detectorVersionId: z.string(),
      score: z.number(),
      contentId: z.string().nullable(),
      text: z.string().nullable(),
      occurredAt: outInstant,
    }),
  ),
});
const decision = z
  .object({
    leaseToken,
    verdict: z.enum(['violation', 'no_violation', 'escalate', 'skip']),
    policyVersionId: idOf('policyVersion').describe('The version that the reviewer saw.'),
    enforcement: orderedEnforcement.nullable().default(null),
    note: note.optional(),
  })
  .strict();

/** One review task: claim it, see it, look at its content, decide it. A lease with a fencing token keeps others out. */
export function registerReviewTasks(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/review-tasks/:taskId',
    { config: { access: reviewReaders }, schema: { params, response: { 200: openedTaskSchema, ...readProblems } } },
    async (request) => toOpenedView(await visibleTask(deps, request)),
  );

  app.post(
    '/v1/review-tasks/:taskId/claims',
    {
      config: { access: reviewers },
      schema: { params, headers: idempotencyHeaders, response: { 201: taskSchema, ...createProblems } },
    },
    async (request, reply) =>
      act(request, reply, 'taskClaimed', async (tx, taskId, teamId) => ({
        status: 201,
        body: toTaskView(await claimTask(tx, taskId, personOf(request, teamId))),
      })),
  );

  app.post(
    '/v1/review-tasks/:taskId/lease-renewals',
    {
      config: { access: reviewers },
      schema: { params, headers: idempotencyHeaders, body: held, response: { 201: taskSchema, ...createProblems } },
    },
    async (request, reply) =>
      act(request, reply, 'leaseRenewed', async (tx, taskId, teamId) => ({
        status: 201,
        body: toTaskView(await renewLease(tx, taskId, personOf(request, teamId), request.body.leaseToken)),
      })),
  );

  app.post(
    '/v1/review-tasks/:taskId/lease-releases',
    {
      config: { access: reviewers },
      schema: { params, headers: idempotencyHeaders, body: held, response: { 204: nothing, ...createProblems } },
    },
    async (request, reply) =>
      act(request, reply, 'leaseReleased', async (tx, taskId, teamId) => {
        await releaseLease(tx, taskId, personOf(request, teamId), request.body.leaseToken);
        return { status: 204, body: null };
      }),
  );

  app.post(
    '/v1/review-tasks/:taskId/reveals',
    {
      config: { access: reviewers, idempotencyKey: 'none' },
      schema: {
        params,
        body: held.extend({ limit: z.number().int().min(1).max(100).default(20) }),
        response: { 200: shownSchema.describe('The content. Each look is noted as an exposure.'), ...createProblems },
      },
    },
    async (request, reply) => {
      const { task, queue } = await visibleTask(deps, request);
      assertMayFor(principalOf(request), reviewers, queue.teamId);
      const { leaseToken: token, limit } = request.body;
      // Never kept as an answer: content is not copied, and a second look is a second exposure.
      const shown = await deps.db.transaction((tx) =>
        revealContent(tx, task.id, personOf(request, queue.teamId), token, limit),
      );
      void reply.header('cache-control', 'no-store');
      return { items: shown.map((item) => ({ ...item, occurredAt: item.occurredAt.toISOString() })) };
    },
  );

  app.post(
    '/v1/review-tasks/:taskId/decisions',
    {
      config: { access: reviewers },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: decision,
        response: { 201: z.object({ decisionId: z.string() }), ...createProblems },
      },
    },
    async (request, reply) =>
      act(request, reply, 'decided', async (tx, taskId, teamId) => {
        const person = personOf(request, teamId);
        const { note: text, ...made } = request.body;
        const noteId = text === undefined ? null : await insertNote(tx, person.id, text);
        const { decisionId } = await decideTask(tx, taskId, person, { ...made, noteId });
        return { status: 201, body: { decisionId } };
      }),
  );

  async function act(
    request: FastifyRequest,
    reply: FastifyReply,
    action: string,
    work: (tx: Transaction, taskId: string, teamId: string) => Promise<Answer>,
  ) {
    const { task, queue } = await visibleTask(deps, request);
    const refusal = { aggregate: { kind: 'case', id: task.caseId }, action: `case.${action}` };
    return once(
      deps,
      request,
      reply,
      async (tx) => {
        assertMayFor(principalOf(request), reviewers, queue.teamId);
        return work(tx, task.id, queue.teamId);
      },
      { refusal },
    );
  }
}

async function visibleTask(deps: ApiDeps, request: FastifyRequest): Promise<FoundTask> {
  const row = found(await findTask(deps.db, (request.params as z.output<typeof params>).taskId));
  assertVisible(principalOf(request), row.queue.teamId);
  return row;
}

function toOpenedView(row: FoundTask) {
  const { id, productId, accountRef, harm, status, synthetic, signalCount, openedAt } = row.case;
  return {
    ...toTaskView(row.task),
    case: {
      id,
      productId,
      accountRef,
      harm,
      severity: row.case.severity as 1 | 2 | 3 | 4,
      status,
      synthetic,
      signalCount,
      openedAt: openedAt.toISOString(),
    },
    policy: {
      policyId: row.policy.id,
      key: row.policy.key,
      title: row.policy.title,
      policyVersionId: row.policyVersion.id,
      number: row.policyVersion.number,
      body: row.policyVersion.body,
    },
  };
}
