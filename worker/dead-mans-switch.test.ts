import { describe, expect, it } from 'vitest';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { startLoopbackServer } from '#test/support/loopback-server.ts';
import { keepBeating, sendBeat } from './dead-mans-switch.ts';

/** Resolves when it was called so many times. */
function counted() {
  let calls = 0;
  let waiting: { count: number; release: () => void }[] = [];
  return {
    call: () => {
      calls++;
      for (const one of waiting.filter(({ count }) => count <= calls)) one.release();
      waiting = waiting.filter(({ count }) => count > calls);
    },
    get calls() {
      return calls;
    },
    reaches: (count: number) =>
      calls >= count ? Promise.resolve() : new Promise<void>((release) => waiting.push({ count, release })),
  };
}

function quietLog() {
  const said: string[] = [];
  const note = (_fields: object, message: string) => void said.push(message);
  return { said, log: { info: note, warn: note, error: note } };
}

describe("the dead man's switch", () => {
  it('beats once for each round trip that worked, and not for one that failed', async () => {
    const [tried, beats] = [counted(), counted()];
    const { said, log } = quietLog();
    const kept = keepBeating({
      roundTrip: () => {
        tried.call();
        return tried.calls % 2 === 0 ? Promise.reject(new Error('Temporal is away')) : Promise.resolve();
      },
      beat: () => Promise.resolve(beats.call()),
      log,
      everyMs: 1,
    });
    await tried.reaches(7);
    kept.stop();
    expect([beats.calls, said.length]).toEqual([3, 3]);
  });

  it('leaves beats out while a round trip hangs, and begins no second one beside it', async () => {
    const [tried, beats] = [counted(), counted()];
    const hanging = Promise.withResolvers<void>();
    const kept = keepBeating({
      roundTrip: () => {
        tried.call();
        return tried.calls === 2 ? hanging.promise : Promise.resolve();
      },
      beat: () => Promise.resolve(beats.call()),
      log: quietLog().log,
      everyMs: 1,
    });
    await tried.reaches(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([tried.calls, beats.calls]).toEqual([2, 1]);
    hanging.resolve();
    await beats.reaches(3);
    kept.stop();
  });

  it('goes on when a beat does not arrive', async () => {
    const beats = counted();
    const { said, log } = quietLog();
    const beat = () => {
      beats.call();
      return Promise.reject(new Error('away'));
    };
    const kept = keepBeating({ roundTrip: () => Promise.resolve(), beat, log, everyMs: 1 });
    await beats.reaches(3);
    kept.stop();
    expect(new Set(said)).toEqual(new Set(['the beat did not reach the outside']));
  });

  it('sends an empty POST, and takes every answer but a success for a failure', async () => {
    let status = 200;
    await using server = await startLoopbackServer((response) => response.writeHead(status).end('OK'));
    const http = createHttpClient({ guard: createSsrfGuard({ allowList: [server.hostPort] }) });
    await sendBeat(http, `${server.url}/ping/secret`);
    expect(server.received.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/ping/secret', ''],
    ]);
    for (status of [302, 404, 500]) await expect(sendBeat(http, `${server.url}/ping/secret`)).rejects.toThrow();
    const refused = createHttpClient({ guard: createSsrfGuard({ allowList: [] }) });
    await expect(sendBeat(refused, `${server.url}/ping/secret`)).rejects.toThrow(/^((?!secret).)*$/);
    await Promise.all([http.close(), refused.close()]);
  });
});
