import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { eq } from 'drizzle-orm';
import { createTransport } from 'nodemailer';
import type { Transporter } from 'nodemailer';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIntake } from '#api/intake/intake.ts';
import type { Intake } from '#api/intake/intake.ts';
import { startMailListener } from '#api/mail/listener.ts';
import type { MailListener, MailListenerOptions } from '#api/mail/listener.ts';
import { createLogger } from '#config/log.ts';
import { connectDatabase } from '#db/client.ts';
import { alertEvents, escalations } from '#db/schema/index.ts';
import { awayTemporal, startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { selfSigned } from '#test/support/self-signed.ts';
import { sendersOf } from '#test/support/senders.ts';
import type { Senders } from '#test/support/senders.ts';

let api: TestApi;
let intake: Intake;
let senders: Senders;
let listener: MailListener;
let client: Transporter;
let key: string;
let logged = '';
const domain = 'alerts.example';
const log = createLogger('test', 'trace', { write: (line) => (logged += line) });

const listen = (more: Partial<MailListenerOptions> = {}, deps = { db: api.db, intake, log }) =>
  startMailListener(deps, { host: '127.0.0.1', port: 0, domains: [domain], tls: null, ...more });
const transportTo = ({ port }: MailListener) => createTransport({ host: '127.0.0.1', port, secure: false });

beforeAll(async () => {
  api = await startTestApi(awayTemporal());
  intake = createIntake({ db: api.db });
});
afterAll(async () => {
  await intake?.close();
  await api?.stop();
});
beforeEach(async () => {
  logged = '';
  senders = await sendersOf(api);
  ({ key } = await senders.make('email'));
  listener = await listen();
  client = transportTo(listener);
});
afterEach(async () => {
  client.close();
  await listener.close();
});

interface Letter {
  readonly to?: string | string[];
  readonly [field: string]: unknown;
}
const send = ({ to = `${key}@${domain}`, ...more }: Letter = {}, by = client) =>
  by.sendMail({ from: 'cron@db1.example', to, subject: 'Disk full', text: 'The disk is full.', ...more });
/** The status that the sending server was given. */
const statusOf = async (work: Promise<unknown>): Promise<number> => {
  try {
    await work;
    return 250;
  } catch (error) {
    return (error as { responseCode?: number }).responseCode ?? 0;
  }
};
const eventsOf = () =>
  api.db.select().from(alertEvents).where(eq(alertEvents.serviceId, senders.world.serviceId)).orderBy(alertEvents.seq);

describe('a mail to an integration', () => {
  it('opens an escalation before it is answered, with its text beside it and out of the log', async () => {
    const { response } = await send({ subject: '[P1] Disk full on db1', text: 'CANARY-text of the mail' });
    expect(response).toMatch(/^250 /);
    const [open] = await senders.openOnes();
    expect(open).toMatchObject({ title: '[P1] Disk full on db1', severity: 1, status: 'opening' });
    const [event] = await eventsOf();
    expect(event?.details).toMatchObject({ from: 'cron@db1.example', text: 'CANARY-text of the mail' });
    expect(logged).not.toContain('CANARY');
    expect(logged).not.toContain(key);
    expect(JSON.stringify(event)).not.toContain(key);
  });

  it.each([
    ['a tag behind the key', () => `${key}+prod@${domain}`],
    ['a name before the key', () => `alerts+${key}@${domain}`],
    ['capitals', () => `${key.toUpperCase()}@${domain.toUpperCase()}`],
  ])('is taken with %s', async (_what, address) => {
    expect(await statusOf(send({ to: address() }))).toBe(250);
    expect(await senders.openOnes()).toHaveLength(1);
  });

  it('that says that it is over resolves what the same subject opened', async () => {
    await send({ subject: 'PROBLEM: Disk full' });
    await send({ subject: 'Re: RESOLVED: Disk full' });
    const [open] = await senders.openOnes();
    expect(await senders.factsOf(open?.id ?? '')).toEqual(['trigger opened', 'resolve resolved']);
  });

  it('goes where the routes of its integration say, by its labels', async () => {
    const { key: routed } = await senders.make('email', {
      routes: [{ when: [{ label: 'tag', is: 'equals', value: 'prod' }], severity: 1 }],
      severities: { '*': 4 },
    });
    await send({ to: `${routed}+prod@${domain}`, subject: 'one' });
    await send({ to: `${routed}+test@${domain}`, subject: 'two' });
    const open = await senders.openOnes();
    expect(Object.fromEntries(open.map(({ title, severity }) => [title, severity]))).toEqual({ one: 1, two: 4 });
  });

  it('is one with others by the pattern or the thread that its integration names', async () => {
    const { key: patterned } = await senders.make('email', {
      mapping: { mail: { identity: 'pattern', pattern: '* Service Alert: (*) is *' } },
    });
    await send({ to: `${patterned}@${domain}`, subject: '** PROBLEM Service Alert: web/HTTP is CRITICAL **' });
    await send({ to: `${patterned}@${domain}`, subject: '** RECOVERY Service Alert: web/HTTP is OK **' });
    const [web] = await senders.openOnes();
    expect(await senders.factsOf(web?.id ?? '')).toEqual(['trigger opened', 'resolve resolved']);
    const { key: threaded } = await senders.make('email', { mapping: { mail: { identity: 'thread' } } });
    await send({ to: `${threaded}@${domain}`, subject: 'a', messageId: '<root@x>' });
    await send({ to: `${threaded}@${domain}`, subject: 'b', messageId: '<reply@x>', inReplyTo: '<root@x>' });
    expect((await senders.openOnes()).map(({ alertCount }) => alertCount).toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  it('is refused by a mapping that cannot work', async () => {
    const make = (mail: object) => senders.make('email', { mapping: { mail } });
    await expect(make({ identity: 'pattern' })).rejects.toThrow('needs a pattern');
    await expect(make({ identity: 'pattern', pattern: 'no place' })).rejects.toThrow('must hold at least one');
  });
});

describe('a mail that comes again', () => {
  it('does nothing, also when its alert is over by now', async () => {
    const again = { messageId: '<same@example>' };
    await Promise.all([send(again), send(again)]);
    await send(again);
    const [open] = await senders.openOnes();
    expect(open?.alertCount).toBe(1);
    await send({ subject: 'Resolved: Disk full' });
    await api.db
      .update(escalations)
      .set({ closedAt: new Date() })
      .where(eq(escalations.id, open?.id ?? ''));
    await send(again);
    expect(await senders.openOnes()).toHaveLength(1);
    await send();
    expect(await senders.openOnes()).toHaveLength(2);
  });

  it('after the answer was lost is merged, when its process died before it noted it', async () => {
    const first = await listen({}, { db: api.db, intake, log });
    const dying: Intake = {
      ...intake,
      accept: async (...args) => {
        await intake.accept(...args);
        throw new Error('killed');
      },
    };
    const broken = await listen({}, { db: api.db, intake: dying, log });
    expect(await statusOf(send({ messageId: '<same@example>' }, transportTo(broken)))).toBe(451);
    expect(await statusOf(send({ messageId: '<same@example>' }, transportTo(first)))).toBe(250);
    const [open] = await senders.openOnes();
    expect(open?.alertCount).toBe(2);
    expect(await senders.openOnes()).toHaveLength(1);
    await Promise.all([first.close(), broken.close()]);
  });

  it('to two integrations reaches both, each once', async () => {
    const { key: other } = await senders.make('email');
    const to = [`${key}@${domain}`, `${other}@${domain}`];
    await send({ to, messageId: '<both@example>' });
    await send({ to, messageId: '<both@example>' });
    expect((await senders.openOnes()).map(({ alertCount }) => alertCount)).toEqual([1, 1]);
  });
});

describe('a mail that is not for an integration', () => {
  it.each([
    ['an unknown key', () => `${'0'.repeat(32)}@${domain}`],
    ['no key', () => `postmaster@${domain}`],
    ['another domain', () => `${key}@elsewhere.example`],
    ['a subdomain', () => `${key}@x.${domain}`],
  ])('is refused for good: %s', async (_what, address) => {
    expect(await statusOf(send({ to: address() }))).toBe(550);
    expect(await senders.openOnes()).toEqual([]);
  });

  it('is refused for the key of an integration of another kind, and of a disabled one', async () => {
    const webhook = await senders.make('alertmanager');
    expect(await statusOf(send({ to: `${webhook.key}@${domain}` }))).toBe(550);
    const gone = await senders.make('email');
    const path = `/v1/services/${senders.world.serviceId}/integrations/${gone.id}`;
    expect((await senders.manager.call('DELETE', path)).statusCode).toBe(204);
    expect(await statusOf(send({ to: `${gone.key}@${domain}` }))).toBe(550);
  });

  it('cuts off whoever guesses at keys', async () => {
    const replies = await talk(listener, [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      ...Array.from({ length: 7 }, (_, index) => `RCPT TO:<${String(index).repeat(32)}@${domain}>`),
    ]);
    expect(replies.filter((reply) => reply.startsWith('550'))).toHaveLength(5);
    expect(replies.at(-1)).toMatch(/^421/);
  });
});

describe('a mail that is no alert', () => {
  it.each([
    ['an automatic reply', { headers: { 'Auto-Submitted': 'auto-replied' } }],
    ['bulk', { headers: { Precedence: 'bulk' } }],
    ['a bounce', { envelope: { from: '', to: '' } }],
  ])('is taken and pages nobody: %s', async (_what, more) => {
    const envelope = 'envelope' in more ? { envelope: { from: '', to: `${key}@${domain}` } } : {};
    expect(await statusOf(send({ ...more, ...envelope }))).toBe(250);
    expect(await senders.openOnes()).toEqual([]);
    expect(logged).toContain('a mail is no alert');
  });

  it('is not what cron sends', async () => {
    await send({ headers: { 'Auto-Submitted': 'auto-generated' } });
    expect(await senders.openOnes()).toHaveLength(1);
  });
});

describe('a hostile mail', () => {
  it('that is too large is refused for good, whether it says so or not', async () => {
    expect(await statusOf(send({ text: 'x'.repeat(1_100_000) }))).toBe(552);
    const silent = await talk(listener, [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      `RCPT TO:<${key}@${domain}>`,
      'DATA',
      `Subject: Large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(1_100)}.`,
    ]);
    expect(silent.at(-1)).toMatch(/^552/);
    expect(await senders.openOnes()).toEqual([]);
  });

  it('cannot get a header of its own, a control character or half a character into anything', async () => {
    const replies = await talk(listener, [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      `RCPT TO:<${key}@${domain}>`,
      'DATA',
      'Subject: =?utf-8?Q?Disk=00_full=0D=0AX-Evil=3A_1=1B[31m?=\r\nFrom: =?utf-8?B?AAE=?= <a\u0000@b.example>\r\nMessage-ID: <\u0000>\r\n\r\nnull \u0000 here\r\n.',
    ]);
    expect(replies.at(-1)).toMatch(/^250/);
    const [open] = await senders.openOnes();
    expect(open?.title).toBe('Disk full X-Evil: 1 [31m');
    expect(JSON.stringify((await eventsOf())[0]?.details)).not.toContain('\\u0000');
  });

  it('of parts in parts without end, or with headers without end, is refused and hurts nobody', async () => {
    const nested = Array.from(
      { length: 60 },
      (_, index) => `Content-Type: multipart/mixed; boundary="b${index}"\r\n\r\n--b${index}`,
    ).join('\r\n');
    const dialogue = (message: string) => [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      `RCPT TO:<${key}@${domain}>`,
      'DATA',
      `${message}\r\n.`,
    ];
    expect((await talk(listener, dialogue(`Subject: x\r\n${nested}`))).at(-1)).toMatch(/^554/);
    const long = `X-Long: ${'x'.repeat(400_000)}\r\nSubject: x\r\n\r\ntext`;
    expect((await talk(listener, dialogue(long))).at(-1)).toMatch(/^554/);
    expect(await statusOf(send())).toBe(250);
  });

  it('gets no relay, no login and no list of who is here', async () => {
    const replies = await talk(listener, ['EHLO x', 'AUTH PLAIN AGEAYg==', 'VRFY root', 'EXPN all', 'STARTTLS']);
    expect(replies[1]).not.toMatch(/AUTH|STARTTLS/);
    const [, , auth, verify, expand, tls] = replies;
    for (const reply of [auth, expand, tls]) expect(reply).toMatch(/^5/);
    // The answer to everyone, and about everyone.
    expect(verify).toMatch(/^252/);
  });
});

describe('the listener under pressure', () => {
  it('takes fifty mails at once', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 50 }, (_, index) => statusOf(send({ subject: `Disk ${index}` }, transportTo(listener)))),
    );
    expect(statuses).toEqual(statuses.map(() => 250));
    expect(await senders.openOnes()).toHaveLength(50);
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
    const dark = await listen({}, { db: away, intake: createIntake({ db: away }), log: quiet });
    expect(await statusOf(send({}, transportTo(dark)))).toBe(451);
    await dark.close();
    await away.$client.end();

    const closed = createIntake({ db: api.db });
    await closed.close();
    const full = await listen({}, { db: api.db, intake: closed, log });
    expect(await statusOf(send({ messageId: '<later@example>' }, transportTo(full)))).toBe(451);
    await full.close();
    expect(await senders.openOnes()).toEqual([]);
    expect(await statusOf(send({ messageId: '<later@example>' }))).toBe(250);
    expect(await senders.openOnes()).toHaveLength(1);
  });

  it('turns away more connections than it holds, and ends those that are idle or last too long', async () => {
    const small = await listen({ connectionsAtMost: 2, idleMs: 400, sessionMs: 1_200 });
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
    expect(performance.now() - began).toBeLessThan(5_000);
    await small.close();
  });

  it('closes with a connection open', async () => {
    const own = await listen({});
    const held = await connected(own);
    await held.greeting;
    const closing = own.close();
    held.socket.destroy();
    await closing;
  });
});

