import { z } from 'zod';
import type { ApiDeps } from '../deps.ts';
import { acceptAs, readBody } from '../intake/readers.ts';
import type { BodyFormat } from '../intake/readers.ts';
import { senderOf, webhookOptions } from '../intake/sender-key.ts';
import { problems } from '../problem.ts';
import type { Routes } from './types.ts';

const whatBecame = z
  .object({
    accepted: z.array(
      z.object({
        dedupKey: z.string(),
        disposition: z.enum(['opened', 'merged', 'resolved', 'noted', 'suppressed', 'dropped']),
        escalationId: z.string().nullable(),
      }),
    ),
  })
  .describe('Stored for good: what became of each alert, or group of alerts.');

const formats = [
  ['alertmanager', 'What Alertmanager sends to a webhook, version 4.'],
  ['grafana', 'What Grafana sends to a webhook.'],
  ['generic', "The sender's own JSON, read by the mapping of its integration."],
] as const satisfies readonly (readonly [BodyFormat, string])[];

/**
 * Webhooks of monitoring systems. The integration's key is the whole right; it stands in the path, or in the Authorization
 * header for senders that can set one.
 *
 * Whatever may go well later is answered with 503 and never with 429, which Alertmanager takes for a refusal.
 */
export function registerIntakeWebhooks(app: Routes, deps: ApiDeps): void {
  const options = webhookOptions(deps.config);
  for (const [format, description] of formats) {
    const body = z.unknown().describe(description);
    const response = { 202: whatBecame, ...problems(400, 404, 413, 415, 422, 503) };
    const accept = async (request: Parameters<typeof senderOf>[1]) => {
      const integration = await senderOf(deps.db, request);
      const reports = readBody(format, request.body, integration.document);
      return { accepted: await acceptAs(deps.intake, integration, reports) };
    };

    app.post(
      `/v1/intake/${format}/:key`,
      { ...options, schema: { params: z.object({ key: z.string().max(200) }), body, response } },
      async (request, reply) => reply.code(202).send(await accept(request)),
    );
    app.post(`/v1/intake/${format}`, { ...options, schema: { body, response } }, async (request, reply) =>
      reply.code(202).send(await accept(request)),
    );
  }
}
