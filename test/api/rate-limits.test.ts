import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId, sha256Hex } from '#db/ids.ts';
import { tokens } from '#db/schema/index.ts';
import { awayTemporal, startTestApi, testApiOver } from '../support/api.ts';
import type { TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const most = 3;

/** Statuses of so many requests, each with the next of these tokens in turn, from an address. */
async function statuses(
  app: Awaited<ReturnType<typeof testApiOver>>,
  count: number,
  tokensInTurn: readonly (string | null)[],
  remoteAddress: string,
): Promise<number[]> {
  const found: number[] = [];
  for (let number = 0; number < count; number++) {
    const token = tokensInTurn[number % tokensInTurn.length];
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const { statusCode, headers: answered } = await app.inject({ url: '/v1/me', headers, remoteAddress });
    if (statusCode === 429) expect(Number(answered['retry-after'])).toBeGreaterThan(0);
    found.push(statusCode);
  }
  return found;
}

it('counts a principal, whichever of its tokens it shows and wherever it comes from', async () => {
  const app = await testApiOver(api.db, awayTemporal(), { rateLimitPerMinute: most });
  const one = await api.principal({ roles: ['responder'] });
  const second = `second-token-of-${one.id}`;
  await api.db.insert(tokens).values({
    id: newId('token'),
    principalId: one.id,
    sha256: sha256Hex(second),
    label: 'second',
    expiresAt: new Date(Date.now() + 3_600_000),
  });
  expect(await statuses(app, 2, [one.token, second], '10.0.0.1')).toEqual([200, 200]);
  expect(await statuses(app, 2, [one.token, second], '10.0.0.2')).toEqual([200, 429]);
  const other = await api.principal({ roles: ['responder'] });
  expect(await statuses(app, 1, [other.token], '10.0.0.1')).toEqual([200]);
  await app.close();
});

it('counts strangers by their address, however they change what they show, and nobody who has a token with them', async () => {
  const app = await testApiOver(api.db, awayTemporal(), { rateLimitPerMinute: most });
  const guesses = Array.from({ length: 5 }, (_, number) => `guess-of-a-token-number-${number}`);
  expect(await statuses(app, 5, [...guesses.slice(0, 2), null, ...guesses.slice(2)], '10.0.0.3')).toEqual([
    401, 401, 401, 429, 429,
  ]);
  expect(await statuses(app, 1, [guesses[0] ?? ''], '10.0.0.4')).toEqual([401]);
  const one = await api.principal({ roles: ['responder'] });
  expect(await statuses(app, 1, [one.token], '10.0.0.3')).toEqual([200]);
  await app.close();
});
