import { AwayError } from '#cli/http.ts';
import { patiently } from './patience.ts';
import { expectThat } from './world.ts';

/**
 * Opens the link of a page and presses its button, as its owner does on a phone: by the form that the page shows. Nothing
 * is pressed where the page has no button, because somebody was first.
 */
export async function tapLink(ackUrl: string): Promise<void> {
  const page = await patiently(() => ask(ackUrl));
  const [, confirm] = /name="confirm" value="([^"]+)"/.exec(page) ?? [];
  if (!page.includes('>Acknowledge</button>') || confirm === undefined) return;
  const after = await patiently(() => ask(ackUrl, new URLSearchParams({ confirm })));
  expectThat(/You acknowledged at|Accepted\./.test(after), 'the page says that the tap was taken', after);
}

async function ask(url: string, body?: URLSearchParams): Promise<string> {
  const away = (cause: unknown) => new AwayError('the page behind the link does not answer', cause);
  const answer = await fetch(url, body === undefined ? {} : { method: 'POST', body }).catch((cause: unknown) => {
    throw away(cause);
  });
  if (answer.status >= 500) throw away(answer.status);
  return answer.text();
}
