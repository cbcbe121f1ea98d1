import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { secondMs } from '#domain/time.ts';
import { wireTitle } from './pager-channels.ts';
import type { PageMessage, PagerChannel, SendOutcome } from './pager-channels.ts';

export interface EmailChannelOptions {
  /**
   * The mail server as `smtp://user:password@host:587`, or `smtps:` for TLS from the start. It comes from the operator's
   * environment alone and is often in the installation's own network, so the guard of outgoing calls, which is against
   * addresses that users give, does not apply to it.
   */
  readonly smtpUrl: string;
  /** The sender, as `alerts@example.org`. */
  readonly from: string;
  /** For everything together. Default 10 seconds: one that hangs must be given up before its activity, which has 15, is. */
  readonly timeoutMs?: number;
}

export interface EmailChannel extends PagerChannel {
  /** Closes the connections that are kept open. */
  close(): void;
}

/**
 * Pages by e-mail, in plain text, over a few connections that are kept open. `sent` once the mail server has taken the
 * message; whether it arrives nobody says. The Message-ID follows from the delivery, so that a repeat is one message to
 * whatever sorts the recipient's mail.
 */
export function createEmailChannel(options: EmailChannelOptions): EmailChannel {
  const { smtpUrl, from, timeoutMs = 10 * secondMs } = options;
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: 4,
    maxMessages: 100,
    // A message that did not leave goes to a second connection once; beyond that repeating is the ladder's.
    maxRequeues: 1,
    connectionTimeout: Math.min(5 * secondMs, timeoutMs),
    greetingTimeout: Math.min(5 * secondMs, timeoutMs),
    dnsTimeout: Math.min(5 * secondMs, timeoutMs),
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '');

  return {
    name: 'email',
    async send(message, signal) {
      // Addresses are checked where they are given; one that could say two things is refused here again.
      if (!/^[^\s<>,;:"@]+@[^\s<>,;:"@]+$/.test(message.address))
        return { outcome: 'failed_permanent', code: 'address_invalid' };
      const timeout = AbortSignal.timeout(timeoutMs);
      const body = watchedBody(bodyOf(message));
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: message.address },
          messageId: `<${message.deliveryId}@${host}>`,
          subject: subjectOf(message),
          text: body.stream,
          textEncoding: 'quoted-printable',
          ...(message.escalationId === null ? {} : { references: [`<${message.escalationId}@${host}>`] }),
          ...(message.severity === 1 && message.kind === 'page' ? { priority: 'high' as const } : {}),
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        });
        return { outcome: 'sent' };
      } catch (error) {
        signal?.throwIfAborted();
        return outcomeOf(error, body.hasLeft());
      }
    },
    close: () => transport.close(),
  };
}

const subjectOf = (message: PageMessage): string =>
  `${message.possibleDuplicate ? '(possibly again) ' : ''}${wireTitle(message)}`;

function bodyOf(message: PageMessage): string {
  const { ackUrl, escalationId, kind, severity, possibleDuplicate } = message;
  const isPage = kind === 'page' || kind === 'drill';
  const lines = [
    wireTitle(message),
    '',
    ...(isPage
      ? [`Severity ${severity}${kind === 'drill' ? ', a drill: please acknowledge it as you would a page' : ''}`]
      : []),
    ...(possibleDuplicate ? ['You may have got this before: the answer to the first try was lost.'] : []),
    ...(ackUrl === null ? [] : ['', 'Acknowledge (opens a page with a button):', ackUrl]),
    ...(escalationId === null ? [] : ['', `Or: vigil escalation ack ${escalationId}`]),
    '',
    '-- ',
    'Sent by Vigil, because you are on call. Nobody reads answers to this address.',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** A body that knows whether it was asked for: after that a lost connection says nothing of whether the message was taken. */
function watchedBody(text: string): { readonly stream: Readable; hasLeft(): boolean } {
  let hasLeft = false;
  const stream = new Readable({
    read() {
      hasLeft = true;
      this.push(text);
      this.push(null);
    },
  });
  return { stream, hasLeft: () => hasLeft };
}

/** RFC 5321 §4.2.1: 4yz is for now, 5yz for good. Without an answer it depends on how far the message had got. */
function outcomeOf(error: unknown, hasLeft: boolean): SendOutcome {
  const status = (error as { responseCode?: unknown } | null)?.responseCode;
  if (typeof status === 'number' && status >= 500) return { outcome: 'failed_permanent', code: `smtp_${status}` };
  if (typeof status === 'number' && status >= 400) return { outcome: 'failed_transient', retryAfterMs: null };
  return hasLeft ? { outcome: 'unknown' } : { outcome: 'failed_transient', retryAfterMs: null };
}
