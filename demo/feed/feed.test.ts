import { beforeAll, describe, expect, it } from 'vitest';
import { dayMs } from '#domain/time.ts';
import { loadCorpus } from './corpus.ts';
import type { CorpusItem } from './corpus.ts';
import { batches, buildEvents } from './events.ts';
import type { ProductEventInput } from './events.ts';
import { loadReferenceLists } from './reference-lists.ts';
import { splitCorpus } from './split.ts';
import { eventIdOf, truthByEventId } from './truth.ts';

const now = Date.UTC(2026, 0, 15, 12);
const salt = 'salt-for-tests';

let corpus: readonly CorpusItem[];
let replay: readonly CorpusItem[];
let events: readonly ProductEventInput[];

beforeAll(async () => {
  corpus = await loadCorpus();
  replay = splitCorpus(corpus).replay;
  events = buildEvents(replay, { now, salt });
}, 60_000);

describe('loadCorpus', () => {
  it('has every mail with its label', () => {
    expect(corpus).toHaveLength(6_046);
    expect(corpus.filter((item) => item.label === 'spam')).toHaveLength(1_896);
    expect(corpus.every((item, position) => item.index === position)).toBe(true);
    expect(corpus.filter((item) => item.text === '')).toHaveLength(0);
    expect(corpus.filter((item) => item.senderDomain === 'unknown.invalid').length).toBeLessThan(10);
  });
});

describe('splitCorpus', () => {
  it('gives two halves that share nothing, balanced by label, whatever the order of the items', () => {
    const { training, replay } = splitCorpus(corpus);
    const indices = [...training, ...replay].map((item) => item.index);
    expect(new Set(indices).size).toBe(6_046);
    const spam = (items: readonly CorpusItem[]) => items.filter((item) => item.label === 'spam').length;
    expect([training.length, spam(training), replay.length, spam(replay)]).toEqual([3_023, 948, 3_023, 948]);

    const reversed = splitCorpus(corpus.toReversed());
    expect(reversed.replay.map((item) => item.index)).toEqual(replay.map((item) => item.index));
  });
});

describe('buildEvents', () => {
  it('makes a day of traffic that ends now, in the order in which the mails were received', () => {
    expect(events).toHaveLength(3_023);
    const times = events.map((event) => Date.parse(event.occurredAt));
    expect(times[0]).toBe(now - dayMs);
    expect(times.at(-1)).toBe(now);
    expect(times).toEqual([...times].sort((a, b) => a - b));

    const receivedAt = new Map(replay.map((item) => [eventIdOf(item), item.receivedAt]));
    const received = events.map((event) => receivedAt.get(event.id) ?? null).filter((at) => at !== null);
    expect(received).toEqual([...received].sort((a, b) => a - b));
  });

  it('keeps bursts: some account sends ten messages within ten minutes', () => {
    const byAccount = Map.groupBy(events, (event) => event.accountRef);
    const bursts = [...byAccount.values()].filter((sent) =>
      sent.some((event, position) => {
        const tenth = sent[position + 9];
        return tenth !== undefined && Date.parse(tenth.occurredAt) - Date.parse(event.occurredAt) <= 600_000;
      }),
    );
    expect(bursts.length).toBeGreaterThanOrEqual(2);
  });

  it('is the same on every run, with one key for each mail', () => {
    expect(buildEvents(replay.toReversed(), { now, salt })).toEqual(events);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  });

  it('lets no address and no sender domain field out', () => {
    for (const event of events) {
      expect(JSON.stringify(event)).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
      expect(event.accountRef).toMatch(/^acct_[0-9a-f]{16}$/);
    }
    const names = new Set(events.flatMap((event) => Object.keys(event.attributes)));
    expect([...names].sort()).toEqual([
      'attachmentCount',
      'domainHash',
      'exclamationCount',
      'hasHtml',
      'linkCount',
      'recipientCount',
      'textLength',
      'uppercaseShare',
      'userAgent',
    ]);
  });

  it('is cut into batches without loss', () => {
    const cut = [...batches(events, 500)];
    expect(cut.map((batch) => batch.events.length)).toEqual([500, 500, 500, 500, 500, 500, 23]);
    expect(cut.flatMap((batch) => batch.events)).toEqual(events);
  });

  it('takes no mails and a single mail', () => {
    expect(buildEvents([], { now, salt })).toEqual([]);
    expect(buildEvents(replay.slice(0, 1), { now, salt })[0]?.occurredAt).toBe(new Date(now).toISOString());
  });
});

describe('truthByEventId', () => {
  it('knows the label of each event', () => {
    const truth = truthByEventId(replay);
    expect(events.filter((event) => truth.get(event.id) === 'spam')).toHaveLength(948);
    expect(events.every((event) => truth.has(event.id))).toBe(true);
  });
});

describe('loadReferenceLists', () => {
  it('matches events under the same salt and only there', () => {
    const matching = (listSalt: string) => {
      const hashes = new Set(loadReferenceLists(listSalt).disposableDomainHashes);
      return events.filter((event) => hashes.has(String(event.attributes['domainHash']))).length;
    };
    expect(matching(salt)).toBeGreaterThan(0);
    expect(matching('another salt')).toBe(0);
  });

  it('has patterns that compile and know a crawler', () => {
    const { crawlerUserAgentPatterns } = loadReferenceLists(salt);
    expect(crawlerUserAgentPatterns.length).toBeGreaterThan(1_000);
    const patterns = crawlerUserAgentPatterns.map((pattern) => new RegExp(pattern));
    expect(patterns.some((pattern) => pattern.test('Mozilla/5.0 (compatible; Googlebot/2.1)'))).toBe(true);
    expect(patterns.some((pattern) => pattern.test('Microsoft Outlook Express 6.00.2600.0000'))).toBe(false);
  });
});
