import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { minuteMs } from '#domain/time.ts';
import { sha256Hex } from '#db/ids.ts';
import { acceptBeat } from '#db/repositories/heartbeats.ts';
import type { ApiDeps } from '../deps.ts';
import { problems } from '../problem.ts';
import type { Routes } from './types.ts';

/** The shortest interval is a minute, so nobody needs more; a loop that ran wild is turned away before Postgres. */
const beatsPerMinute = 120;
/** What a job says when it beats is thrown away; it may be the output of the whole job. */
const bodyLimitBytes = 256 * 1024;
const keyShape = /^hb_[0-9a-f]{32}$/;

const params = z.object({ key: z.string().max(200) });
const beaten = z.object({ status: z.literal('ok') }).describe('Stored.');

/**
 * Where senders beat: one row update, answered after commit, whatever Temporal does. POST, GET and HEAD are the same, for
 * whatever a crontab has at hand, and any body is thrown away. The key is the whole right: whoever has it can beat.
 */
export function registerHeartbeats(app: Routes, deps: ApiDeps): void {
  const options = {
    config: {
      access: 'public',
      idempotencyKey: 'none',
      rateLimit: {
        max: beatsPerMinute,
        timeWindow: minuteMs,
        keyGenerator: (request: { params: unknown }) => `beat:${sha256Hex((request.params as { key: string }).key)}`,
      },
    },
  } as const;
  const beat = async ({ params: { key } }: { params: { key: string } }) => {
    if (!keyShape.test(key) || !(await deps.db.transaction((tx) => acceptBeat(tx, sha256Hex(key)))))
      throw new VigilError('resource.not_found');
    return { status: 'ok' as const };
  };

  void app.register((scope: Routes, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyLimitBytes }, (_request, _body, parsed) =>
      parsed(null, undefined),
    );
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
