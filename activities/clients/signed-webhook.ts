import { Webhook } from 'standardwebhooks';

export interface WebhookSigner {
  /**
   * The Standard Webhooks headers for one message. `id` is the idempotency key of the call: a retry repeats it, with a
   * new timestamp. `at` is epoch milliseconds; receivers refuse a message that is more than 5 minutes off.
   */
  headers(id: string, at: number, body: string): Record<string, string>;
}

/** A dot would make the signed text `id.timestamp.body` ambiguous. */
const messageId = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const smallestSecretBytes = 24;
const largestSecretBytes = 64;

/**
 * Signs with one secret, or with two during a rotation: receivers accept a message when either signature fits, so
 * they can change over before the old secret goes. Secrets are `whsec_` and 24 to 64 bytes in base64, as Standard
 * Webhooks has it.
 *
 * Fails at once on a bad set of secrets; the error never holds one.
 */
export function createWebhookSigner(secrets: readonly string[]): WebhookSigner {
  if (secrets.length < 1 || secrets.length > 2) throw new Error('outgoing calls are signed with one secret or two');
  const webhooks = secrets.map((secret, index) => {
    const text = /^whsec_(?<base64>[A-Za-z0-9+/]+={0,2})$/.exec(secret)?.groups?.base64 ?? '';
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text || bytes.length < smallestSecretBytes || bytes.length > largestSecretBytes) {
      throw new Error(
        `signing secret ${index + 1} must be whsec_ and ${smallestSecretBytes} to ${largestSecretBytes} bytes in base64`,
      );
    }
    return new Webhook(secret);
  });

  return {
    headers(id, at, body) {
      if (!messageId.test(id))
        throw new RangeError('a webhook id is 1 to 256 printable characters without space and dot');
      const timestamp = new Date(at);
      return {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at / 1_000)),
        'webhook-signature': webhooks.map((webhook) => webhook.sign(id, timestamp, body)).join(' '),
      };
    },
  };
}
