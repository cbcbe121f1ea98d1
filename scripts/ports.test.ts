import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { findFreePort, findFreePorts, isPortFree, onFreePort } from './ports.ts';

it('finds ports that can be listened on, each a different one', async () => {
  const ports = await findFreePorts(5);
  expect(new Set(ports).size).toBe(5);
  for (const port of ports) {
    expect(await isPortFree(port)).toBe(true);
    expect(port).toBeLessThan(32_768);
  }
});

it('sees that a port is taken', async () => {
  const port = await findFreePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await isPortFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

it('asks for another port when somebody took the first one, and for nothing else', async () => {
  const asked: number[] = [];
  const { port } = await onFreePort((candidate) => {
    asked.push(candidate);
    if (asked.length === 1) throw new Error('could not bind: Address already in use');
    return Promise.resolve('up');
  });
  expect(asked).toHaveLength(2);
  expect(port).toBe(asked[1]);
  await expect(onFreePort(() => Promise.reject(new Error('out of memory')))).rejects.toThrow('out of memory');
});
