import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { zoneClock } from '#domain/oncall/zone-clock.ts';
import { noteFailedWay, settleNotice, startNotice } from '#db/repositories/oncall-notices.ts';
import type { StartedNotice } from '#db/repositories/oncall-notices.ts';
import { pageAttempts } from '#workflows/contract.ts';
import type { SendOutcome } from './clients/pager-channels.ts';
import type { PagingDeps } from './paging.ts';

/**
 * Tells people what concerns them as people on call: that they come on, what became of a swap, and whether a way to reach
 * them works.
 */
export function createNoticeActivities({ db, channels }: Pick<PagingDeps, 'db' | 'channels'>) {
  async function send(started: StartedNotice): Promise<SendOutcome> {
    const channel = channels.get(started.channel);
    if (!channel) return { outcome: 'failed_permanent', code: 'channel_not_configured' };
    return channel.send({
      deliveryId: started.id,
      escalationId: null,
      kind: started.about.kind,
      title: titleOf(started),
      isSensitive: false,
      severity: 4,
      ackUrl: null,
      possibleDuplicate: started.possibleDuplicate,
      address: started.address,
    });
  }

  return {
    /**
     * Sends one notice, by the first of the person's ways that works. The ledger row comes first, then the call with the
     * row's id as its key, then the result; a failure that may pass is thrown, to be tried again.
     */
    async sendNotice(noticeId: string): Promise<void> {
      const tried: string[] = [];
      for (;;) {
        const started = await startNotice(db, noticeId, tried);
        if (!started) return;
        const result = await send(started);
        if (result.outcome === 'failed_permanent') {
          await noteFailedWay(db, noticeId, result.code);
          tried.push(started.contactMethodId);
          continue;
        }
        if (result.outcome === 'failed_transient') {
          if (Context.current().info.attempt < pageAttempts) throw notSent(result.retryAfterMs);
          return settleNotice(db, noticeId, 'failed', 'retries_exhausted');
        }
        return settleNotice(db, noticeId, result.outcome, null, result.providerRef ?? null);
      }
    },
  };
}

const notSent = (retryAfterMs: number | null): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'notice.not_sent',
    message: 'the channel did not take the notice',
    category: 'BENIGN',
    ...(retryAfterMs === null ? {} : { nextRetryDelay: Math.min(retryAfterMs, 10_000) }),
  });

function titleOf({ about, timeZone }: StartedNotice): string {
  if (about.kind === 'verification')
    return `Your Vigil code is ${about.code}. It is good for ten minutes. Nobody from Vigil asks you for it.`;
  if (about.kind === 'test')
    return 'pages from Vigil reach you this way. Nothing is wrong, and there is nothing to do.';
  if (about.kind === 'swap') return `Your swap of shifts in ${about.scheduleName} is ${about.status}`;
  const when = `${clockText(about.handOffAt, timeZone)} (${timeZone})`;
  return about.isLate
    ? `You are on call for ${about.scheduleName} since ${when}`
    : `You come on call for ${about.scheduleName} at ${when}`;
}

/** What the clock of that person's wall shows: `2026-01-05 09:00`. */
const clockText = (at: number, zone: string): string =>
  new Date(zoneClock(zone).localAt(at)).toISOString().slice(0, 16).replace('T', ' ');
