import { EventEmitter, once } from 'node:events';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { installFaults } from './faults.ts';
import type { FaultMode } from './faults.ts';
import { openLog } from './log.ts';
import type { Logged } from './log.ts';
import { bodyOf, createServer, expectShape, Refused } from './server.ts';
import { signatureCheck } from './signatures.ts';

export interface PhonesOptions {
  readonly secret: string;
  readonly logFile?: string | null;
  readonly now?: () => number;
}

/** Phones keep fields they do not know, so that the checker can look for what should never have been sent. */
const pageSchema = z.looseObject({
  deliveryId: z.string().min(1).max(100),
  escalationId: z.string().min(1).max(100).nullable(),
  kind: z.string().regex(/^[a-z_]{1,40}$/),
  title: z.string().max(1_000),
  severity: z.union([z.int().min(1).max(9), z.string().max(20)]),
  ackUrl: z.string().max(2_000).nullable(),
  possibleDuplicate: z.boolean(),
});
type Page = z.output<typeof pageSchema>;

export type PhoneRecord =
  | {
      readonly type: 'page';
      readonly contact: string;
      readonly webhookId: string;
      /** True when this phone has seen the message id before: shown once, recorded every time. */
      readonly duplicate: boolean;
      readonly page: Page;
    }
  | { readonly type: 'refused'; readonly contact: string; readonly code: string }
  | { readonly type: 'fault'; readonly mode: FaultMode; readonly route: string };

type PageRecord = Logged<Extract<PhoneRecord, { type: 'page' }>>;

const contactParams = z.object({ contact: z.string().regex(/^[\w.-]{1,80}$/) });
const nextQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  waitMs: z.coerce.number().int().min(0).max(60_000).default(25_000),
  kind: z.string().optional(),
});

/** Standard Webhooks asks for payloads under 20 kB. */
const bodyLimit = 20_000;

/**
 * Phones that receive pages as signed webhooks and remember each arrival. A page is on the phone from the moment its
 * line is in the log, whether or not the sender got the answer.
 */
export function createPhones(options: PhonesOptions): FastifyInstance {
  const log = openLog<PhoneRecord>(options.logFile ?? null, options.now ?? Date.now);
  const seen = new Set<string>();
  const arrivals = new EventEmitter().setMaxListeners(0);
  const checkSignature = signatureCheck(options.secret);
  const app = createServer({ bodyLimit });
  const closing = new AbortController();
  app.addHook('preClose', (done) => {
    closing.abort();
    done();
  });
  const faults = installFaults(app, {
    permanentStatus: 410,
    onUsed: (mode, route) => log.append({ type: 'fault', mode, route }),
  });
  const pages = (): PageRecord[] => log.records.filter((record): record is PageRecord => record.type === 'page');
  for (const { contact, webhookId } of pages()) seen.add(`${contact} ${webhookId}`);

  async function admit(request: FastifyRequest): Promise<void> {
    try {
      checkSignature(request.headers, bodyOf(request).raw);
    } catch (error) {
      if (error instanceof Refused) log.append({ type: 'refused', contact: contactOf(request), code: error.code });
      throw error;
    }
  }

  const receive = faults.around((request) => {
    const contact = contactOf(request);
    const webhookId = String(request.headers['webhook-id']);
    const page = expectShape(pageSchema, bodyOf(request));
    if (webhookId !== page.deliveryId) {
      throw new Refused(422, 'id_mismatch', 'webhook-id is the delivery id, so that a retry is seen as one');
    }
    const duplicate = seen.has(`${contact} ${webhookId}`);
    const record = log.append({ type: 'page', contact, webhookId, duplicate, page });
    seen.add(`${contact} ${webhookId}`);
    arrivals.emit('page');
    return { messageId: `${contact}-${record.seq}`, duplicate, at: record.at };
  });

  app.post('/phones/:contact/pages', { preHandler: admit }, receive);

  /** Waits for the next page after `after`; 204 when none came in `waitMs`. Duplicates are not shown twice. */
  app.get('/phones/:contact/pages/next', async (request, reply) => {
    const contact = contactOf(request);
    const { after, waitMs, kind } = parseQuery(nextQuery, request.query);
    const isNext = (record: PageRecord): boolean =>
      record.contact === contact &&
      record.seq > after &&
      !record.duplicate &&
      (kind === undefined || record.page.kind === kind);
    const until = AbortSignal.any([AbortSignal.timeout(waitMs), closing.signal]);
    for (;;) {
      const found = pages().find(isNext);
      if (found !== undefined) return found;
      try {
        await once(arrivals, 'page', { signal: until });
      } catch {
        return await reply.code(204).send();
      }
    }
  });

  app.get('/log', (request) => {
    const { contact } = parseQuery(contactParams.partial(), request.query);
    return { records: log.records.filter((record) => contact === undefined || isOf(record, contact)) };
  });
  return app;
}

function isOf(record: PhoneRecord, contact: string): boolean {
  return record.type !== 'fault' && record.contact === contact;
}

function contactOf(request: FastifyRequest): string {
  return parseQuery(contactParams, request.params).contact;
}

function parseQuery<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new Refused(422, 'invalid_parameter', result.error.issues[0]?.message ?? 'invalid');
  return result.data;
}
