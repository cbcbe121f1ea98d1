import { createConnection } from 'node:net';
import type { Socket } from 'node:net';

/** A connection to a mail server that says nothing. */
export interface Connected {
  readonly socket: Socket;
  readonly greeting: Promise<string>;
  readonly closed: Promise<void>;
}

export async function connected({ port }: { readonly port: number }): Promise<Connected> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  const greeting = new Promise<string>((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, greeting, closed };
}

/** Speaks SMTP line by line, each after the answer to the one before; returns the answers, the greeting first. */
export async function talk({ port }: { readonly port: number }, lines: readonly string[]): Promise<string[]> {
  const socket = createConnection({ host: '127.0.0.1', port });
  const replies: string[] = [];
  let text = '';
  let waiting = Promise.withResolvers<void>();
  socket.on('data', (data: Buffer) => {
    text += data.toString();
    // The last line of an answer has a space behind its status.
    if (/^\d{3} .*\r\n$/m.test(text)) waiting.resolve();
  });
  socket.on('close', () => waiting.resolve());
  socket.on('error', () => waiting.resolve());
  for (const line of [null, ...lines]) {
    if (line !== null) {
      waiting = Promise.withResolvers();
      text = '';
      if (socket.destroyed || !socket.writable) break;
      socket.write(`${line}\r\n`);
    }
    await waiting.promise;
    if (text !== '') replies.push(text.trim());
  }
  socket.destroy();
  return replies;
}
