import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Servers get ports below the range from which Linux (32768 upward) and macOS (49152 upward) take the source ports of
 * outgoing connections. Inside that range a client that keeps calling a dead local server can be given the server's own
 * port as its source port, connect to itself, and keep the server from coming back.
 */
const lowestPort = 20_000;
const highestPort = 32_000;
const attempts = 200;

/**
 * Finds a loopback port that nothing listens on now.
 *
 * Another process can take it before the caller does: treat "address in use" as a reason to ask again. Throws when 200
 * random candidates between 20,000 and 32,000 are all taken.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No free port found on 127.0.0.1 between ${lowestPort} and ${highestPort}.`);
}

/** Finds `count` different free loopback ports. See `findFreePort`. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}

/**
 * Starts a server on a port found free, on another one when somebody took it in between. Rejects with what `start` did
 * when that is not about the port.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<{ port: number; value: T }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    try {
      return { port, value: await start(port) };
    } catch (error) {
      const isTaken = /address already in use/i.test((error as Error).message);
      if (!isTaken || attempt === 3) throw error;
    }
  }
}

/** Whether a server could listen on this loopback port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
