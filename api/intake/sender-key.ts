import type { FastifyRequest } from 'fastify';
import { VigilError } from '#domain/errors.ts';
import { minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { findIntegrationByKey } from '#db/repositories/integrations.ts';
import type { KeyedIntegration } from '#db/repositories/integrations.ts';
import type { ApiDeps } from '../deps.ts';

/** The key of the path, or of the header in any of the forms that senders know: Bearer, GenieKey, or the password of Basic. */
export function keyOf({ params, headers }: Pick<FastifyRequest, 'params' | 'headers'>): string | null {
  const inPath = (params as { key?: unknown }).key;
  if (typeof inPath === 'string') return inPath;
  const [, scheme = '', value = ''] =
    /^(Bearer|GenieKey|Basic) +([\x21-\x7e]{1,500})$/i.exec(headers.authorization ?? '') ?? [];
  if (scheme === '') return null;
  if (scheme.toLowerCase() !== 'basic') return value;
  return Buffer.from(value, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '');
}

/** The integration whose key the request shows. Fails with `intake.key_unknown`, and says no more of why. */
export async function senderOf(db: Database, request: FastifyRequest): Promise<KeyedIntegration> {
  const key = keyOf(request);
  const integration = key === null ? null : await findIntegrationByKey(db, key);
  if (!integration) throw new VigilError('intake.key_unknown');
  return integration;
}

/** Limits are counted for each key, or for each address that shows none; the key itself is not kept. */
export const countedFor = (request: FastifyRequest): string => {
  const key = keyOf(request);
  return key === null ? request.ip : `sender:${sha256Hex(key)}`;
};

/** A group of some thousand alerts. Senders do not repeat what was too large. */
const bodyLimitBytes = 4 * 1024 * 1024;

/** What every webhook of a monitoring system is: open to whoever has a key, and too much is 503, which senders repeat. */
export const webhookOptions = ({ rateLimitPerMinute }: ApiDeps['config']) =>
  ({
    bodyLimit: bodyLimitBytes,
    config: {
      access: 'public',
      idempotencyKey: 'none',
      rateLimit: {
        max: rateLimitPerMinute,
        timeWindow: minuteMs,
        keyGenerator: countedFor,
        errorResponseBuilder: () => new VigilError('intake.overloaded'),
      },
    },
  }) as const;
