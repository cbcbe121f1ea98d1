import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** What the sink does with the next messages, instead of taking them. */
export type SmtpFault =
  /** Answers a step with this status. */
  | { readonly mode: 'refuse'; readonly at: 'mail' | 'rcpt' | 'data'; readonly status: number; readonly times?: number }
  /** Takes the message, then drops the connection without the answer. */
  | { readonly mode: 'lost_after_success'; readonly times?: number }
  /** Says nothing: at the greeting, or after the message was sent. */
  | { readonly mode: 'hang'; readonly at: 'connect' | 'data'; readonly times?: number };

export interface ReceivedMail {
  readonly at: number;
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

export interface SmtpSink extends AsyncDisposable {
  /** For the sender: `smtp://127.0.0.1:PORT`. */
  readonly url: string;
  readonly received: readonly ReceivedMail[];
  /** Connections that were made so far. */
  readonly connections: number;
  fail(fault: SmtpFault): void;
}

/** A mail server on loopback that keeps every message with its time, and fails as it is told. */
export async function startSmtpSink(port = 0): Promise<SmtpSink> {
  const received: ReceivedMail[] = [];
  const faults: { readonly fault: SmtpFault; remaining: number }[] = [];
  const hanging = new Set<Socket>();
  let connections = 0;
  const take = (fits: (fault: SmtpFault) => boolean): SmtpFault | null => {
    const entry = faults.find((one) => one.remaining > 0 && fits(one.fault));
    if (!entry) return null;
    entry.remaining--;
    return entry.fault;
  };
  const refusalAt = (at: 'mail' | 'rcpt' | 'data'): Error | null => {
    const fault = take((one) => one.mode === 'refuse' && one.at === at);
    return fault?.mode === 'refuse'
      ? Object.assign(new Error('refused as told'), { responseCode: fault.status })
      : null;
  };

  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onMailFrom: (_address, _session, done) => done(refusalAt('mail')),
    onRcptTo: (_address, _session, done) => done(refusalAt('rcpt')),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refusal = refusalAt('data');
        if (refusal) return done(refusal);
        if (take((one) => one.mode === 'hang' && one.at === 'data')) return undefined;
        const raw = Buffer.concat(chunks).toString('utf8');
        void answer(raw, session.envelope, done);
        return undefined;
      });
    },
  });
  const sockets = new Set<Socket>();

  async function keep(raw: string, envelope: { mailFrom: false | { address: string }; rcptTo: { address: string }[] }) {
    const { subject = '', text = '', messageId = '', headers } = await PostalMime.parse(raw);
    const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
    const to = envelope.rcptTo.map(({ address }) => address);
    received.push({ at: Date.now(), from, to, raw, subject, text: text.trim(), messageId, headers });
  }

  async function answer(raw: string, envelope: Parameters<typeof keep>[1], done: (error: Error | null) => void) {
    try {
      await keep(raw, envelope);
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable'));
      return;
    }
    if (take((one) => one.mode === 'lost_after_success')) for (const socket of sockets) socket.destroy();
    else done(null);
  }

  smtp.on('error', () => undefined);
  // In front of the server, so that a connection can be left without a greeting.
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (take((one) => one.mode === 'hang' && one.at === 'connect')) hanging.add(socket);
    else smtp.server.emit('connection', socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get connections() {
      return connections;
    },
    fail: (fault) => void faults.push({ fault, remaining: fault.times ?? 1 }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
