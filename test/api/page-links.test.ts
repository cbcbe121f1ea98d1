import { createHash } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '#db/ids.ts';
import { commands, pageLinks, principals, roleGrants } from '#db/schema/index.ts';
import type { CommandEnvelope } from '#workflows/contract.ts';
import { startTestApi, stubTemporal } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { openLinkedLadder } from '#test/support/linked-ladder.ts';
import type { LinkedLadder } from '#test/support/linked-ladder.ts';

let api: TestApi;
let world: LinkedLadder;
let token: string;
let sent: CommandEnvelope[];
/** What stands in front of the workflow: by default nothing. */
let before: () => Promise<unknown>;

const away = () =>
  Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no', metadata: {} }));

beforeAll(async () => {
  api = await startTestApi(
    stubTemporal({
      executeUpdate: async (_name, { args }) => {
        await before();
        const [envelope] = args as [CommandEnvelope];
        sent.push(envelope);
        return world.answer(envelope);
      },
    }),
    700,
  );
});
afterAll(() => api?.stop());
beforeEach(async () => {
  sent = [];
  before = () => Promise.resolve();
  world = await openLinkedLadder(api.db);
  token = await world.link(world.ann);
});

type Headers = Record<string, string>;
const look = (path: string, headers: Headers = {}) => api.app.inject({ method: 'GET', url: `/a/${path}`, headers });
const post = (path: string, confirm: string, headers: Headers = {}) =>
  api.app.inject({
    method: 'POST',
    url: `/a/${path}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams({ confirm }).toString(),
  });
const confirmOf = (page: LightMyRequestResponse) => /name="confirm" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
const tap = async (of = token, headers: Headers = {}) => post(of, confirmOf(await look(of)), headers);
const undo = async (of = token) => post(`${of}/undo`, confirmOf(await look(of)));
const age = (column: 'expires_at' | 'settled_at', minutes: number) =>
  column === 'expires_at'
    ? api.db.execute(sql`UPDATE page_links SET expires_at = expires_at - make_interval(mins => ${minutes}::int)`)
    : api.db.execute(sql`UPDATE commands SET settled_at = settled_at - make_interval(mins => ${minutes}::int)`);
const status = () => world.story.ladder.status;

describe('looking at the link of a page', () => {
  it('shows what is wrong, since when, which rung and who else, and one button', async () => {
    const page = await look(token);
    expect(page.statusCode).toBe(200);
    for (const text of ['Severity 1', 'The disk is full', '1 of 2', 'nobody else', 'Ann', '>Acknowledge</button>'])
      expect(page.body).toContain(text);
    expect(page.body).toMatch(/<time datetime="[^"]+">[^<]+(CET|CEST|GMT\+[12])<\/time> \(just now\)/);
    expect(page.body.match(/<button/g)).toHaveLength(1);
    expect(page.body.match(/<h1>.*/g)).toEqual(['<h1><bdi>The disk is full</bdi></h1>']);
    expect(page.body).not.toMatch(/<script|<img|<link|src=|https?:/);
  });

  it('may be kept, indexed, framed or told to other sites by nobody', async () => {
    for (const page of [await look(token), await look('A'.repeat(22)), await tap()]) {
      expect(page.headers['cache-control']).toBe('no-store');
      expect(page.headers['referrer-policy']).toBe('no-referrer');
      expect(page.headers['x-robots-tag']).toBe('noindex, nofollow');
      expect(page.headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
    }
  });

  it('lets only its own style through', async () => {
    const page = await look(token);
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page.body) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(style).toContain('prefers-color-scheme');
    expect(page.headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(page.body).not.toMatch(/ style=| on\w+=/);
  });

  it('never acts: a hundred programs that look, by GET and HEAD, change nothing', async () => {
    const scanner = { 'user-agent': 'Mozilla/5.0 (link scanner)', 'sec-fetch-site': 'none' };
    for (let count = 0; count < 50; count++) {
      expect((await look(token, scanner)).statusCode).toBe(200);
      const head = await api.app.inject({ method: 'HEAD', url: `/a/${token}`, headers: scanner });
      expect([head.statusCode, head.body]).toEqual([200, '']);
    }
    expect(sent).toEqual([]);
    expect(await api.db.select().from(commands).where(eq(commands.aggregateId, world.escalationId))).toEqual([]);
    expect((await tap()).statusCode).toBe(303);
  });

  it('says nothing of what is sensitive', async () => {
    world = await openLinkedLadder(api.db, { title: 'weapon seen alive', sensitive: true });
    const page = await look(await world.link(world.ann));
    expect(page.body).toContain('sensitive harm');
    expect(page.body).not.toMatch(/weapon|alive|service/);
  });

  it('shows hostile names and titles as text', async () => {
    const title = `</h1><script>alert(1)</script>"'\u202Eevil&lt;`;
    world = await openLinkedLadder(api.db, { title, requiredAcks: 2, colleague: '<img src=x onerror=alert(2)>' });
    const { body } = await look(await world.link(world.ann));
    expect(body).not.toMatch(/<script|<img|\u202E/);
    expect(body).toContain('&lt;/h1&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; evil&amp;lt;');
    expect(body).toContain('&lt;img src=x onerror=alert(2)&gt;');
  });
});

