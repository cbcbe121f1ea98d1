import { secondMs } from '#domain/time.ts';
import type { HttpClient } from './http.ts';
import { OutgoingError } from './outgoing-error.ts';
import { wireTitle } from './pager-channels.ts';
import type { PageMessage, PagerChannel, SendOutcome } from './pager-channels.ts';
import type { WebhookSigner } from './signed-webhook.ts';

/**
 * Pages by a signed POST to the contact method's URL. The receiver sees each delivery under one `webhook-id`, so it can
 * tell a repeat from a new page. 202 counts as sent, any other success as delivered.
 */
export function createWebhookChannel(options: {
  readonly http: HttpClient;
  readonly signer: WebhookSigner;
  /** Default 10 seconds: a page that hangs must leave time for the next channel. */
  readonly timeoutMs?: number;
}): PagerChannel {
  const { http, signer, timeoutMs = 10 * secondMs } = options;
  return {
    name: 'webhook',
    provider: (address) => `webhook ${URL.parse(address)?.host ?? 'unknown'}`,
    async send(message, signal) {
      const body = JSON.stringify(payloadOf(message));
      const headers = signer.headers(message.deliveryId, Date.now(), body);
      try {
        const { status } = await http.post({
          provider: 'pager-webhook',
          url: message.address,
          headers,
          body,
          timeoutMs,
          signal,
        });
        return { outcome: status === 202 ? 'sent' : 'delivered' };
      } catch (error) {
        if (error instanceof OutgoingError) return outcomeOf(error);
        throw error;
      }
    },
  };
}

const payloadOf = (message: PageMessage) => ({
  deliveryId: message.deliveryId,
  escalationId: message.escalationId,
  kind: message.kind,
  title: wireTitle(message),
  severity: message.severity,
  ackUrl: message.ackUrl,
  possibleDuplicate: message.possibleDuplicate,
});

function outcomeOf({ failure }: OutgoingError): SendOutcome {
  if (failure.kind === 'permanent') {
    return {
      outcome: 'failed_permanent',
      code: failure.reason === 'rejected' ? `http_${failure.status}` : failure.reason,
    };
  }
  // With a status the receiver said no; without one, the page may have got through before the line went.
  if (failure.kind === 'garbage' || (failure.mayHaveArrived && failure.status === null)) return { outcome: 'unknown' };
  return { outcome: 'failed_transient', retryAfterMs: failure.retryAfterMs };
}
