import { createHash } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commands, principals, roleGrants } from '#db/schema/index.ts';
import { colleague, LinkTaps } from '#test/support/link-taps.ts';

const away = () =>
  Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no', metadata: {} }));

let taps: LinkTaps;
beforeAll(async () => {
  taps = await LinkTaps.start();
});
afterAll(() => taps?.stop());
beforeEach(() => taps.open());

describe('looking at the link of a page', () => {
  it('shows what is wrong, since when, which rung and who else, and one button', async () => {
    const page = await taps.look();
    expect(page.statusCode).toBe(200);
    for (const text of ['Severity 1', 'The disk is full', '1 of 2', 'nobody else', 'Ann', '>Acknowledge</button>'])
      expect(page.body).toContain(text);
    expect(page.body).toMatch(/<time datetime="[^"]+">[^<]+(CET|CEST|GMT\+[12])<\/time> \(just now\)/);
    expect(page.body.match(/<button/g)).toHaveLength(1);
    expect(page.body.match(/<h1>.*/g)).toEqual(['<h1><bdi>The disk is full</bdi></h1>']);
    expect(page.body).not.toMatch(/<script|<img|<link|src=|https?:/);
  });

  it('may be kept, indexed, framed or told to other sites by nobody', async () => {
    for (const page of [await taps.look(), await taps.look('A'.repeat(22)), await taps.tap()]) {
      expect(page.headers['cache-control']).toBe('no-store');
      expect(page.headers['referrer-policy']).toBe('no-referrer');
      expect(page.headers['x-robots-tag']).toBe('noindex, nofollow');
      expect(page.headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
    }
  });

  it('lets only its own style through', async () => {
    const page = await taps.look();
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page.body) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(style).toContain('prefers-color-scheme');
    expect(page.headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(page.body).not.toMatch(/ style=| on\w+=/);
  });

  it('never acts: a hundred programs that look, by GET and HEAD, change nothing', async () => {
    const scanner = { 'user-agent': 'Mozilla/5.0 (link scanner)', 'sec-fetch-site': 'none' };
    for (let count = 0; count < 50; count++) {
      expect((await taps.look(taps.token, scanner)).statusCode).toBe(200);
      const head = await taps.api.app.inject({ method: 'HEAD', url: `/a/${taps.token}`, headers: scanner });
      expect([head.statusCode, head.body]).toEqual([200, '']);
    }
    expect(taps.sent).toEqual([]);
    expect(await taps.api.db.select().from(commands).where(eq(commands.aggregateId, taps.world.escalationId))).toEqual(
      [],
    );
    expect((await taps.tap()).statusCode).toBe(303);
  });

  it('says nothing of what is sensitive', async () => {
    await taps.open({ title: 'weapon seen alive', sensitive: true });
    const page = await taps.look();
    expect(page.body).toContain('sensitive harm');
    expect(page.body).not.toMatch(/weapon|alive|service/);
  });

  it('shows hostile names and titles as text', async () => {
    const title = `</h1><script>alert(1)</script>"'\u202Eevil&lt;`;
    await taps.open({ title, requiredAcks: 2, colleague: '<img src=x onerror=alert(2)>' });
    const { body } = await taps.look();
    expect(body).not.toMatch(/<script|<img|\u202E/);
    expect(body).toContain('&lt;/h1&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; evil&amp;lt;');
    expect(body).toContain('&lt;img src=x onerror=alert(2)&gt;');
  });
});

describe('a tap on the button', () => {
  it('acknowledges as that person, by the one path of commands, and says so', async () => {
    const answer = await taps.tap();
    expect([answer.statusCode, answer.headers.location]).toEqual([303, taps.token]);
    expect(taps.sent).toMatchObject([
      {
        name: 'acknowledge',
        actor: colleague(taps.world.ann),
        input: { via: 'page_link', seenVersion: expect.any(Number) },
      },
    ]);
    const page = await taps.look();
    expect(page.statusCode).toBe(200);
    expect(page.body).toMatch(/<h1>You acknowledged at <time [^>]*>\d\d:\d\d [^<]+<\/time>, <bdi>Ann<\/bdi>\.<\/h1>/);
    expect(page.body).toContain('>Undo</button>');
  });

  it('is one act, however often and wherever it is tapped', async () => {
    const deliveryId = await taps.world.delivery(taps.world.ann);
    const [first, retry] = [
      await taps.world.link(taps.world.ann, deliveryId),
      await taps.world.link(taps.world.ann, deliveryId),
    ];
    const forms = [first, first, retry].map(async (link) => [link, await taps.form(link)] as const);
    const [one, two, other] = await Promise.all(forms);
    const answers = [one, one, two, other].map((form) => taps.post(form?.[0] ?? '', form?.[1] ?? ''));
    expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([303, 303, 303, 303]);
    expect((await taps.tap(retry)).statusCode).toBe(303);
    expect(taps.sent).toHaveLength(1);
    expect((await taps.look(retry)).body).toContain('You acknowledged at');
    // Another page to the same person is another link.
    expect((await taps.look()).body).toMatch(/You have acknowledged at/);
  });

  it('comes from the page: a POST without its form, or with that of another link or act, does nothing', async () => {
    const other = await taps.world.link(taps.world.ann);
    const form = await taps.form();
    const bare = await taps.api.app.inject({ method: 'POST', url: `/a/${taps.token}` });
    const unsubscribe = await taps.send(taps.token, 'List-Unsubscribe=One-Click');
    expect([bare.statusCode, unsubscribe.statusCode]).toEqual([422, 422]);
    for (const wrong of ['', 'x', form.slice(0, -1), await taps.form(other)])
      expect((await taps.post(taps.token, wrong)).statusCode).toBe(403);
    for (const site of ['cross-site', 'same-site'])
      expect((await taps.post(taps.token, form, { 'sec-fetch-site': site })).statusCode).toBe(403);
    expect(taps.sent).toEqual([]);
    expect((await taps.post(taps.token, form, { 'sec-fetch-site': 'same-origin' })).statusCode).toBe(303);
    expect(taps.sent).toHaveLength(1);
  });

  it('in a body that is no form is refused with a page', async () => {
    for (const payload of ['confirm=%ff', 'confirm=%00', 'confirm=a&confirm=b', `confirm=${'x'.repeat(3_000)}`]) {
      const answer = await taps.send(taps.token, payload);
      expect([400, 413]).toContain(answer.statusCode);
      expect(answer.headers['content-type']).toMatch(/^text\/html/);
      expect(answer.body).toContain('Not acknowledged');
    }
    expect(taps.sent).toEqual([]);
  });

  it('is accepted while Temporal is away, says so, and is done once', async () => {
    taps.before = away;
    const form = await taps.form();
    const accepted = await taps.post(taps.token, form);
    expect(accepted.statusCode).toBe(202);
    expect(accepted.body).toContain('Your acknowledgement is stored');
    expect(accepted.body).toContain(`href="${taps.token}"`);
    expect((await taps.look()).body).toContain('Your acknowledgement is stored');
    expect((await taps.tap()).statusCode).toBe(303);
    const rows = await taps.api.db.select().from(commands).where(eq(commands.aggregateId, taps.world.escalationId));
    expect(rows).toMatchObject([{ status: 'pending', name: 'acknowledge', priority: 1 }]);
  });

  it('after it was paged anew is refused with the reason, and the link may be tried again', async () => {
    const form = await taps.form();
    taps.world.story.accept({ type: 'escalateNow', by: colleague(taps.world.bob) });
    taps.world.story.acknowledge(taps.world.bob);
    taps.world.story.accept({ type: 'unacknowledge', by: colleague(taps.world.bob) });
    await taps.world.project();
    const refused = await taps.post(taps.token, form);
    expect(refused.statusCode).toBe(409);
    expect(refused.body).toContain('paged anew since what you saw');
    expect(refused.body).toContain(`href="${taps.token}"`);
    expect((await taps.tap()).statusCode).toBe(303);
    expect(taps.status).toBe('acknowledged');
  });

  it('when a colleague was first says who and when, and asks nothing of the workflow', async () => {
    const form = await taps.form();
    taps.world.story.acknowledge(taps.world.bob);
    await taps.world.project();
    const page = await taps.look();
    expect(page.body).toMatch(/<bdi>Bob<\/bdi> has acknowledged at <time/);
    expect(page.body).not.toContain('<button');
    expect((await taps.post(taps.token, form)).statusCode).toBe(303);
    expect(taps.sent).toEqual([]);
  });

  it('in the very moment of a colleague is taken too, and says who was first', async () => {
    taps.before = async () => void taps.world.story.acknowledge(taps.world.bob);
    await taps.tap();
    const { body } = await taps.look();
    expect(body).toContain('You acknowledged at');
    expect(body).toMatch(/<bdi>Bob<\/bdi> had acknowledged before you/);
    expect(body).not.toContain('<button');
  });

  it('where the rung needs two says that one is missing, and offers no undo', async () => {
    await taps.open({ requiredAcks: 2 });
    await taps.tap();
    expect((await taps.look()).body).toContain('This rung needs 1 more');
    expect(taps.status).toBe('triggered');
  });

  it('of somebody who lost the role, or the account, does and shows nothing', async () => {
    const form = await taps.form();
    await taps.api.db
      .update(roleGrants)
      .set({ revokedAt: new Date() })
      .where(eq(roleGrants.principalId, taps.world.ann));
    for (const answer of [await taps.look(), await taps.post(taps.token, form)]) {
      expect(answer.statusCode).toBe(403);
      expect(answer.body).not.toContain('disk');
    }
    const bobs = await taps.world.link(taps.world.bob);
    await taps.api.db.update(principals).set({ disabledAt: new Date() }).where(eq(principals.id, taps.world.bob));
    expect((await taps.look(bobs)).statusCode).toBe(403);
    expect(taps.sent).toEqual([]);
  });
});
