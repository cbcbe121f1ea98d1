import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A phone that only notes when the first page of each escalation arrived. Signatures are the sender's to make, not checked here. */
export async function startBenchPhone(): Promise<{
  readonly url: string;
  readonly firstPageAt: Map<string, number>;
  waitFor(count: number, withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}> {
  const firstPageAt = new Map<string, number>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { escalationId, kind } = JSON.parse(body) as { escalationId: string; kind: string };
      if (kind === 'page' && !firstPageAt.has(escalationId)) firstPageAt.set(escalationId, performance.now());
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstPageAt,
    async waitFor(count, withinMs) {
      const until = performance.now() + withinMs;
      while (firstPageAt.size < count) {
        if (performance.now() > until) return false;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return true;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
