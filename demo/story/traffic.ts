import { loadCorpus } from '../feed/corpus.ts';
import type { Label } from '../feed/corpus.ts';
import { batches, buildEvents } from '../feed/events.ts';
import { splitCorpus } from '../feed/split.ts';
import { eventIdOf, truthByEventId } from '../feed/truth.ts';
import { maskText } from '../feed/mask.ts';
import { threatText } from '../setup.ts';
import { expectThat } from './world.ts';
import type { World } from './world.ts';

/** What the corpus says is true, by the text that a reviewer sees and by account. */
export interface Truth {
  ofText(text: string): Label | null;
  /** What most mails of the account are. */
  ofAccount(accountRef: string): Label | null;
  readonly byEventId: ReadonlyMap<string, Label>;
}

export interface Traffic {
  readonly sent: number;
  readonly accepted: number;
  readonly truth: Truth;
}

export const productSalt = 'outreach assistant';
const eventsInStory = 2_000;
const batchSize = 250;

/** Step 2: a day of the product's traffic comes in through the public API, in batches, some of them twice. */
export async function sendTraffic(world: World): Promise<Traffic> {
  const { replay } = splitCorpus(await loadCorpus(world.cache));
  const events = buildEvents(replay, { now: world.startedAt, salt: productSalt }).slice(-eventsInStory);
  const sender = () => world.as('outreach-events');
  let accepted = 0;
  for (const { events: batch } of batches(events, batchSize)) {
    const body = {
      productKey: 'outreach-assistant',
      events: batch.map((event) => ({ ...event, id: `${world.startedAt}-${event.id}` })),
    };
    const answer = await sender().post<{ accepted: number; duplicates: number }>('/v1/intake/events', body);
    accepted += answer.accepted;
    if (accepted === batchSize) {
      const again = await sender().post<{ accepted: number; duplicates: number }>('/v1/intake/events', body);
      expectThat(again.accepted === 0 && again.duplicates === batch.length, 'a repeated batch is recognised', again);
    }
  }
  expectThat(accepted === events.length, 'every event is accepted once', { accepted, sent: events.length });
  return { sent: events.length, accepted, truth: truthOf(world, replay, events) };
}

/** A message that announces violence, by an account of its own: what a severity 1 detector is for. */
export async function sendThreat(world: World, name: string): Promise<string> {
  const accountRef = `acct_threat_${name}_${world.startedAt}`;
  await world.as('outreach-events').post('/v1/intake/events', {
    productKey: 'outreach-assistant',
    events: [
      {
        id: `${world.startedAt}-threat-${name}`,
        kind: 'message_sent',
        accountRef,
        occurredAt: new Date().toISOString(),
        attributes: {
          domainHash: 'none',
          userAgent: '',
          recipientCount: 1,
          linkCount: 0,
          exclamationCount: 0,
          uppercaseShare: 0,
          textLength: threatText.length,
        },
        content: { text: threatText },
      },
    ],
  });
  return accountRef;
}

function truthOf(
  world: World,
  replay: readonly { readonly index: number; readonly label: Label; readonly text: string }[],
  events: readonly { readonly id: string; readonly accountRef: string }[],
): Truth {
  const byEventId = truthByEventId(replay);
  const byText = new Map(replay.map((item) => [maskText(item.text).trim(), item.label]));
  const spamShare = new Map<string, { spam: number; all: number }>();
  for (const event of events) {
    const share = spamShare.get(event.accountRef) ?? { spam: 0, all: 0 };
    share.all++;
    if (byEventId.get(event.id) === 'spam') share.spam++;
    spamShare.set(event.accountRef, share);
  }
  expectThat(
    replay.every((item) => byEventId.has(eventIdOf(item))),
    'the corpus labels every event',
  );
  return {
    byEventId: new Map([...byEventId].map(([id, label]) => [`${world.startedAt}-${id}`, label])),
    ofText: (text) => byText.get(text) ?? null,
    ofAccount: (accountRef) => {
      const share = spamShare.get(accountRef);
      return share === undefined ? null : share.spam * 2 >= share.all ? 'spam' : 'ham';
    },
  };
}
