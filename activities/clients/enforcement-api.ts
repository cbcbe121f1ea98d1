import { z } from 'zod';
import type { ActionName, TargetKind } from '#domain/enforcement/actions.ts';
import { secondMs, toIso } from '#domain/time.ts';
import type { HttpClient } from './http.ts';
import type { WebhookSigner } from './signed-webhook.ts';

/** One order to the platform. `idempotencyKey` is the same in every attempt and every round of the same operation. */
export interface ActRequest {
  readonly idempotencyKey: string;
  readonly orderId: string;
  readonly action: ActionName;
  readonly operation: 'apply' | 'reverse';
  readonly target: { readonly kind: TargetKind; readonly ref: string };
  /** When the platform must lift it by itself, should Vigil be gone by then. Null: no end. */
  readonly untilAt: number | null;
  readonly policyCode: string;
  /** The platform checks and answers, and changes nothing. */
  readonly dryRun: boolean;
}

export interface ActOutcome {
  /** The platform's own id of what it did, for its support and for appeals. */
  readonly effectId: string;
  /** `already_…`: an earlier call of the same key had done it. Both mean that what was asked is so. */
  readonly outcome: 'applied' | 'already_applied' | 'reversed' | 'already_reversed';
  readonly at: number;
}

/** A notice to the account, by reference: the platform renders the template and fetches the statement of reasons. */
export interface PlatformNotice {
  readonly noticeId: string;
  readonly accountRef: string;
  readonly template: string;
  readonly statementId: string | null;
}

/** The platform that carries out what people decided. Both calls fail with `OutgoingError`, and never retry by themselves. */
export interface EnforcementApi {
  /** Safe to repeat with the same key, also when the answer was lost: the platform does it once. */
  act(order: ActRequest, signal?: AbortSignal): Promise<ActOutcome>;
  notify(notice: PlatformNotice, signal?: AbortSignal): Promise<void>;
}

const provider = 'enforcement-api';

/** Ids of the platform go into our tables, so nothing but printable ASCII is taken. */
const effectId = z.string().regex(/^[\x21-\x7e]{1,200}$/);
const at = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** `applied` in answer to a reversal is not a success. */
const answers = {
  apply: z.object({ effectId, outcome: z.enum(['applied', 'already_applied']), at }),
  reverse: z.object({ effectId, outcome: z.enum(['reversed', 'already_reversed']), at }),
};

/** The client of the enforcement contract. `baseUrl` may have a path. */
export function createEnforcementApi(options: {
  readonly http: HttpClient;
  readonly signer: WebhookSigner;
  readonly baseUrl: string;
  /** Default 10 seconds. */
  readonly timeoutMs?: number;
}): EnforcementApi {
  const { http, signer, timeoutMs = 10 * secondMs } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const outgoing = (path: string, key: string, payload: object, signal: AbortSignal | undefined) => {
    const body = JSON.stringify(payload);
    const headers = { 'idempotency-key': key, ...signer.headers(key, Date.now(), body) };
    return { provider, url: `${baseUrl}${path}`, headers, body, timeoutMs, signal };
  };

  return {
    act({ idempotencyKey, untilAt, ...order }, signal) {
      const payload = { ...order, until: untilAt === null ? null : toIso(untilAt) };
      return http.postJson<ActOutcome>(
        outgoing('/enforcement/actions', idempotencyKey, payload, signal),
        answers[order.operation],
      );
    },
    async notify(notice, signal) {
      await http.post(outgoing('/notices', notice.noticeId, notice, signal));
    },
  };
}
