import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '#db/ids.ts';
import { pageLinks } from '#db/schema/index.ts';
import { colleague, LinkTaps } from '#test/support/link-taps.ts';
import { tablesWith } from '#test/support/tables-with.ts';

let taps: LinkTaps;
beforeAll(async () => {
  taps = await LinkTaps.start();
});
afterAll(() => taps?.stop());
beforeEach(() => taps.open());

describe('a link that is dead', () => {
  it('after an hour says what to do, and acts on nothing', async () => {
    const form = await taps.form();
    await taps.age('links', 60);
    for (const answer of [await taps.look(), await taps.post(taps.token, form)]) {
      expect(answer.statusCode).toBe(410);
      expect(answer.body).toContain('over 60 minutes old');
      expect(answer.body).toContain('vigil escalation ack');
    }
    expect(taps.sent).toEqual([]);
  });

  it('with its escalation says that it is over, and by whom', async () => {
    const form = await taps.form();
    taps.world.story.accept({ type: 'resolve', by: colleague(taps.world.bob) });
    await taps.world.project();
    const page = await taps.look();
    expect(page.statusCode).toBe(410);
    expect(page.body).toMatch(/It is over\..*Resolved by <bdi>Bob<\/bdi>/s);
    expect((await taps.post(taps.token, form)).statusCode).toBe(303);
    expect(taps.sent).toEqual([]);
  });

  it('once it was used and its undo is over is gone', async () => {
    await taps.tap();
    await taps.age('commands', 6);
    const page = await taps.look();
    expect(page.statusCode).toBe(410);
    expect(page.body).toContain('You acknowledged at');
    expect(page.body).not.toContain('<button');
  });

  it('or never was says the same for every wrong token, and slows down whoever guesses', async () => {
    const guesses = ['A'.repeat(22), 'short', '%3Cscript%3E', `${taps.token}x`, taps.token.toLowerCase() + taps.token];
    const answers = await Promise.all(guesses.map((guess) => taps.look(guess)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([404]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    const statuses = new Set<number>();
    for (let count = 0; count < 40; count++) statuses.add((await taps.look(`B${'A'.repeat(21)}`)).statusCode);
    expect(statuses).toEqual(new Set([404, 429]));
    // Whoever has a link is not held up by it.
    expect((await taps.look()).statusCode).toBe(200);
  });
});

describe('undo', () => {
  it('takes the acknowledgement back, once, and the page says what follows', async () => {
    await taps.tap();
    const form = await taps.form();
    expect((await taps.post(`${taps.token}/undo`, form)).headers.location).toBe(`../${taps.token}`);
    expect((await taps.post(`${taps.token}/undo`, form)).statusCode).toBe(303);
    expect(taps.sent.map(({ name }) => name)).toEqual(['acknowledge', 'unacknowledge']);
    expect(taps.status).toBe('triggered');
    const page = await taps.look();
    expect(page.body).toMatch(/Taken back at <time/);
    expect(page.body).not.toContain('<button');
    expect((await taps.tap()).statusCode).toBe(303);
    expect(taps.sent).toHaveLength(2);
  });

  it("is over after five minutes by Postgres' clock, also for a form that was open", async () => {
    await taps.tap();
    const form = await taps.form();
    await taps.age('commands', 5);
    const late = await taps.post(`${taps.token}/undo`, form);
    expect(late.statusCode).toBe(409);
    expect(late.body).toMatch(/<h1>Not taken back<\/h1>[^]*nothing that this link can take back any more/);
    expect(taps.sent).toHaveLength(1);
  });

  it('needs the form of the page, and an acknowledgement that is still its own', async () => {
    expect((await taps.post(`${taps.token}/undo`, await taps.form())).statusCode).toBe(409);
    const acknowledgeForm = await taps.form();
    await taps.post(taps.token, acknowledgeForm);
    expect((await taps.post(`${taps.token}/undo`, acknowledgeForm)).statusCode).toBe(403);
    taps.world.story.accept({ type: 'unacknowledge', by: colleague(taps.world.bob) });
    taps.world.story.acknowledge(taps.world.bob);
    await taps.world.project();
    const page = await taps.look();
    expect(page.body).toContain('paged anew since');
    expect((await taps.undo()).statusCode).toBe(409);
    expect(taps.sent.map(({ name }) => name)).toEqual(['acknowledge']);
  });
});

describe('a program', () => {
  const json = { accept: 'application/json', 'content-type': 'application/json' };
  const send = (path: string, body: object) =>
    taps.api.app.inject({ method: 'POST', url: `/a/${path}`, headers: json, payload: JSON.stringify(body) });

  it('gets and sends the same as JSON, and problems', async () => {
    const seen = (await taps.look(taps.token, json)).json();
    expect(seen).toMatchObject({ standing: 'open', escalation: { title: 'The disk is full', status: 'triggered' } });
    const done = await send(taps.token, { confirm: seen.confirm.acknowledge });
    expect(done.statusCode).toBe(200);
    expect(done.json()).toMatchObject({
      standing: 'acknowledged',
      by: taps.world.ann,
      at: expect.stringMatching(/Z$/),
    });
    const undone = await send(`${taps.token}/undo`, { confirm: done.json().confirm.undo });
    expect(undone.json()).toMatchObject({ standing: 'undone', confirm: { acknowledge: null, undo: null } });
    const unknown = await taps.look('A'.repeat(22), json);
    expect(unknown.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(['page_link.unknown', 'request.rate_limited']).toContain(unknown.json().code);
    const refused = await send(taps.token.replace(/./, '_'), { confirm: 'x', more: 1 });
    expect([refused.statusCode, refused.json().code]).toEqual([422, 'request.invalid']);
  });
});

it('keeps no token: only its hash is stored, and nothing of what it did holds it', async () => {
  await taps.tap();
  await taps.undo();
  const [stored] = await taps.api.db
    .select()
    .from(pageLinks)
    .where(eq(pageLinks.sha256, sha256Hex(taps.token)));
  expect(stored).toMatchObject({ personId: taps.world.ann, action: 'acknowledge' });
  const { hits, searched } = await tablesWith(taps.api.db, taps.token);
  expect(searched).toBeGreaterThan(40);
  expect(hits).toEqual([]);
  const metrics = await taps.api.app.inject('/metrics');
  expect(metrics.body).toContain('route="/a/:token"');
  expect(metrics.body).not.toContain(taps.token);
});
