import { ApplicationFailure } from '@temporalio/common';
import type { LadderEvent, Of, PagePerson, TellResolved } from '#domain/escalation/messages.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import { noteNotTaken, settleDelivery, startDelivery, startResolvedNotice } from '#db/repositories/deliveries.ts';
import type { StartedDelivery } from '#db/repositories/deliveries.ts';
import { mintPageLink } from '#db/repositories/page-links.ts';
import { assignReplyCode } from '#db/repositories/reply-codes.ts';
import type { PagerChannel, PageMessage, SendOutcome } from './clients/pager-channels.ts';
import { createRecordActivity } from './record.ts';
import type { RecordDeps } from './record.ts';
import { tryAgain } from './retry.ts';
import { pageAttempts } from '#workflows/contract.ts';

export interface PagingDeps extends RecordDeps {
  readonly channels: ReadonlyMap<string, PagerChannel>;
  /** Where people reach Vigil; null: pages carry no link. */
  readonly publicUrl: string | null;
  /** Told how long after its opening an escalation of high urgency had its first page out, milliseconds. */
  readonly onFirstPage?: (afterMs: number) => void;
}

type PageSettled = Of<LadderEvent, 'pageSettled'>;

/**
 * Sends pages. The ledger row comes first, then the call with the row's id as its key, then the result.
 *
 * Always answers with what came of the page, so that the ladder can go on to the next channel; only a failure that may
 * pass is thrown, to be tried again within the activity's own budget.
 */
export function createPagingActivities(deps: PagingDeps) {
  const { db, channels, publicUrl, onFirstPage } = deps;
  const { recordTransitions } = createRecordActivity(deps);

  /** The address at which this person acknowledges this page. A secret: it goes into the message and nowhere else. */
  async function linkOf(
    { deliveryId }: StartedDelivery,
    personId: string,
    { carriesLink = true }: PagerChannel,
    { kind, escalationId }: Pick<PageMessage, 'kind'> & { readonly escalationId: string },
  ): Promise<string | null> {
    if (publicUrl === null || !carriesLink || (kind !== 'page' && kind !== 'drill')) return null;
    try {
      const token = await mintPageLink(db, { deliveryId, escalationId, personId, action: 'acknowledge' });
      return `${publicUrl.replace(/\/+$/, '')}/a/${token}`;
    } catch {
      // A page without a link wakes as well; one that fails here would be taken for a possible duplicate.
      return null;
    }
  }

  /** The number with which the person answers; null where no answer is taken. */
  async function replyCodeOf(
    { deliveryId }: StartedDelivery,
    contactMethodId: string,
    { takesReplies = false }: PagerChannel,
    { kind, escalationId }: Pick<PageMessage, 'kind'> & { readonly escalationId: string },
  ): Promise<number | null> {
    if (publicUrl === null || !takesReplies || (kind !== 'page' && kind !== 'drill')) return null;
    try {
      return await assignReplyCode(db, { contactMethodId, escalationId, deliveryId });
    } catch {
      return null;
    }
  }

  async function send(
    started: StartedDelivery,
    { channel, personId, contactMethodId }: Pick<PagePerson, 'channel' | 'personId' | 'contactMethodId'>,
    message: Pick<PageMessage, 'kind'> & { readonly escalationId: string },
  ): Promise<SendOutcome> {
    const sender = channels.get(channel);
    if (started.attempts > pageAttempts) return { outcome: 'failed_transient', retryAfterMs: null };
    if (!sender) return { outcome: 'failed_permanent', code: 'channel_not_configured' };
    if (started.address === null) return { outcome: 'failed_permanent', code: 'contact_method_gone' };
    return sender.send({
      ...message,
      address: started.address,
      deliveryId: started.deliveryId,
      title: started.title,
      isSensitive: started.isSensitive,
      severity: started.severity,
      ackUrl: await linkOf(started, personId, sender, message),
      replyCode: await replyCodeOf(started, contactMethodId, sender, message),
      possibleDuplicate: started.possibleDuplicate,
      attempt: started.attempts,
      others: started.others,
      listUrl: publicUrl === null ? null : `${publicUrl.replace(/\/+$/, '')}/v1/escalations?open=true`,
    });
  }

  async function settle(started: StartedDelivery, outcome: SendOutcome): Promise<PageSettled['result']> {
    // By the ledger: what Postgres or a worker could not do is no try of the channel.
    if (outcome.outcome === 'failed_transient' && started.attempts < triesOf(outcome.refused)) {
      await noteNotTaken(db, started.deliveryId, outcome.refused !== 'busy');
      throw ApplicationFailure.create({
        type: 'page.not_sent',
        message: 'the channel did not take the page',
        category: 'BENIGN',
        ...(outcome.retryAfterMs === null
          ? {}
          : { nextRetryDelay: Math.min(outcome.retryAfterMs, longestPause(outcome.refused)) }),
      });
    }
    const failed = outcome.outcome === 'failed_permanent' || outcome.outcome === 'failed_transient';
    const code = outcome.outcome === 'failed_permanent' ? outcome.code : failed ? failureOf(outcome) : null;
    const providerRef = 'providerRef' in outcome ? (outcome.providerRef ?? null) : null;
    await settleDelivery(db, started.deliveryId, failed ? 'failed' : outcome.outcome, code, providerRef);
    return outcome.outcome;
  }

  async function sendPage(escalationId: string, effect: PagePerson): Promise<PageSettled> {
    const settled = (result: PageSettled['result'], deliveryId: string | null): PageSettled => ({
      type: 'pageSettled',
      effectKey: effect.key,
      result,
      deliveryId,
    });
    const started = await startDelivery(db, escalationId, effect);
    if (!started) return settled('superseded', null);
    if (started.settled) return settled(started.settled, started.deliveryId);
    if (started.heldForMs !== null) tryAgain('page.held_back', 'the person has had many pages', started.heldForMs);
    // Whatever the reason: also the next rung, the next channel and the catch-all of a drill page for a drill.
    const kind = started.isDrill ? 'drill' : 'page';
    const began = performance.now();
    const outcome = await send(started, effect, { kind, escalationId });
    if (started.firstAfterMs !== null && !outcome.outcome.startsWith('failed'))
      onFirstPage?.(started.firstAfterMs + performance.now() - began);
    return settled(await settle(started, outcome), started.deliveryId);
  }

  return {
    sendPage,

    /** The version that asks for the page is recorded before anybody is called. */
    async recordThenPage(record: RecordInput, escalationId: string, effect: PagePerson): Promise<PageSettled> {
      await recordTransitions(record);
      return sendPage(escalationId, effect);
    },

    /** Tells someone who was paged that it is over. Nobody waits for it, so what fails for good is only noted. */
    async sendResolved(escalationId: string, effect: TellResolved): Promise<void> {
      const started = await startResolvedNotice(db, escalationId, effect);
      if (started.settled) return;
      await settle(started, await send(started, effect, { kind: 'resolved', escalationId }));
    },
  };
}

/** A provider that is known to be down is not waited for as long: the person's next channel may work. */
const triesWhileRefused = 3;

function triesOf(refused: Refusal): number {
  if (refused === undefined) return pageAttempts;
  return refused === 'busy' ? Infinity : triesWhileRefused;
}
type Refusal = Extract<SendOutcome, { outcome: 'failed_transient' }>['refused'];

/** Asking a guard again costs nobody anything. */
const longestPause = (refused: Refusal): number => (refused === undefined ? 10_000 : 1_000);

const failureOf = (outcome: SendOutcome): string =>
  (outcome.outcome === 'failed_transient' && outcome.refused) || 'retries_exhausted';