describe('a tap on the button', () => {
  it('acknowledges as that person, by the one path of commands, and says so', async () => {
    const answer = await tap();
    expect([answer.statusCode, answer.headers.location]).toEqual([303, token]);
    expect(sent).toMatchObject([
      {
        name: 'acknowledge',
        actor: { kind: 'person', id: world.ann, roles: ['responder'] },
        input: { via: 'page_link', seenVersion: expect.any(Number) },
      },
    ]);
    const page = await look(token);
    expect(page.statusCode).toBe(200);
    expect(page.body).toMatch(/<h1>You acknowledged at <time [^>]*>\d\d:\d\d [^<]+<\/time>, <bdi>Ann<\/bdi>\.<\/h1>/);
    expect(page.body).toContain('>Undo</button>');
  });

  it('is one act, however often and wherever it is tapped', async () => {
    const deliveryId = await world.delivery(world.ann);
    const [first, retry] = [await world.link(world.ann, deliveryId), await world.link(world.ann, deliveryId)];
    const forms = [first, first, retry].map(async (link) => [link, confirmOf(await look(link))] as const);
    const [one, two, other] = await Promise.all(forms);
    const taps = [one, one, two, other].map((form) => post(form?.[0] ?? '', form?.[1] ?? ''));
    expect((await Promise.all(taps)).map(({ statusCode }) => statusCode)).toEqual([303, 303, 303, 303]);
    expect((await tap(retry)).statusCode).toBe(303);
    expect(sent).toHaveLength(1);
    expect((await look(retry)).body).toContain('You acknowledged at');
    // Another page to the same person is another link.
    expect((await look(token)).body).toMatch(/You have acknowledged at/);
  });

  it('comes from the page: a POST without its form, or with that of another link or act, does nothing', async () => {
    const other = await world.link(world.ann);
    const form = confirmOf(await look(token));
    const bare = await api.app.inject({ method: 'POST', url: `/a/${token}` });
    const unsubscribe = await api.app.inject({
      method: 'POST',
      url: `/a/${token}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'List-Unsubscribe=One-Click',
    });
    expect([bare.statusCode, unsubscribe.statusCode]).toEqual([422, 422]);
    for (const wrong of ['', 'x', form.slice(0, -1), confirmOf(await look(other))])
      expect((await post(token, wrong)).statusCode).toBe(403);
    for (const site of ['cross-site', 'same-site'])
      expect((await post(token, form, { 'sec-fetch-site': site })).statusCode).toBe(403);
    expect(sent).toEqual([]);
    expect((await post(token, form, { 'sec-fetch-site': 'same-origin' })).statusCode).toBe(303);
    expect(sent).toHaveLength(1);
  });

  it('in a body that is no form is refused with a page', async () => {
    for (const payload of ['confirm=%ff', 'confirm=%00', 'confirm=a&confirm=b', `confirm=${'x'.repeat(3_000)}`]) {
      const answer = await api.app.inject({
        method: 'POST',
        url: `/a/${token}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload,
      });
      expect([400, 413]).toContain(answer.statusCode);
      expect(answer.headers['content-type']).toMatch(/^text\/html/);
      expect(answer.body).toContain('Not acknowledged');
    }
    expect(sent).toEqual([]);
  });

  it('is accepted while Temporal is away, says so, and is done once', async () => {
    before = away;
    const form = confirmOf(await look(token));
    const accepted = await post(token, form);
    expect(accepted.statusCode).toBe(202);
    expect(accepted.body).toContain('Your acknowledgement is stored');
    expect(accepted.body).toContain(`href="${token}"`);
    expect((await look(token)).body).toContain('Your acknowledgement is stored');
    expect((await tap()).statusCode).toBe(303);
    const rows = await api.db.select().from(commands).where(eq(commands.aggregateId, world.escalationId));
    expect(rows).toMatchObject([{ status: 'pending', name: 'acknowledge', priority: 1 }]);
  });

  it('after it was paged anew is refused with the reason, and the link may be tried again', async () => {
    const form = confirmOf(await look(token));
    world.story.accept({ type: 'escalateNow', by: { kind: 'person', id: world.bob, roles: ['responder'] } });
    world.story.acknowledge(world.bob);
    world.story.accept({ type: 'unacknowledge', by: { kind: 'person', id: world.bob, roles: ['responder'] } });
    await world.project();
    const refused = await post(token, form);
    expect(refused.statusCode).toBe(409);
    expect(refused.body).toContain('paged anew since what you saw');
    expect(refused.body).toContain(`href="${token}"`);
    expect((await tap()).statusCode).toBe(303);
    expect(status()).toBe('acknowledged');
  });

  it('when a colleague was first says who and when, and asks nothing of the workflow', async () => {
    const form = confirmOf(await look(token));
    world.story.acknowledge(world.bob);
    await world.project();
    const page = await look(token);
    expect(page.body).toMatch(/<bdi>Bob<\/bdi> has acknowledged at <time/);
    expect(page.body).not.toContain('<button');
    expect((await post(token, form)).statusCode).toBe(303);
    expect(sent).toEqual([]);
  });

  it('in the very moment of a colleague is taken too, and says who was first', async () => {
    before = async () => void world.story.acknowledge(world.bob);
    await tap();
    const { body } = await look(token);
    expect(body).toContain('You acknowledged at');
    expect(body).toMatch(/<bdi>Bob<\/bdi> had acknowledged before you/);
    expect(body).not.toContain('<button');
  });

  it('where the rung needs two says that one is missing, and offers no undo', async () => {
    world = await openLinkedLadder(api.db, { requiredAcks: 2 });
    token = await world.link(world.ann);
    await tap();
    expect((await look(token)).body).toContain('This rung needs 1 more');
    expect(status()).toBe('triggered');
  });

  it('of somebody who lost the role, or the account, does and shows nothing', async () => {
    const form = confirmOf(await look(token));
    await api.db.update(roleGrants).set({ revokedAt: new Date() }).where(eq(roleGrants.principalId, world.ann));
    for (const answer of [await look(token), await post(token, form)]) {
      expect(answer.statusCode).toBe(403);
      expect(answer.body).not.toContain('disk');
    }
    const bobs = await world.link(world.bob);
    await api.db.update(principals).set({ disabledAt: new Date() }).where(eq(principals.id, world.bob));
    expect((await look(bobs)).statusCode).toBe(403);
    expect(sent).toEqual([]);
  });
});

