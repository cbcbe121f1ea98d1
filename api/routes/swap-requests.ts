import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { overrideRefusal } from '#domain/oncall/overrides.ts';
import type { Override } from '#domain/oncall/schedule.ts';
import { proposeSwap, swapMachine, swapShiftsStand } from '#domain/oncall/swap-request.ts';
import type { SwapEffect, SwapEvent, SwapProposal, SwapRequest } from '#domain/oncall/swap-request.ts';
import { dayMs, toIso } from '#domain/time.ts';
import type { Transaction } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { databaseNow } from '#db/now.ts';
import { lockSchedule } from '#db/repositories/schedules.ts';
import type { ScheduleRow } from '#db/repositories/schedules.ts';
import {
  changeSwapRequest,
  findSwapRequest,
  insertSwapRequest,
  listSwapRequests,
  lockSwapRequest,
} from '#db/repositories/swap-requests.ts';
import type { SwapRow } from '#db/repositories/swap-requests.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { etagOf, found, personOf, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { changeSchedule, toSchedule, visibleSchedule } from '../schedule-documents.ts';
import { createProblems, idOf, instant, outInstant, pageOf, pageQuery, readProblems } from '../schemas/common.ts';
import { fromPeriods, toPeriods } from '../schemas/schedule.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const scheduleParams = z.object({ scheduleId: idOf('schedule') });
const listQuery = pageQuery.extend({
  open: z.stringbool().default(false).describe('Only those that wait for an answer.'),
});
const params = z.object({ swapRequestId: idOf('swapRequest') });
const side = z
  .object({
    personId: idOf('person'),
    layerId: z.string().min(1).max(100).nullable().default(null).describe('null: wherever the person is on call.'),
    startAt: instant,
    endAt: instant,
  })
  .strict();
const newSwap = z
  .object({
    sides: z.tuple([side, side]).describe('The shift that each of the two gives away.'),
    expiresAt: instant.optional().describe('When the first of the two shifts begins, when left out.'),
  })
  .strict();
const swapSchema = z
  .object({
    id: z.string(),
    scheduleId: z.string(),
    version: z.number().int(),
    status: z.enum(['proposed', 'accepted', 'declined', 'withdrawn', 'expired']),
    sides: z.array(
      z.object({ personId: z.string(), layerId: z.string().nullable(), startAt: outInstant, endAt: outInstant }),
    ),
    proposedById: z.string(),
    proposedAt: outInstant,
    expiresAt: outInstant,
    consentedIds: z.array(z.string()).describe('Both must agree.'),
    decidedById: z.string().nullable(),
    decidedAt: outInstant.nullable(),
  })
  .meta({ id: 'SwapRequest' });
/** No shift is longer; a longer one would only be long to check. */
const longestShiftMs = 366 * dayMs;

