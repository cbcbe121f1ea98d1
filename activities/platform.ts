import { Context } from '@temporalio/activity';
import type { OrderEffect, OrderEvent } from '#domain/enforcement/order.ts';
import type { Database } from '#db/client.ts';
import { settleNotice, startNotice } from '#db/repositories/enforcement-notices.ts';
import { settleAction, startAction } from '#db/repositories/enforcement.ts';
import { platformAttempts } from '#workflows/contract.ts';
import type { EnforcementApi } from './clients/enforcement-api.ts';
import { OutgoingError } from './clients/outgoing-error.ts';
import { attemptNumber, tryAgain } from './retry.ts';

export interface PlatformDeps {
  readonly db: Database;
  /** Null: no platform is configured; orders are then parked where people see them. */
  readonly enforcementApi: EnforcementApi | null;
}

type EffectOf<T extends OrderEffect['type']> = Extract<OrderEffect, { type: T }>;
type EventOf<T extends OrderEvent['type']> = Extract<OrderEvent, { type: T }>;

/**
 * Calls to the platform that carries out what people decided. Each has its ledger row first and one idempotency key
 * through all attempts, so an answer that got lost cannot apply anything twice. Always answers with what came of it.
 */
export function createPlatformActivities({ db, enforcementApi }: PlatformDeps) {
  async function act(
    orderId: string,
    effect: EffectOf<'applyAction' | 'liftAction'>,
  ): Promise<EventOf<'actionSettled'>> {
    const attempt = attemptNumber();
    const started = await startAction(db, orderId, effect);
    const settled = (result: EventOf<'actionSettled'>['result']): EventOf<'actionSettled'> => ({
      type: 'actionSettled',
      effectKey: effect.key,
      result,
      attempts: started.attempts,
    });
    if (!started.go) return settled(started.because);
    if (!enforcementApi) {
      await settleAction(db, started.actionId, attempt, { status: 'failed', code: 'not_configured', effectId: null });
      return settled('failed_permanent');
    }
    try {
      const outcome = await enforcementApi.act(
        {
          idempotencyKey: effect.idempotencyKey,
          orderId,
          action: effect.action,
          operation: effect.type === 'applyAction' ? 'apply' : 'reverse',
          target: effect.target,
          untilAt: effect.type === 'applyAction' ? started.untilAt : null,
          policyCode: started.policyCode,
          dryRun: false,
        },
        Context.current().cancellationSignal,
      );
      await settleAction(db, started.actionId, attempt, {
        status: 'done',
        code: outcome.outcome,
        effectId: outcome.effectId,
      });
      return settled(outcome.outcome.startsWith('already_') ? 'already_applied' : 'applied');
    } catch (error) {
      const failure = failureOf(error);
      const isLast = failure.isPermanent || attempt >= platformAttempts;
      await settleAction(db, started.actionId, attempt, {
        status: isLast ? 'failed' : 'started',
        code: failure.reason,
        effectId: null,
      });
      if (failure.isPermanent) return settled('failed_permanent');
      if (isLast) return settled('failed_transient');
      return tryAgain('platform.away', `the platform did not carry it out: ${failure.reason}`, failure.retryAfterMs);
    }
  }

  return {
    applyAction: act,
    liftAction: act,

    async sendNotice(orderId: string, effect: EffectOf<'sendNotice'>): Promise<EventOf<'noticeSent'>> {
      const sent = (result: EventOf<'noticeSent'>['result']): EventOf<'noticeSent'> => ({
        type: 'noticeSent',
        effectKey: effect.key,
        result,
      });
      const started = await startNotice(db, orderId, effect.kind);
      if (started.isSent) return sent('sent');
      if (!enforcementApi) return sent('failed_permanent');
      try {
        await enforcementApi.notify(
          {
            noticeId: started.noticeId,
            accountRef: started.accountRef,
            template: `${effect.kind}${effect.undone ? '' : '_not_undone'}`,
            statementId: started.statementId,
          },
          Context.current().cancellationSignal,
        );
        await settleNotice(db, started.noticeId, 'sent');
        return sent('sent');
      } catch (error) {
        const failure = failureOf(error);
        if (!failure.isPermanent && attemptNumber() < platformAttempts) {
          return tryAgain('platform.away', `the notice was not taken: ${failure.reason}`, failure.retryAfterMs);
        }
        await settleNotice(db, started.noticeId, 'failed');
        return sent(failure.isPermanent ? 'failed_permanent' : 'failed_transient');
      }
    },
  };
}

/** What a failed call means for trying again. Whatever is not a known failure of the other side is rethrown. */
function failureOf(error: unknown): { isPermanent: boolean; reason: string; retryAfterMs: number | null } {
  if (!(error instanceof OutgoingError)) throw error;
  const { failure } = error;
  return {
    isPermanent: failure.kind === 'permanent',
    reason: failure.reason,
    retryAfterMs: failure.kind === 'transient' ? failure.retryAfterMs : null,
  };
}
