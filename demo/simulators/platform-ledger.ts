import { randomUUID } from 'node:crypto';
import type { FaultMode } from './faults.ts';
import type { EventLog, Logged } from './log.ts';

export interface ActionRequest {
  readonly orderId: string;
  readonly action: 'suspend_account' | 'limit_sending' | 'warn_account' | 'remove_content';
  readonly operation: 'apply' | 'reverse';
  readonly target: { readonly kind: 'account'; readonly ref: string };
  /** RFC 3339; null is for good. */
  readonly until: string | null;
  readonly policyCode: string;
  readonly dryRun: boolean;
}

export interface NoticeRequest {
  readonly noticeId: string;
  readonly accountRef: string;
  readonly template: string;
  readonly statementId: string | null;
}

/** Under which key an answer is kept, and what body it answers. */
export interface Stored {
  readonly key: string;
  readonly bodySha256: string;
}

interface ActionRecord extends ActionRequest, Stored {
  readonly type: 'action';
  readonly effectId: string;
  readonly outcome: 'applied' | 'already_applied' | 'reversed' | 'already_reversed';
  /** True when the account is treated differently from now on. The checker counts these. */
  readonly changed: boolean;
}

interface NoticeRecord extends NoticeRequest, Stored {
  readonly type: 'notice';
  readonly outcome: 'sent' | 'already_sent';
}

/** What the platform writes down, in the order in which it happened. */
export type PlatformRecord =
  | {
      readonly type: 'arrival';
      readonly route: string;
      readonly key: string | null;
      readonly webhookId: string | null;
      readonly bodySha256: string;
      readonly refusal: string | null;
    }
  | { readonly type: 'fault'; readonly mode: FaultMode; readonly route: string }
  | { readonly type: 'replayed'; readonly key: string }
  | ActionRecord
  | NoticeRecord;

/** One order's hold on an account: the account stays restricted while any order holds it. */
interface Hold {
  readonly orderId: string;
  readonly action: ActionRequest['action'];
  readonly effectId: string;
  readonly policyCode: string;
  readonly since: string;
  readonly until: string | null;
}

export interface Ledger {
  earlier(key: string): { readonly bodySha256: string; readonly answer: object } | undefined;
  act(request: ActionRequest, stored: Stored): object;
  notify(request: NoticeRequest, stored: Stored): object;
  account(ref: string): { readonly ref: string; readonly status: string; readonly restrictions: readonly Hold[] };
}

/**
 * The platform's memory: who is restricted by which order, and the answers given. It is a fold over the log, so that a
 * restarted platform knows what the killed one knew; the line in the log is the moment at which a change happens.
 */
export function createLedger(log: EventLog<PlatformRecord>): Ledger {
  const answers = new Map<string, { readonly bodySha256: string; readonly answer: object }>();
  /** By account, then by order and action. */
  const holds = new Map<string, Map<string, Hold>>();
  const sentNotices = new Set<string>();

  function learn(record: Logged<PlatformRecord>): object {
    if (record.type !== 'action' && record.type !== 'notice') return {};
    if (record.type === 'notice') sentNotices.add(record.noticeId);
    else if (record.changed) changeHold(record);
    const answer = answerOf(record);
    answers.set(record.key, { bodySha256: record.bodySha256, answer });
    return answer;
  }

  function changeHold(record: Logged<ActionRecord>): void {
    const ofAccount = holds.get(record.target.ref) ?? new Map<string, Hold>();
    holds.set(record.target.ref, ofAccount);
    const { orderId, action, effectId, policyCode, until } = record;
    if (record.operation === 'reverse') ofAccount.delete(holdKey(record));
    else ofAccount.set(holdKey(record), { orderId, action, effectId, policyCode, since: record.at, until });
  }

  for (const record of log.records) learn(record);

  return {
    earlier: (key) => answers.get(key),
    act(request, stored) {
      const hold = holds.get(request.target.ref)?.get(holdKey(request));
      const changes = request.operation === 'apply' ? hold === undefined : hold !== undefined;
      const done = request.operation === 'apply' ? 'applied' : 'reversed';
      return learn(
        log.append({
          type: 'action',
          ...stored,
          ...request,
          effectId: hold?.effectId ?? `eff_${randomUUID().replaceAll('-', '')}`,
          outcome: changes ? done : `already_${done}`,
          changed: changes && !request.dryRun,
        }),
      );
    },
    notify(request, stored) {
      const outcome = sentNotices.has(request.noticeId) ? 'already_sent' : 'sent';
      return learn(log.append({ type: 'notice', ...stored, ...request, outcome }));
    },
    account(ref) {
      const restrictions = [...(holds.get(ref)?.values() ?? [])];
      return { ref, status: statusOf(restrictions), restrictions };
    },
  };
}

const holdKey = (request: ActionRequest): string => `${request.orderId} ${request.action}`;

function answerOf(record: Logged<ActionRecord | NoticeRecord>): object {
  return record.type === 'action'
    ? { effectId: record.effectId, outcome: record.outcome, at: record.at }
    : { noticeId: record.noticeId, outcome: record.outcome, at: record.at };
}

function statusOf(restrictions: readonly Hold[]): 'suspended' | 'limited' | 'active' {
  if (restrictions.some((hold) => hold.action === 'suspend_account')) return 'suspended';
  return restrictions.some((hold) => hold.action === 'limit_sending') ? 'limited' : 'active';
}