/** Swaps of shifts: proposed by one, accepted by both, and then two overrides of the schedule. */
export function registerSwapRequests(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/schedules/:scheduleId/swap-requests',
    {
      config: { access: 'any' },
      schema: {
        params: scheduleParams,
        querystring: listQuery,
        response: { 200: pageOf(swapSchema), ...readProblems },
      },
    },
    async (request) => {
      const { id } = await visibleSchedule(deps, request);
      return listed({ scheduleId: id }, request.query);
    },
  );

  app.get(
    '/v1/swap-requests',
    {
      config: { access: 'any' },
      schema: {
        querystring: listQuery.extend({ personId: idOf('person').optional().describe('One of the two.') }),
        response: { 200: pageOf(swapSchema), ...readProblems },
      },
    },
    async (request) =>
      listed({ teams: visibleTeams(principalOf(request)), personId: request.query.personId }, request.query),
  );

  async function listed(
    of: Parameters<typeof listSwapRequests>[1],
    { limit, cursor, open }: z.infer<typeof listQuery>,
  ) {
    const rows = await listSwapRequests(deps.db, of, { openOnly: open }, { limit, after: readCursor(cursor) });
    const now = await databaseNow(deps.db);
    return toPage(
      rows,
      limit,
      (row) => row.createdAt,
      (row) => toView(row, now),
    );
  }

  app.post(
    '/v1/schedules/:scheduleId/swap-requests',
    {
      config: { access: 'any' },
      schema: {
        params: scheduleParams,
        headers: idempotencyHeaders,
        body: newSwap,
        response: { 201: swapSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const schedule = await visibleSchedule(deps, request);
      return once(deps, request, reply, async (tx) => {
        const by = personOf(request, schedule.teamId);
        const now = await databaseNow(tx);
        const proposal = proposalOf(schedule.id, request.body);
        const step = proposeSwap(proposal, by, now);
        if (step.outcome === 'refused') throw new VigilError(step.code, step.detail);
        if (proposal.sides.some(({ startAt, endAt }) => endAt - startAt > longestShiftMs))
          throw unknownReference('/body/sides', 'a shift lasts at most a year');
        if (!swapShiftsStand(toSchedule(schedule), proposal.sides)) throw new VigilError('oncall.swap_shift_moved');
        const { state, effects } = step;
        const change = { state, effects, event: 'propose', actor: by, requestId: request.id } as const;
        const row = await insertSwapRequest(tx, schedule.teamId, change);
        return { status: 201, body: toView(row, now), headers: { etag: etagOf(row.version) } };
      });
    },
  );

  app.get(
    '/v1/swap-requests/:swapRequestId',
    { config: { access: 'any' }, schema: { params, response: { 200: swapSchema, ...readProblems } } },
    async (request, reply) => toView(withEtag(reply, await visibleSwap(deps, request)), await databaseNow(deps.db)),
  );

  const decision = (resource: string, type: 'accept' | 'decline' | 'withdraw') =>
    app.post(
      `/v1/swap-requests/:swapRequestId/${resource}`,
      {
        config: { access: 'any' },
        schema: { params, headers: idempotencyHeaders, response: { 201: swapSchema, ...createProblems } },
      },
      async (request, reply) => decide(deps, request, reply, type),
    );
  decision('acceptances', 'accept');
  decision('declines', 'decline');
  decision('withdrawals', 'withdraw');
}

/** One decision, its overrides and audit events: a single transaction under the locks of the request and its schedule. */
async function decide(
  deps: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  type: 'accept' | 'decline' | 'withdraw',
) {
  const { id } = await visibleSwap(deps, request);
  const refusal = { aggregate: { kind: 'swapRequest', id }, action: `swapRequest.${type}` };
  return once(
    deps,
    request,
    reply,
    async (tx) => {
      const before = found(await lockSwapRequest(tx, id));
      const schedule = found(await lockSchedule(tx, before.scheduleId));
      const now = await databaseNow(tx);
      const by = personOf(request, before.teamId);
      const event: SwapEvent =
        type === 'accept'
          ? { type, by, shiftsStand: swapShiftsStand(toSchedule(schedule), before.state.sides) }
          : { type, by };
      const step = swapMachine.transition(before.state, event, now);
      if (step.outcome === 'refused') throw new VigilError(step.code, step.detail);
      if (step.outcome === 'ignored') throw new Error(`a swap request ignored ${type}`);
      const { state, effects } = step;
      await createOverrides(tx, request, { swapRequestId: id, schedule, effects });
      const row = await changeSwapRequest(tx, id, { state, effects, event: type, actor: by, requestId: request.id });
      return { status: 201, body: toView(row, now), headers: { etag: etagOf(row.version) } };
    },
    { refusal },
  );
}

async function createOverrides(
  tx: Transaction,
  request: FastifyRequest,
  accepted: { swapRequestId: string; schedule: ScheduleRow; effects: readonly SwapEffect[] },
): Promise<void> {
  const { swapRequestId, schedule, effects } = accepted;
  const drafts = effects.flatMap((effect) => (effect.type === 'create_overrides' ? effect.overrides : []));
  if (drafts.length === 0) return;
  let { overrides } = schedule.document;
  const added: Override[] = [];
  for (const draft of drafts) {
    const refusal = overrideRefusal(overrides, draft);
    if (refusal) throw new VigilError(refusal.code, { conflictsWith: refusal.overrideId });
    const override: Override = { id: newId('override'), ...draft };
    added.push(override);
    overrides = [...overrides, override];
  }
  await changeSchedule(tx, request, schedule.id, {
    document: { ...schedule.document, overrides },
    action: 'shiftsSwapped',
    data: { swapRequestId, overrides: added as unknown as Json },
  });
}

async function visibleSwap(deps: ApiDeps, request: FastifyRequest): Promise<SwapRow> {
  const row = found(await findSwapRequest(deps.db, (request.params as z.output<typeof params>).swapRequestId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

function proposalOf(scheduleId: string, body: z.output<typeof newSwap>): SwapProposal {
  const sides = toPeriods(body.sides) as SwapProposal['sides'];
  const expiresAt =
    body.expiresAt === undefined ? Math.min(...sides.map(({ startAt }) => startAt)) : Date.parse(body.expiresAt);
  return { scheduleId, sides, expiresAt };
}

/** As it is at `now`: a request that nobody decided in time reads as expired, whether or not that is written yet. */
function toView({ id, state }: SwapRow, now: number) {
  const step = swapMachine.transition(state, { type: 'due' }, now);
  const { proposedAt, expiresAt, decidedAt, sides, ...rest }: SwapRequest =
    step.outcome === 'moved' ? step.state : state;
  return {
    id,
    ...rest,
    version: state.version,
    consentedIds: [...rest.consentedIds],
    sides: fromPeriods(sides) as z.output<typeof swapSchema>['sides'],
    proposedAt: toIso(proposedAt),
    expiresAt: toIso(expiresAt),
    decidedAt: decidedAt === null ? null : toIso(decidedAt),
  };
}
