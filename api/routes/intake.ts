import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { dayMs } from '#domain/time.ts';
import { emptyDocument } from '#domain/intake/integration.ts';
import { dispositions } from '#domain/intake/report.ts';
import type { SourceReport } from '#domain/intake/report.ts';
import { findProductByKey } from '#db/repositories/products.ts';
import { insertProductEvents } from '#db/repositories/product-events.ts';
import { recallServiceForSender } from '#db/repositories/integrations.ts';
import { assertMayFor } from '../auth.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, instant, key, severity, title } from '../schemas/common.ts';
import { attributes } from '../schemas/detector.ts';
import { labels } from '../schemas/integration.ts';
import type { Routes } from './types.ts';

const senders: readonly Role[] = ['integration'];
/** People may report by hand what no machine saw. */
const reporters: readonly Role[] = ['integration', 'responder', 'oncall_manager', 'ops_lead', 'protection_scientist'];
const batchLimitBytes = 4 * 1024 * 1024;
const firstDayMs = Date.UTC(2000, 0, 1);

const productEvent = z
  .object({
    id: z.string().min(1).max(200).describe("The product's own id. The same id on the same day is the same event."),
    kind: z.string().min(1).max(100),
    accountRef: z.string().min(1).max(200).describe('An opaque reference, never a name or address.'),
    occurredAt: instant,
    attributes,
    content: z
      .object({ text: z.string().max(1_000_000) })
      .strict()
      .nullable(),
  })
  .strict();

const alert = z.discriminatedUnion('action', [
  z
    .object({
      action: z.literal('trigger'),
      dedupKey: z
        .string()
        .min(1)
        .max(255)
        .describe('What makes alerts one: the open escalation of this key takes them all.'),
      severity,
      title,
      details: z.record(z.string(), z.unknown()).optional(),
      labels: labels.default({}).describe('What suppression rules look at.'),
    })
    .strict(),
  z.object({ action: z.literal('resolve'), dedupKey: z.string().min(1).max(255) }).strict(),
]);

/**
 * What comes in from outside: one transaction, answered after commit, without waiting for Temporal. Natural keys make a
 * retry harmless, so no Idempotency-Key is asked for.
 */
export function registerIntake(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/intake/events',
    {
      config: { access: senders, idempotencyKey: 'none' },
      bodyLimit: batchLimitBytes,
      schema: {
        body: z.object({ productKey: key, events: z.array(productEvent).min(1).max(1_000) }).strict(),
        response: {
          200: z.object({ accepted: z.number().int(), duplicates: z.number().int() }).describe('Stored for good.'),
          ...createProblems,
        },
      },
    },
    async (request) => {
      const { productKey, events } = request.body;
      const product = found(await findProductByKey(deps.db, productKey));
      assertMayFor(principalOf(request), senders, product.teamId);
      const latestMs = Date.now() + dayMs;
      const stored = events.map(({ id, occurredAt, content, ...event }, index) => {
        const at = Date.parse(occurredAt);
        if (at < firstDayMs || at > latestMs) throw outOfRange(index);
        return { ...event, sourceId: id, occurredAt: new Date(at).toISOString(), text: content?.text ?? null };
      });
      const accepted = await deps.db.transaction((tx) => insertProductEvents(tx, product.id, stored));
      return { accepted, duplicates: events.length - accepted };
    },
  );

  app.post(
    '/v1/services/:serviceId/alerts',
    {
      // Machines read the answer, thousands in a second: what protects browsers would cost a tenth of it.
      helmet: false,
      config: { access: reporters, idempotencyKey: 'none' },
      schema: {
        params: z.object({ serviceId: idOf('service') }),
        body: alert,
        response: {
          202: z
            .object({
              escalationId: z.string().nullable().describe('Null when a resolve found nothing open.'),
              disposition: z.enum(dispositions),
            })
            .describe('Accepted for good: it is paged, merged, or held back by a named rule.'),
          ...createProblems,
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { serviceId } = request.params;
      const { teamId, isCutOff } = found(await recallServiceForSender(deps.db, serviceId, principal.id));
      assertMayFor(principal, reporters, teamId);
      if (isCutOff) throw new VigilError('auth.forbidden', { because: 'the integration is disabled' });
      const { body } = request;
      const { dedupKey } = body;
      const report: SourceReport =
        body.action === 'resolve'
          ? { action: 'resolve', dedupKey, labels: {}, group: null }
          : {
              action: 'trigger',
              dedupKey,
              labels: body.labels,
              severity: body.severity,
              title: body.title,
              details: (body.details as Json | undefined) ?? null,
              group: null,
            };
      const sender = { id: null, serviceId, teamId, principalId: principal.id, document: emptyDocument };
      const [accepted] = await deps.intake.accept(sender, [report]);
      if (!accepted) throw new Error('an accepted report has no answer');
      return reply.code(202).send(accepted);
    },
  );
}

const outOfRange = (index: number): VigilError =>
  new VigilError('request.invalid', {
    errors: [
      {
        pointer: `/body/events/${index}/occurredAt`,
        code: 'out_of_range',
        detail: 'must be from the year 2000 to tomorrow',
      },
    ],
  });