describe('a link that is dead', () => {
  it('after an hour says what to do, and acts on nothing', async () => {
    const form = confirmOf(await look(token));
    await age('expires_at', 60);
    for (const answer of [await look(token), await post(token, form)]) {
      expect(answer.statusCode).toBe(410);
      expect(answer.body).toContain('over 60 minutes old');
      expect(answer.body).toContain('vigil escalation ack');
    }
    expect(sent).toEqual([]);
  });

  it('with its escalation says that it is over, and by whom', async () => {
    const form = confirmOf(await look(token));
    world.story.accept({ type: 'resolve', by: { kind: 'person', id: world.bob, roles: ['responder'] } });
    await world.project();
    const page = await look(token);
    expect(page.statusCode).toBe(410);
    expect(page.body).toMatch(/It is over\..*Resolved by <bdi>Bob<\/bdi>/s);
    expect((await post(token, form)).statusCode).toBe(303);
    expect(sent).toEqual([]);
  });

  it('once it was used and its undo is over is gone', async () => {
    await tap();
    await age('settled_at', 6);
    const page = await look(token);
    expect(page.statusCode).toBe(410);
    expect(page.body).toContain('You acknowledged at');
    expect(page.body).not.toContain('<button');
  });

  it('or never was says the same for every wrong token, and slows down whoever guesses', async () => {
    const guesses = ['A'.repeat(22), 'short', '%3Cscript%3E', `${token}x`, token.toLowerCase() + token];
    const answers = await Promise.all(guesses.map((guess) => look(guess)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([404]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    const statuses = new Set<number>();
    for (let count = 0; count < 40; count++) statuses.add((await look(`B${'A'.repeat(21)}`)).statusCode);
    expect(statuses).toEqual(new Set([404, 429]));
    // Whoever has a link is not held up by it.
    expect((await look(token)).statusCode).toBe(200);
  });
});

describe('undo', () => {
  it('takes the acknowledgement back, once, and the page says what follows', async () => {
    await tap();
    const form = confirmOf(await look(token));
    expect((await post(`${token}/undo`, form)).headers.location).toBe(`../${token}`);
    expect((await post(`${token}/undo`, form)).statusCode).toBe(303);
    expect(sent.map(({ name }) => name)).toEqual(['acknowledge', 'unacknowledge']);
    expect(status()).toBe('triggered');
    const page = await look(token);
    expect(page.body).toMatch(/Taken back at <time/);
    expect(page.body).not.toContain('<button');
    expect((await tap()).statusCode).toBe(303);
    expect(sent).toHaveLength(2);
  });

  it("is over after five minutes by Postgres' clock, also for a form that was open", async () => {
    await tap();
    const form = confirmOf(await look(token));
    await age('settled_at', 5);
    const late = await post(`${token}/undo`, form);
    expect(late.statusCode).toBe(409);
    expect(late.body).toContain('nothing that this link can take back any more');
    expect(sent).toHaveLength(1);
  });

  it('needs the form of the page, and an acknowledgement that is still its own', async () => {
    expect((await post(`${token}/undo`, confirmOf(await look(token)))).statusCode).toBe(409);
    const acknowledgeForm = confirmOf(await look(token));
    await post(token, acknowledgeForm);
    expect((await post(`${token}/undo`, acknowledgeForm)).statusCode).toBe(403);
    world.story.accept({ type: 'unacknowledge', by: { kind: 'person', id: world.bob, roles: ['responder'] } });
    world.story.acknowledge(world.bob);
    await world.project();
    const page = await look(token);
    expect(page.body).toContain('paged anew since');
    expect((await undo()).statusCode).toBe(409);
    expect(sent.map(({ name }) => name)).toEqual(['acknowledge']);
  });
});

describe('a program', () => {
  const json = { accept: 'application/json', 'content-type': 'application/json' };
  const send = (path: string, body: object) =>
    api.app.inject({ method: 'POST', url: `/a/${path}`, headers: json, payload: JSON.stringify(body) });

  it('gets and sends the same as JSON, and problems', async () => {
    const seen = (await look(token, json)).json();
    expect(seen).toMatchObject({ standing: 'open', escalation: { title: 'The disk is full', status: 'triggered' } });
    const done = await send(token, { confirm: seen.confirm.acknowledge });
    expect(done.statusCode).toBe(200);
    expect(done.json()).toMatchObject({ standing: 'acknowledged', by: world.ann, at: expect.stringMatching(/Z$/) });
    const undone = await send(`${token}/undo`, { confirm: done.json().confirm.undo });
    expect(undone.json()).toMatchObject({ standing: 'undone', confirm: { acknowledge: null, undo: null } });
    const unknown = await look('A'.repeat(22), json);
    expect(unknown.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(['page_link.unknown', 'request.rate_limited']).toContain(unknown.json().code);
    const refused = await send(token.replace(/./, '_'), { confirm: 'x', more: 1 });
    expect([refused.statusCode, refused.json().code]).toEqual([422, 'request.invalid']);
  });
});

it('keeps no token: only its hash is stored, and nothing of what it did holds it', async () => {
  await tap();
  await undo();
  const [stored] = await api.db
    .select()
    .from(pageLinks)
    .where(eq(pageLinks.sha256, sha256Hex(token)));
  expect(stored).toMatchObject({ personId: world.ann, action: 'acknowledge' });
  const { rows: tables } = await api.db.execute<{ name: string }>(
    sql`SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  const hits: string[] = [];
  for (const { name } of tables) {
    const { rows } = await api.db.execute(
      sql`SELECT 1 FROM ${sql.identifier(name)} t WHERE position(${token} IN to_jsonb(t)::text) > 0`,
    );
    if (rows.length > 0) hits.push(name);
  }
  expect(tables.length).toBeGreaterThan(40);
  expect(hits).toEqual([]);
  const metrics = await api.app.inject('/metrics');
  expect(metrics.body).toContain('route="/a/:token"');
  expect(metrics.body).not.toContain(token);
});
