import { secondMs } from '#domain/time.ts';
import type { SlackInteractions } from '../deps.ts';

const withinMs = 5 * secondMs;
const slacksOwn = 'https://hooks.slack.com';

/**
 * Answers clicks at the address that Slack sent with them. Only Slack's own host, and that of its Web API where it is
 * somewhere else, is called, whatever a request names.
 */
export function createSlackAnswers(options: {
  readonly apiUrl: string;
  readonly log: { warn(fields: object, message: string): void };
}): SlackInteractions['answer'] {
  const origins = new Set([slacksOwn, new URL(options.apiUrl).origin]);
  return async (url, text) => {
    try {
      if (!origins.has(new URL(url).origin)) throw new Error('the answer would go to another host');
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text: escaped(text) }),
        signal: AbortSignal.timeout(withinMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`status ${response.status}`);
    } catch (error) {
      // Without the address, which is a secret for half an hour.
      options.log.warn({ cause: error instanceof Error ? error.name : 'unknown' }, 'a click in Slack got no answer');
    }
  };
}

/** The three characters that Slack reads as its own. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
