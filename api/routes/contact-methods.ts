import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { addressProblems, isUsable, needsProof, normalAddress } from '#domain/oncall/contact-address.ts';
import { channels } from '#domain/oncall/notification-rules.ts';
import type { Channel } from '#domain/oncall/notification-rules.ts';
import { allowListOf } from '#domain/outgoing-target.ts';
import { leaveContactNotice, listContactNotices, tryCode } from '#db/repositories/contact-notices.ts';
import type { NewContactNotice } from '#db/repositories/contact-notices.ts';
import {
  disableContactMethod,
  findContactMethod,
  insertContactMethod,
  listContactMethods,
  lockPerson,
} from '#db/repositories/people.ts';
import type { ContactMethodRow } from '#db/repositories/people.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { createProblems, idOf, nothing, outInstant, readProblems, withIsoDates } from '../schemas/common.ts';
import { assertOwnOrManager } from './persons.ts';
import type { Routes } from './types.ts';

const params = z.object({ personId: idOf('person') });
const methodParams = params.extend({ contactMethodId: idOf('contactMethod') });
const contactMethodSchema = z
  .object({
    id: z.string(),
    personId: z.string(),
    channel: z.enum(channels),
    address: z.string().describe('In its one spelling: a number as +447700900123.'),
    createdAt: outInstant,
    verifiedAt: outInstant.nullable(),
    disabledAt: outInstant.nullable(),
    isUsable: z
      .boolean()
      .describe('Whether pages go to it. E-mail, chat, text messages and calls: once it is verified.'),
  })
  .meta({ id: 'ContactMethod' });
const noticeSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['verification', 'test']),
    status: z.enum(['pending', 'started', 'sent', 'delivered', 'unknown', 'failed', 'superseded']),
    errorCode: z.string().nullable().describe('Why it failed: what the provider said, or `channel_not_configured`.'),
    createdAt: outInstant,
    settledAt: outInstant.nullable(),
  })
  .meta({ id: 'ContactNotice' });

