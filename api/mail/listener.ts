import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { minuteMs, secondMs } from '#domain/time.ts';
import { findIntegrationByKey } from '#db/repositories/integrations.ts';
import type { KeyedIntegration } from '#db/repositories/integrations.ts';
import { parseMail } from './parse.ts';
import { createReceiver } from './receive.ts';
import type { ReceiverDeps } from './receive.ts';
import { readRecipient } from './recipient.ts';
import type { Recipient } from './recipient.ts';

export interface MailListenerOptions {
  readonly host: string;
  /** 0 finds a free one. */
  readonly port: number;
  /** Mails to other domains are refused: nothing is relayed. */
  readonly domains: readonly string[];
  /** PEM. Null: STARTTLS is not offered. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Default 1 MiB. */
  readonly sizeBytes?: number;
  /** Default 100. */
  readonly connectionsAtMost?: number;
  /** Silence after which a connection is cut, milliseconds. Default 30 seconds. */
  readonly idleMs?: number;
  /** How long one connection may last, however it is used, milliseconds. Default 5 minutes. */
  readonly sessionMs?: number;
}

export interface MailListener {
  readonly port: number;
  /** Stops listening, and lets what is in hand end for up to five seconds. */
  close(): Promise<void>;
}

const mebibyte = 1_024 * 1_024;
const recipientsAtMost = 10;
/** Whoever guesses at keys is cut off after so many in one connection. */
const unknownAtMost = 5;
const closeWithinMs = 5 * secondMs;

/**
 * Takes mails for integrations, at the address that their key makes. 250 says that the alert is stored; 451 that it is not,
 * and that the sending server should try again; 550 and 552 that it need not.
 *
 * It is no mail server: it relays nothing, keeps nothing and sends nothing. Fails when it cannot listen.
 */
export async function startMailListener(deps: ReceiverDeps, options: MailListenerOptions): Promise<MailListener> {
  const { db, log, onAnswer = () => undefined } = deps;
  const { host, port, domains, tls, sizeBytes = mebibyte, connectionsAtMost = 100 } = options;
  const receive = createReceiver(deps);
  const unknown = new WeakMap<SMTPServerSession, number>();

  /** Fails with a `Refusal` for an address that no live integration has. */
  async function integrationAt(address: string): Promise<Recipient & { integration: KeyedIntegration }> {
    const recipient = readRecipient(address, domains);
    const integration = recipient === null ? null : await findIntegrationByKey(db, recipient.key);
    if (recipient === null || integration?.kind !== 'email') throw new Refusal(550, '5.1.1 No such recipient here');
    return { ...recipient, integration };
  }

  async function checkRecipient(address: string, session: SMTPServerSession): Promise<void> {
    if (session.envelope.rcptTo.length >= recipientsAtMost) throw new Refusal(452, '4.5.3 Too many recipients');
    try {
      await integrationAt(address);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const count = (unknown.get(session) ?? 0) + 1;
      unknown.set(session, count);
      throw count > unknownAtMost ? new Refusal(421, '4.7.0 Too many unknown recipients') : error;
    }
  }

  async function take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<void> {
    const raw = await read(stream, sizeBytes);
    if (raw === null) throw new Refusal(552, '5.3.4 The message is too large');
    const sender = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
    const mail = await parseMail(raw, sender).catch(() => {
      throw new Refusal(554, '5.6.0 The message cannot be read');
    });
    let refusal: Refusal | null = null;
    let taken = 0;
    for (const { address } of envelope.rcptTo) {
      try {
        const { integration, tag } = await integrationAt(address);
        await receive(integration, { ...mail, tag });
        taken++;
      } catch (error) {
        // A key that ended since the address was taken must not lose the mail for those behind it.
        if (!(error instanceof Refusal)) throw error;
        refusal = error;
      }
    }
    if (refusal !== null && taken === 0) throw refusal;
    onAnswer(250);
  }

  /** Answers a command: what was not refused on purpose may go well the next time. */
  async function settle(work: Promise<void>, done: (refusal?: Refusal | null) => void): Promise<void> {
    let refusal: Refusal | null = null;
    try {
      await work;
    } catch (error) {
      if (!(error instanceof Refusal))
        log.warn({ err: error }, 'a mail was not taken, its server is asked to try again');
      refusal = error instanceof Refusal ? error : new Refusal(451, '4.3.0 Not stored, try again later');
    }
    if (refusal !== null) onAnswer(refusal.responseCode);
    done(refusal);
  }

  const server = new SMTPServer({
    name: domains[0] ?? 'vigil',
    banner: 'Vigil',
    ...(tls === null ? {} : tls),
    disabledCommands: tls === null ? ['AUTH', 'STARTTLS'] : ['AUTH'],
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: true,
    logger: false,
    size: sizeBytes,
    maxClients: connectionsAtMost,
    socketTimeout: options.idleMs ?? 30 * secondMs,
    closeTimeout: closeWithinMs,
    onRcptTo: ({ address }, session, done) => void settle(checkRecipient(address, session), done),
    onData: (stream, session, done) => void settle(take(stream, session), done),
  });
  // Of one connection: a client that was cut off or spoke nonsense.
  server.on('error', (error: Error) => log.debug({ err: error }, 'a mail connection failed'));
  // One byte now and then keeps a connection from being idle: it must end all the same.
  server.server.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), options.sessionMs ?? 5 * minuteMs);
    socket.once('close', () => clearTimeout(timer));
  });
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, host, () => {
      server.server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A status of SMTP that was chosen, with what is said beside it: fixed text, never built from input. */
class Refusal extends Error {
  readonly responseCode: number;

  constructor(responseCode: number, text: string) {
    super(text);
    this.name = 'Refusal';
    this.responseCode = responseCode;
  }
}

/** The whole message, or null for one that is too large: the rest of it is thrown away as it comes. */
async function read(stream: SMTPServerDataStream, atMost: number): Promise<Buffer | null> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > atMost) chunks = [];
    else chunks.push(chunk);
  }
  return bytes > atMost || stream.sizeExceeded ? null : Buffer.concat(chunks);
}
