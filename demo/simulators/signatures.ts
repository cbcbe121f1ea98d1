import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { Refused } from './server.ts';

/** Checks the Standard Webhooks headers of a request against the raw body; returns the message id. */
export type SignatureCheck = (headers: IncomingHttpHeaders, raw: string) => string;

/**
 * Built from a secret (`whsec_` and base64). Any failure (no header, wrong secret, other body, more than 5 minutes off)
 * is refused with 401 and the library's reason.
 */
export function signatureCheck(secret: string): SignatureCheck {
  const webhook = new Webhook(secret);
  return (headers, raw) => {
    const id = single(headers['webhook-id']);
    const signed = {
      'webhook-id': id,
      'webhook-timestamp': single(headers['webhook-timestamp']),
      'webhook-signature': single(headers['webhook-signature']),
    };
    try {
      webhook.verify(raw, signed, { jsonParse: false });
    } catch (error) {
      throw new Refused(401, 'bad_signature', error instanceof Error ? error.message : 'the signature does not match');
    }
    return id;
  };
}

/** Empty when missing or sent twice, which the library takes as missing. */
const single = (value: string | string[] | undefined): string => (typeof value === 'string' ? value : '');
