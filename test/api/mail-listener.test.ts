import { createTransport } from 'nodemailer';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createIntake } from '#api/intake/intake.ts';
import { connectDatabase } from '#db/client.ts';
import { domain, mailWorld, statusOf, transportTo } from '#test/support/mail-world.ts';
import { selfSigned } from '#test/support/self-signed.ts';
import { connected, talk } from '#test/support/smtp-dialogue.ts';

const world = mailWorld();

describe('a hostile mail', () => {
  it('that is too large is refused for good, whether it says so or not', async () => {
    expect(await statusOf(world.send({ text: 'x'.repeat(1_100_000) }))).toBe(552);
    const silent = await talk(world.listener, [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      `RCPT TO:<${world.key}@${domain}>`,
      'DATA',
      `Subject: Large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(1_100)}.`,
    ]);
    expect(silent.at(-1)).toMatch(/^552/);
    expect(await world.senders.openOnes()).toEqual([]);
  });

  it('cannot get a header of its own, a control character or half a character into anything', async () => {
    const replies = await talk(world.listener, [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      `RCPT TO:<${world.key}@${domain}>`,
      'DATA',
      'Subject: =?utf-8?Q?Disk=00_full=0D=0AX-Evil=3A_1=1B[31m?=\r\nFrom: =?utf-8?B?AAE=?= <a\u0000@b.example>\r\nMessage-ID: <\u0000>\r\n\r\nnull \u0000 here\r\n.',
    ]);
    expect(replies.at(-1)).toMatch(/^250/);
    const [open] = await world.senders.openOnes();
    expect(open?.title).toBe('Disk full X-Evil: 1 [31m');
    expect(JSON.stringify((await world.events())[0]?.details)).not.toContain('\\u0000');
  });

  it('of parts in parts without end, or with headers without end, is refused and hurts nobody', async () => {
    const nested = Array.from(
      { length: 60 },
      (_, index) => `Content-Type: multipart/mixed; boundary="b${index}"\r\n\r\n--b${index}`,
    ).join('\r\n');
    const dialogue = (message: string) => [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      `RCPT TO:<${world.key}@${domain}>`,
      'DATA',
      `${message}\r\n.`,
    ];
    expect((await talk(world.listener, dialogue(`Subject: x\r\n${nested}`))).at(-1)).toMatch(/^554/);
    const long = `X-Long: ${'x'.repeat(400_000)}\r\nSubject: x\r\n\r\ntext`;
    expect((await talk(world.listener, dialogue(long))).at(-1)).toMatch(/^554/);
    expect(await statusOf(world.send())).toBe(250);
  });

  it('gets no relay, no login and no list of who is here', async () => {
    const replies = await talk(world.listener, ['EHLO x', 'AUTH PLAIN AGEAYg==', 'VRFY root', 'EXPN all', 'STARTTLS']);
    expect(replies[1]).not.toMatch(/AUTH|STARTTLS/);
    const [, , auth, verify, expand, tls] = replies;
    for (const reply of [auth, expand, tls]) expect(reply).toMatch(/^5/);
    // The answer to everyone, and about everyone.
    expect(verify).toMatch(/^252/);
  });
});

describe('the world.listener under pressure', () => {
  it('takes fifty mails at once', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        statusOf(world.send({ subject: `Disk ${index}` }, transportTo(world.listener))),
      ),
    );
    expect(statuses).toEqual(statuses.map(() => 250));
    expect(await world.senders.openOnes()).toHaveLength(50);
  });

  it('asks to try again while Postgres is away, and while more comes in than can be stored', async () => {
    const away = connectDatabase({
      url: 'postgres://nobody@127.0.0.1:1/none',
      size: 1,
      applicationName: 'vigil-test',
      statementTimeoutMs: 500,
      onIdleError: () => undefined,
    });
    const quiet = pino({ level: 'silent' });
    const dark = await world.listen({}, { db: away, intake: createIntake({ db: away }), log: quiet });
    expect(await statusOf(world.send({}, transportTo(dark)))).toBe(451);
    await dark.close();
    await away.$client.end();

    const closed = createIntake({ db: world.api.db });
    await closed.close();
    const full = await world.listen({}, { intake: closed });
    expect(await statusOf(world.send({ messageId: '<later@example>' }, transportTo(full)))).toBe(451);
    await full.close();
    expect(await world.senders.openOnes()).toEqual([]);
    expect(await statusOf(world.send({ messageId: '<later@example>' }))).toBe(250);
    expect(await world.senders.openOnes()).toHaveLength(1);
  });

  it('turns away more connections than it holds, and ends those that are idle or last too long', async () => {
    const small = await world.listen({ connectionsAtMost: 2, idleMs: 2_000, sessionMs: 5_000 });
    const held = [await connected(small), await connected(small)];
    const third = await connected(small);
    expect(await third.greeting).toMatch(/^421/);
    for (const { greeting } of held) expect(await greeting).toMatch(/^220/);

    // One byte now and then keeps the first from being idle, and from nothing else.
    const [slow, idle] = held;
    const began = performance.now();
    const drip = setInterval(() => slow?.socket.write('N'), 100);
    await idle?.closed;
    const idleFor = performance.now() - began;
    await slow?.closed;
    clearInterval(drip);
    expect(performance.now() - began).toBeGreaterThan(idleFor);
    await small.close();
  });

  it('closes with a connection open', async () => {
    const own = await world.listen({});
    const held = await connected(own);
    await held.greeting;
    const closing = own.close();
    held.socket.destroy();
    await closing;
  });
});

it('offers STARTTLS where it has a certificate', async () => {
  const tls = selfSigned();
  const own = await world.listen({ tls });
  const secure = createTransport({ host: '127.0.0.1', port: own.port, requireTLS: true, tls: { ca: tls.cert } });
  expect(await statusOf(world.send({}, secure))).toBe(250);
  const refused = createTransport({ host: '127.0.0.1', port: world.listener.port, requireTLS: true });
  await expect(world.send({}, refused)).rejects.toThrow();
  for (const one of [secure, refused]) one.close();
  await own.close();
  expect(await world.senders.openOnes()).toHaveLength(1);
});
