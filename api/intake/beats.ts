import type { FastifyRequest } from 'fastify';
import { VigilError } from '#domain/errors.ts';
import { senderKeyShape } from '#domain/intake/sender-key.ts';
import { minuteMs } from '#domain/time.ts';
import { sha256Hex } from '#db/ids.ts';
import { acceptBeat } from '#db/repositories/heartbeats.ts';
import type { Database } from '#db/client.ts';

/** What a job says when it beats is thrown away; it may be the output of the whole job. */
export const beatBodyLimitBytes = 256 * 1024;
/** The shortest interval is a minute, so nobody needs more; a loop that ran wild is turned away before Postgres. */
const beatsPerMinute = 120;

/** What every route that takes beats is: open to whoever has the key, and limited for each of the monitors that `of` tells apart. */
export const beatConfig = (of: (request: FastifyRequest) => string) =>
  ({
    access: 'public',
    idempotencyKey: 'none',
    rateLimit: {
      max: beatsPerMinute,
      timeWindow: minuteMs,
      keyGenerator: (request: FastifyRequest) => `beat:${sha256Hex(of(request))}`,
    },
  }) as const;

export const keyInPath = ({ params }: { readonly params: unknown }): string => (params as { key: string }).key;

/** Takes a beat by its key, answered after commit. Fails with `resource.not_found`. */
export async function beatBy(db: Database, key: string): Promise<void> {
  if (!senderKeyShape.test(key) || !(await db.transaction((tx) => acceptBeat(tx, sha256Hex(key)))))
    throw new VigilError('resource.not_found');
}
