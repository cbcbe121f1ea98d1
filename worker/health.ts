import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface Health {
  readonly port: number;
  close(): Promise<void>;
}

/** Answers `/livez` while the process turns, and `/metrics`, on loopback or wherever `host` says. */
export async function serveHealth(
  host: string,
  port: number,
  { isAlive, registry }: { readonly isAlive: () => boolean; readonly registry: Registry },
): Promise<Health> {
  const server: Server = createServer((request, response) => {
    if (request.url === '/metrics') {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
      return;
    }
    const found = request.url === '/livez';
    const status = found ? (isAlive() ? 200 : 503) : 404;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ status }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
