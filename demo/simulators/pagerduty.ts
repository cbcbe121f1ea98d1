import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { installFaults } from './faults.ts';
import type { FaultMode } from './faults.ts';
import { openLog } from './log.ts';
import { bodyOf, createServer, sha256 } from './server.ts';

export interface PagerdutyOptions {
  readonly logFile?: string | null;
  readonly now?: () => number;
}

const eventSchema = z.looseObject({
  routing_key: z.string().length(32),
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().min(1).max(255).optional(),
  payload: z.looseObject({}).optional(),
});
const payloadSchema = z.looseObject({
  summary: z.string().min(1).max(1_024),
  source: z.string().min(1),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
});

export interface PagerdutyIncident {
  /** Of the routing key, which is a secret and stands in no log. */
  readonly routingKeySha256: string;
  readonly dedupKey: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  readonly summary: string;
  readonly severity: string;
  triggers: number;
}

type PagerdutyRecord =
  | {
      readonly type: 'event';
      readonly action: string;
      readonly routingKeySha256: string;
      readonly dedupKey: string;
      readonly effect: 'opened' | 'logged' | 'acknowledged' | 'resolved' | 'dropped';
      readonly event: object;
    }
  | { readonly type: 'fault'; readonly mode: FaultMode; readonly route: string };

/**
 * The Events API v2 as PagerDuty's documents describe it, for one account that knows every routing key: it takes events,
 * applies them to incidents, and remembers each arrival. `GET /incidents` and `GET /log` show what came of them.
 */
export function createPagerduty(options: PagerdutyOptions = {}): FastifyInstance {
  const log = openLog<PagerdutyRecord>(options.logFile ?? null, options.now ?? Date.now);
  const incidents: PagerdutyIncident[] = [];
  for (const record of log.records) if (record.type === 'event') apply(incidents, record);
  const app = createServer({ bodyLimit: 512 * 1_024 });
  const faults = installFaults(app, {
    permanentStatus: 400,
    onUsed: (mode, route) => log.append({ type: 'fault', mode, route }),
  });

  app.post(
    '/v2/enqueue',
    faults.around((request, reply) => {
      const event = eventSchema.safeParse(bodyOf(request).json);
      const errors = [
        ...(event.error?.issues ?? []),
        ...(event.data?.event_action === 'trigger'
          ? (payloadSchema.safeParse(event.data.payload).error?.issues ?? [])
          : []),
      ].map(({ path, message }) => `'${path.join('.')}': ${message}`);
      if (event.data === undefined || errors.length > 0)
        return answer(reply, 400, { status: 'invalid event', message: 'Event object is invalid', errors });
      const { routing_key: key, event_action: action, dedup_key: dedupKey = randomUUID(), ...rest } = event.data;
      const arrived = { action, routingKeySha256: sha256(key), dedupKey, event: rest };
      log.append({ type: 'event', ...arrived, effect: apply(incidents, arrived) });
      return answer(reply, 202, { status: 'success', message: 'Event processed', dedup_key: dedupKey });
    }),
  );
  app.get('/incidents', () => ({ incidents }));
  app.get('/log', () => ({ records: log.records }));
  return app;
}

function answer(reply: FastifyReply, status: number, body: object): object {
  void reply.code(status);
  return body;
}

type Arrived = Omit<Extract<PagerdutyRecord, { type: 'event' }>, 'type' | 'effect'>;

function apply(incidents: PagerdutyIncident[], { action, routingKeySha256, dedupKey, event }: Arrived) {
  const open = incidents.find(
    (one) => one.status !== 'resolved' && one.routingKeySha256 === routingKeySha256 && one.dedupKey === dedupKey,
  );
  if (action !== 'trigger') {
    if (open === undefined) return 'dropped';
    open.status = action === 'resolve' ? 'resolved' : 'acknowledged';
    return open.status;
  }
  if (open !== undefined) {
    open.triggers += 1;
    return 'logged';
  }
  const { payload = {} } = event as { payload?: { summary?: unknown; severity?: unknown } };
  incidents.push({
    routingKeySha256,
    dedupKey,
    status: 'triggered',
    summary: String(payload.summary),
    severity: String(payload.severity),
    triggers: 1,
  });
  return 'opened';
}
