import type { Logger } from 'pino';
import type { PagerChannel, SendOutcome } from './pager-channels.ts';
import type { SlackApi, SlackFailure } from './slack-api.ts';
import { pageText } from './slack-message.ts';

/** Where people read of an escalation; null when nobody has said how they reach Vigil. It is no secret: a token is needed there. */
export const openUrlOf = (publicUrl: string | null, escalationId: string | null): string | null =>
  publicUrl === null || escalationId === null ? null : `${publicUrl}/v1/escalations/${escalationId}`;

/**
 * Pages by a message in Slack with buttons. The address is a person's id (`U…`) or a conversation's (`C…`); the provider's
 * name of the message is `conversation:time`, by which it is changed later.
 *
 * No personal link goes with it: a conversation has other readers, and the buttons need none. Slack says that it took a message, not that
 * anybody saw it, so the best outcome is `sent`. When Slack does not let Vigil in, the person's next channel is due like
 * after any permanent failure, and the log says it as an error, since no page of anybody gets through.
 */
export function createSlackChannel(options: {
  readonly api: SlackApi;
  readonly publicUrl: string | null;
  readonly log: Pick<Logger, 'error'>;
}): PagerChannel {
  const { api, publicUrl, log } = options;
  return {
    name: 'chat',
    carriesLink: false,
    provider: () => 'slack',
    async send(message, signal) {
      signal?.throwIfAborted();
      const answer = await api.post(message.address, pageText(message, openUrlOf(publicUrl, message.escalationId)));
      if (answer.ok) return { outcome: 'sent', providerRef: toRef(answer.channel, answer.ts) };
      if (answer.failure.kind === 'provider')
        log.error(
          { provider: 'slack', code: answer.failure.code },
          'Slack does not let Vigil in: no page goes out by it',
        );
      return outcomeOf(answer.failure);
    },
  };
}

function outcomeOf(failure: SlackFailure): SendOutcome {
  if (failure.kind !== 'transient') return { outcome: 'failed_permanent', code: failure.code };
  if (failure.mayHaveArrived) return { outcome: 'unknown' };
  return { outcome: 'failed_transient', retryAfterMs: failure.retryAfterMs };
}

const toRef = (channel: string, ts: string): string => `${channel}:${ts}`;

/** The conversation and the time of a message; null for what no message of Slack is called. */
export function fromRef(ref: string): { readonly channel: string; readonly ts: string } | null {
  const { channel, ts } = /^(?<channel>[A-Z0-9]{2,30}):(?<ts>\d{1,15}\.\d{1,10})$/.exec(ref)?.groups ?? {};
  return channel !== undefined && ts !== undefined ? { channel, ts } : null;
}
