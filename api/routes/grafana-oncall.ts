import { z } from 'zod';
import type { PresetName } from '#domain/intake/presets.ts';
import type { ApiDeps } from '../deps.ts';
import { beatBodyLimitBytes, beatBy, beatConfig, keyInPath } from '../intake/beats.ts';
import { acceptAs, newReading, readBody } from '../intake/readers.ts';
import type { BodyFormat } from '../intake/readers.ts';
import { senderOf, webhookOptions } from '../intake/sender-key.ts';
import { throwAwayBodies } from '../plugins/body.ts';
import { problems } from '../problem.ts';
import type { Routes } from './types.ts';

const params = z.object({
  source: z
    .string()
    .max(100)
    .describe('The kind of integration at Grafana OnCall: `alertmanager`, `webhook` and so on.'),
  key: z.string().max(200).describe('The token that the integration has there, once it was imported here.'),
});

interface Source {
  readonly format: BodyFormat;
  readonly preset: PresetName;
}
/** Any other is a JSON of its own, read by the mapping of its integration where it has one. */
const webhook: Source = { format: 'generic', preset: 'grafana_oncall_webhook' };
const sources: ReadonlyMap<string, Source> = new Map([
  ['alertmanager', { ...webhook, format: 'alertmanager' }],
  ['grafana', { ...webhook, format: 'grafana' }],
  ['grafana_alerting', { ...webhook, format: 'grafana' }],
  ['formatted_webhook', { format: 'generic', preset: 'grafana_oncall' }],
]);

const ok = z.string().describe('`Ok.`: stored for good.');

/**
 * The addresses of Grafana OnCall, for senders that are moved by their host alone: the token stays in the path. What may go
 * well later is 503, where Grafana OnCall said 429 and lost what Alertmanager had to say.
 */
export function registerGrafanaOnCall(app: Routes, deps: ApiDeps): void {
  const options = webhookOptions(deps.config);

  app.post(
    '/integrations/v1/:source/:key',
    {
      ...options,
      schema: {
        params,
        body: z.unknown().describe('What the sender sends to Grafana OnCall.'),
        response: { 200: ok, ...problems(400, 404, 413, 415, 422, 503) },
      },
    },
    async (request, reply) => {
      const integration = await senderOf(deps.db, request);
      const { format, preset } = sources.get(request.params.source) ?? webhook;
      const reports = readBody(format, request.body, integration.document, newReading(), preset);
      await acceptAs(deps.intake, integration, reports);
      return reply.type('application/json').send('"Ok."');
    },
  );

  app.get(
    '/integrations/v1/:source/:key',
    {
      ...options,
      schema: {
        params,
        response: {
          200: z.string().describe('The key is known here. Nothing is reported.'),
          ...problems(404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      await senderOf(deps.db, request);
      return reply.type('text/plain; charset=utf-8').send('This address is known. Alerts are sent to it by POST.\n');
    },
  );

  void app.register((scope: Routes, _options, done) => {
    throwAwayBodies(scope, beatBodyLimitBytes);
    const beat = { config: beatConfig(keyInPath) };
    const beaten = z.string().describe('Stored: the heartbeat monitor that has this key was beaten.');
    const path = '/integrations/v1/:source/:key/heartbeat';
    scope.post(
      path,
      { ...beat, schema: { params, response: { 200: beaten, ...problems(400, 404, 413, 415, 422, 429, 503) } } },
      async (request, reply) => {
        await beatBy(deps.db, request.params.key);
        return reply.type('application/json').send('');
      },
    );
    scope.get(
      path,
      { ...beat, schema: { params, response: { 200: beaten, ...problems(404, 422, 429, 503) } } },
      async (request, reply) => {
        await beatBy(deps.db, request.params.key);
        return reply.type('application/json').send('":)"');
      },
    );
    done();
  });
}
