import { z } from 'zod';
import type { ApiDeps } from '../deps.ts';
import { beatBodyLimitBytes, beatBy, beatConfig, keyInPath } from '../intake/beats.ts';
import { throwAwayBodies } from '../plugins/body.ts';
import { problems } from '../problem.ts';
import type { Routes } from './types.ts';

const params = z.object({ key: z.string().max(200) });
const beaten = z.object({ status: z.literal('ok') }).describe('Stored.');

/**
 * Where senders beat: one row update, answered after commit, whatever Temporal does. POST, GET and HEAD are the same, for
 * whatever a crontab has at hand, and any body is thrown away. The key is the whole right: whoever has it can beat.
 */
export function registerHeartbeats(app: Routes, deps: ApiDeps): void {
  const options = { config: beatConfig(keyInPath) };
  const beat = async ({ params: { key } }: { params: { key: string } }) => {
    await beatBy(deps.db, key);
    return { status: 'ok' as const };
  };

  void app.register((scope: Routes, _options, done) => {
    throwAwayBodies(scope, beatBodyLimitBytes);
    scope.post(
      '/v1/heartbeats/:key',
      { ...options, schema: { params, response: { 200: beaten, ...problems(400, 404, 413, 415, 422, 429, 503) } } },
      beat,
    );
    scope.get(
      '/v1/heartbeats/:key',
      { ...options, schema: { params, response: { 200: beaten, ...problems(404, 422, 429, 503) } } },
      beat,
    );
    done();
  });
}
