import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { installFaults } from './faults.ts';
import { openLog } from './log.ts';
import { createLedger } from './platform-ledger.ts';
import type { ActionRequest, NoticeRequest, PlatformRecord, Stored } from './platform-ledger.ts';
import { bodyOf, createServer, expectShape, Refused, sha256 } from './server.ts';
import { signatureCheck } from './signatures.ts';

export interface PlatformOptions {
  /** Signs the requests of whoever may enforce: `whsec_` and base64. */
  readonly secret: string;
  readonly logFile?: string | null;
  readonly now?: () => number;
}

const ref = z.string().regex(/^[\w.:-]{1,100}$/);
const actionSchema: z.ZodType<ActionRequest> = z.strictObject({
  orderId: ref,
  action: z.enum(['suspend_account', 'limit_sending', 'warn_account', 'remove_content']),
  operation: z.enum(['apply', 'reverse']),
  target: z.strictObject({ kind: z.literal('account'), ref }),
  until: z.iso.datetime({ offset: true }).nullable(),
  policyCode: ref,
  dryRun: z.boolean(),
});
const noticeSchema: z.ZodType<NoticeRequest> = z.strictObject({
  noticeId: ref,
  accountRef: ref,
  template: ref,
  /** Null for a measure that restricts nothing, such as a warning: no statement is owed for it. */
  statementId: ref.nullable(),
});

const bodyLimit = 64 * 1024;

/**
 * The enforcement API of the made-up product, as a careful platform builds it: signed requests, idempotent by key, a log
 * of every arrival and every change. An order's restriction stays until it is reversed: `until` is what the platform
 * tells the account, not a timer of its own.
 *
 * Opening throws when the log file is not one of its own.
 */
export function createPlatform(options: PlatformOptions): FastifyInstance {
  const now = options.now ?? Date.now;
  const log = openLog<PlatformRecord>(options.logFile ?? null, now);
  const ledger = createLedger(log);
  const checkSignature = signatureCheck(options.secret);
  const app = createServer({ bodyLimit });
  const faults = installFaults(app, {
    permanentStatus: 422,
    onUsed: (mode, route) => log.append({ type: 'fault', mode, route }),
  });

  /** Arrivals are logged before anything is decided, refused ones too. */
  async function admit(request: FastifyRequest): Promise<void> {
    const { raw } = bodyOf(request);
    const key = idempotencyKey(request) ?? null;
    const arrival = { type: 'arrival', route: request.url, key, bodySha256: sha256(raw) } as const;
    try {
      log.append({ ...arrival, webhookId: checkSignature(request.headers, raw), refusal: null });
    } catch (error) {
      if (error instanceof Refused) log.append({ ...arrival, webhookId: null, refusal: error.code });
      throw error;
    }
  }

  /** Answers a key that was seen before from memory; otherwise does the work, which keeps the answer under the key. */
  function once<T>(schema: z.ZodType<T>, work: (input: T, stored: Stored) => object) {
    return faults.around((request, reply) => {
      const key = idempotencyKey(request);
      if (key === undefined) throw new Refused(400, 'missing_idempotency_key', 'send an Idempotency-Key');
      const body = bodyOf(request);
      const stored: Stored = { key: `${request.routeOptions.url} ${key}`, bodySha256: sha256(body.raw) };
      const earlier = ledger.earlier(stored.key);
      if (earlier === undefined) return work(expectShape(schema, body), stored);
      if (earlier.bodySha256 !== stored.bodySha256) {
        throw new Refused(422, 'idempotency_key_reused', 'this Idempotency-Key came with another body before');
      }
      log.append({ type: 'replayed', key: stored.key });
      reply.header('idempotency-replayed', 'true');
      return earlier.answer;
    });
  }

  app.post(
    '/enforcement/actions',
    { preHandler: admit },
    once(actionSchema, (action, stored) => ledger.act(action, stored)),
  );
  app.post(
    '/notices',
    { preHandler: admit },
    once(noticeSchema, (notice, stored) => ledger.notify(notice, stored)),
  );
  app.get<{ Params: { ref: string } }>('/accounts/:ref', (request) => ledger.account(request.params.ref));
  app.get('/log', () => ({ records: log.records }));
  return app;
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' && key !== '' && key.length <= 255 ? key : undefined;
}