/** The ways to reach a person, the proof that each is theirs, and tests of whether it works. */
export function registerContactMethods(app: Routes, deps: ApiDeps): void {
  const allowList = allowListOf(deps.outgoingAllow ?? []);

  app.get(
    '/v1/persons/:personId/contact-methods',
    {
      config: { access: 'any' },
      schema: { params, response: { 200: z.object({ items: z.array(contactMethodSchema) }), ...readProblems } },
    },
    async (request) => {
      const { personId } = request.params;
      assertOwnOrManager(request, personId);
      return { items: (await listContactMethods(deps.db, personId)).map(toMethodView) };
    },
  );

  app.post(
    '/v1/persons/:personId/contact-methods',
    {
      config: { access: 'any' },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z.object({ channel: z.enum(channels), address: z.string().min(1).max(2_000) }).strict(),
        response: { 201: contactMethodSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { personId } = request.params;
      assertOwnOrManager(request, personId);
      const { channel } = request.body;
      const checked = normalAddress(channel, request.body.address, allowList);
      if ('problem' in checked) {
        const { problem } = checked;
        const errors = [{ pointer: '/body/address', code: problem, detail: addressProblems[problem] }];
        throw new VigilError('request.invalid', { errors });
      }
      return once(deps, request, reply, async (tx) => {
        found(await lockPerson(tx, personId));
        const row = await insertContactMethod(tx, { personId, channel, address: checked.address });
        await auditChange(tx, request, { kind: 'principal', id: personId }, 'contactMethodAdded', {
          contactMethodId: row.id,
          channel: row.channel,
        });
        return { status: 201, body: toMethodView(row) };
      });
    },
  );

  app.delete(
    '/v1/persons/:personId/contact-methods/:contactMethodId',
    { config: { access: 'any' }, schema: { params: methodParams, response: { 204: nothing, ...readProblems } } },
    async (request, reply) => {
      const { personId, contactMethodId } = request.params;
      assertOwnOrManager(request, personId);
      await deps.db.transaction(async (tx) => {
        found((await disableContactMethod(tx, personId, contactMethodId)) || null);
        await auditChange(tx, request, { kind: 'principal', id: personId }, 'contactMethodDisabled', {
          contactMethodId,
        });
      });
      return reply.code(204).send(null);
    },
  );

  const asked = {
    config: { access: 'any' },
    schema: {
      params: methodParams,
      headers: idempotencyHeaders,
      response: { 201: noticeSchema.describe('It leaves within seconds.'), ...createProblems },
    },
  } as const;
  app.post('/v1/persons/:personId/contact-methods/:contactMethodId/verifications', asked, (request, reply) =>
    leave(deps, request, reply, { ...request.params, kind: 'verification' }),
  );
  app.post('/v1/persons/:personId/contact-methods/:contactMethodId/tests', asked, (request, reply) =>
    leave(deps, request, reply, { ...request.params, kind: 'test' }),
  );

  app.get(
    '/v1/persons/:personId/contact-methods/:contactMethodId/notices',
    {
      config: { access: 'any' },
      schema: {
        params: methodParams,
        response: { 200: z.object({ items: z.array(noticeSchema) }).describe('The newest first.'), ...readProblems },
      },
    },
    async (request) => {
      const { personId, contactMethodId } = request.params;
      assertOwnOrManager(request, personId);
      found(await findContactMethod(deps.db, personId, contactMethodId));
      return { items: (await listContactNotices(deps.db, contactMethodId)).map(toNoticeView) };
    },
  );

  app.post(
    '/v1/persons/:personId/contact-methods/:contactMethodId/verifications/confirmations',
    {
      // Each try of a code is an act of its own.
      config: { access: 'any', idempotencyKey: 'none' },
      schema: {
        params: methodParams,
        body: z.object({ code: z.string().regex(/^\d{6}$/, 'must be the six digits of the message') }).strict(),
        response: { 200: contactMethodSchema, ...createProblems, ...problems(410) },
      },
    },
    async (request) => {
      const { personId, contactMethodId } = request.params;
      // Nobody else's: answers from there count as this person's.
      if (principalOf(request).id !== personId) throw new VigilError('auth.forbidden');
      // A wrong try is committed too: it counts.
      const tried = await deps.db.transaction(async (tx) => {
        found(await lockPerson(tx, personId));
        const method = found(await findContactMethod(tx, personId, contactMethodId));
        if (method.verifiedAt !== null) return { result: 'verified' as const };
        const outcome = await tryCode(tx, contactMethodId, request.body.code);
        const action = outcome.result === 'verified' ? 'contactMethodVerified' : 'contactMethodVerified.refused';
        await auditChange(tx, request, { kind: 'principal', id: personId }, action, { contactMethodId });
        return outcome;
      });
      if (tried.result === 'over') throw new VigilError('contact.code_over');
      if (tried.result === 'wrong') throw new VigilError('contact.code_wrong', { attemptsLeft: tried.attemptsLeft });
      return toMethodView(found(await findContactMethod(deps.db, personId, contactMethodId)));
    },
  );
}

async function leave(deps: ApiDeps, request: FastifyRequest, reply: FastifyReply, notice: NewContactNotice) {
  const { personId, contactMethodId, kind } = notice;
  assertOwnOrManager(request, personId);
  return once(deps, request, reply, async (tx) => {
    found(await lockPerson(tx, personId));
    const method = found(await findContactMethod(tx, personId, contactMethodId));
    if (method.disabledAt !== null) throw new VigilError('resource.not_found');
    if (kind === 'verification' && !needsProof(method.channel as Channel))
      throw new VigilError('contact.needs_no_proof', { channel: method.channel });
    const row = await leaveContactNotice(tx, notice);
    if (!row) {
      void reply.header('retry-after', '600');
      throw new VigilError('contact.too_many');
    }
    const action = kind === 'test' ? 'contactMethodTested' : 'contactMethodCodeAsked';
    await auditChange(tx, request, { kind: 'principal', id: personId }, action, { contactMethodId, noticeId: row.id });
    return { status: 201, body: toNoticeView(row) };
  });
}

const toMethodView = (row: ContactMethodRow) => ({
  ...withIsoDates(row),
  channel: row.channel as Channel,
  isUsable: isUsable(row),
});

function toNoticeView(row: Awaited<ReturnType<typeof listContactNotices>>[number]) {
  const { id, kind, status, errorCode, createdAt, settledAt } = withIsoDates(row);
  return {
    id,
    kind: kind as z.infer<typeof noticeSchema>['kind'],
    status: status as z.infer<typeof noticeSchema>['status'],
    errorCode,
    createdAt,
    settledAt,
  };
}
