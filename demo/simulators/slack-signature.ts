import { createHmac } from 'node:crypto';

/** The headers with which Slack signs a request to an app, version 0. `sentAt` is epoch milliseconds. */
export function slackHeaders(secret: string, raw: string, sentAt: number): Record<string, string> {
  const timestamp = String(Math.floor(sentAt / 1_000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${raw}`).digest('hex');
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${digest}`,
  };
}
