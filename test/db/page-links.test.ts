import { asc, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConsoleChannel } from '#activities/clients/console-channel.ts';
import type { PageMessage, PagerChannel, SendOutcome } from '#activities/clients/pager-channels.ts';
import { createPagingActivities } from '#activities/paging.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { findPageLink } from '#db/repositories/page-links.ts';
import { pageLinks } from '#db/schema/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { openLinkedLadder } from '../support/linked-ladder.ts';
import type { LadderOptions } from '../support/linked-ladder.ts';

let database: TestDatabase;
let db: Database;
/** What left, and how it is answered, in this order. */
let sent: PageMessage[];
let answers: SendOutcome[];

const webhook: PagerChannel = {
  name: 'webhook',
  send(message) {
    sent.push(message);
    return Promise.resolve(answers.shift() ?? { outcome: 'sent' });
  },
};
const lines: string[] = [];
const console = createConsoleChannel({
  warn: (fields: object, text?: string) => void lines.push(JSON.stringify([fields, text])),
});

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 8,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});
beforeEach(() => {
  sent = [];
  answers = [];
});

const activities = (publicUrl: string | null = 'https://vigil.example/pager/') =>
  createPagingActivities({ db, channels: new Map([webhook, console].map((one) => [one.name, one])), publicUrl });

async function ladder(options: LadderOptions = {}) {
  const world = await openLinkedLadder(db, { isInFlight: true, ...options });
  const [page] = world.story.pages;
  if (!page) throw new Error('the ladder has paged nobody');
  return { world, page };
}
const linksOf = (escalationId: string) =>
  db.select().from(pageLinks).where(eq(pageLinks.escalationId, escalationId)).orderBy(asc(pageLinks.createdAt));
const tokenIn = (message: PageMessage | undefined): string =>
  /^https:\/\/vigil\.example\/pager\/a\/([\w-]{22})$/.exec(message?.ackUrl ?? '')?.[1] ?? '';

describe('the link in a page', () => {
  it('is a secret of that person, for that escalation, of which the hash alone is stored', async () => {
    const { world, page } = await ladder();
    const settled = await activities().sendPage(world.escalationId, page);
    const token = tokenIn(sent[0]);
    expect(Buffer.from(token, 'base64url')).toHaveLength(16);
    const [link, ...more] = await linksOf(world.escalationId);
    expect(more).toEqual([]);
    expect(link).toMatchObject({ sha256: sha256Hex(token), personId: world.ann, deliveryId: settled.deliveryId });
    expect(link?.usedAt).toBeNull();
    expect(Number(link?.expiresAt) - Number(link?.createdAt)).toBe(60 * 60_000);
    expect(JSON.stringify([settled, link])).not.toContain(token);
    expect(await findPageLink(db, token)).toMatchObject({ personId: world.ann, isExpired: false, use: null });
  });

  it('is another one at each try, and the earlier ones stay good', async () => {
    const { world, page } = await ladder();
    answers = [{ outcome: 'failed_transient', retryAfterMs: null }];
    await expect(activities().sendPage(world.escalationId, page)).rejects.toThrow('did not take the page');
    await activities().sendPage(world.escalationId, page);
    const tokens = sent.map(tokenIn);
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) expect((await findPageLink(db, token))?.isExpired).toBe(false);
  });

  it('is not made where nobody could use it, or where others read along', async () => {
    const none = await ladder();
    await activities(null).sendPage(none.world.escalationId, none.page);
    const logged = await ladder({ channel: 'console' });
    await activities().sendPage(logged.world.escalationId, logged.page);
    const told = await ladder();
    const { key, personId, contactMethodId, channel } = told.page;
    await activities().sendResolved(told.world.escalationId, {
      type: 'tellResolved',
      key: `told:${key}`,
      personId,
      contactMethodId,
      channel,
    });
    expect(sent.map(({ kind, ackUrl }) => [kind, ackUrl])).toEqual([
      ['page', null],
      ['resolved', null],
    ]);
    expect(lines.join('')).toContain('page: The disk is full');
    expect(lines.join('')).not.toContain('/a/');
    for (const { world } of [none, logged, told]) expect(await linksOf(world.escalationId)).toEqual([]);
  });

  it('that cannot be made holds no page up', async () => {
    const { world, page } = await ladder();
    const owner = connectDatabase({
      url: database.ownerUrl,
      size: 1,
      applicationName: 'vigil-test',
      statementTimeoutMs: 10_000,
      onIdleError: () => undefined,
    });
    await owner.execute(sql`ALTER TABLE page_links RENAME TO page_links_away`);
    try {
      expect(await activities().sendPage(world.escalationId, page)).toMatchObject({ result: 'sent' });
    } finally {
      await owner.execute(sql`ALTER TABLE page_links_away RENAME TO page_links`);
      await owner.$client.end();
    }
    expect(sent).toMatchObject([{ kind: 'page', ackUrl: null }]);
  });
});