it('offers STARTTLS where it has a certificate', async () => {
  const tls = selfSigned();
  const own = await listen({ tls });
  const secure = createTransport({ host: '127.0.0.1', port: own.port, requireTLS: true, tls: { ca: tls.cert } });
  expect(await statusOf(send({}, secure))).toBe(250);
  const refused = createTransport({ host: '127.0.0.1', port: listener.port, requireTLS: true });
  await expect(send({}, refused)).rejects.toThrow();
  for (const one of [secure, refused]) one.close();
  await own.close();
  expect(await senders.openOnes()).toHaveLength(1);
});

interface Connected {
  readonly socket: Socket;
  readonly greeting: Promise<string>;
  readonly closed: Promise<void>;
}

async function connected({ port }: MailListener): Promise<Connected> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  const greeting = new Promise<string>((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, greeting, closed };
}

/** Speaks SMTP line by line, each after the answer to the one before; returns the answers, the greeting first. */
async function talk({ port }: MailListener, lines: readonly string[]): Promise<string[]> {
  const socket = createConnection({ host: '127.0.0.1', port });
  const replies: string[] = [];
  let text = '';
  let waiting = Promise.withResolvers<void>();
  socket.on('data', (data: Buffer) => {
    text += data.toString();
    // The last line of an answer has a space behind its status.
    if (/^\d{3} .*\r\n$/m.test(text)) waiting.resolve();
  });
  socket.on('close', () => waiting.resolve());
  socket.on('error', () => waiting.resolve());
  for (const line of [null, ...lines]) {
    if (line !== null) {
      waiting = Promise.withResolvers();
      text = '';
      if (socket.destroyed || !socket.writable) break;
      socket.write(`${line}\r\n`);
    }
    await waiting.promise;
    if (text !== '') replies.push(text.trim());
  }
  socket.destroy();
  return replies;
}
