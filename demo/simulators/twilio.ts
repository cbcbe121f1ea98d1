import { createHmac, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { installFaults } from './faults.ts';
import type { FaultMode } from './faults.ts';
import { openLog } from './log.ts';
import type { Logged } from './log.ts';
import { bodyOf, createServer, expectShape, Refused } from './server.ts';

export interface TwilioSimulatorOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** Where text messages that people send are posted, as the number's webhook is set at Twilio. */
  readonly smsUrl?: string;
  readonly logFile?: string | null;
  readonly now?: () => number;
}

export type TwilioRecord =
  | { readonly type: 'message'; readonly sid: string; readonly form: Readonly<Record<string, string>> }
  | { readonly type: 'call'; readonly sid: string; readonly form: Readonly<Record<string, string>> }
  | {
      readonly type: 'callback';
      readonly url: string;
      readonly form: Readonly<Record<string, string>>;
      readonly status: number;
    }
  | { readonly type: 'fault'; readonly mode: FaultMode; readonly route: string };

interface Thing {
  readonly sid: string;
  readonly kind: 'message' | 'call';
  readonly form: Readonly<Record<string, string>>;
  status: string;
  errorCode: number | null;
}

const toSchema = z.strictObject({
  /** Only what goes to this number. */
  to: z.string().optional(),
  times: z.int().min(1).max(1_000).default(1),
  /** Says no, with status 400 and this error code of Twilio. */
  rejectWith: z.int().optional(),
  /** Calls back with this status before it answers the request. */
  callbackFirst: z.string().optional(),
});
type Script = z.output<typeof toSchema>;
const statusSchema = z.strictObject({ status: z.string(), errorCode: z.int().nullable().default(null) });
const inboundSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  body: z.string(),
  sid: z.string().optional(),
});
const answerSchema = z.strictObject({
  digits: z.string().nullable().default(null),
  status: z.string().default('completed'),
});

/**
 * Speaks the part of Twilio's HTTP API that a pager uses: messages, calls, their status by SID, Basic authentication, and
 * callbacks that are signed as Twilio signs them. What people do with their phones is asked of `/simulate/…`; answers go
 * wrong by `/faults`, as those of every simulator, and by `/script`.
 */
export function createTwilioSimulator(options: TwilioSimulatorOptions): FastifyInstance {
  const { accountSid, authToken } = options;
  const log = openLog<TwilioRecord>(options.logFile ?? null, options.now ?? Date.now);
  const things = new Map<string, Thing>();
  let scripts: (Script & { remaining: number })[] = [];
  const app = createServer({ bodyLimit: 64_000 });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, raw, done) => {
    done(null, { raw: raw.toString(), json: Object.fromEntries(new URLSearchParams(raw.toString())) });
  });
  const faults = installFaults(app, {
    permanentStatus: 422,
    onUsed: (mode, route) => log.append({ type: 'fault', mode, route }),
  });
  const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;

  async function admit(request: FastifyRequest): Promise<void> {
    if (request.headers.authorization !== expected) throw new Refused(401, '20003', 'Authenticate');
  }
  const formOf = (request: FastifyRequest) => expectShape(z.record(z.string(), z.string()), bodyOf(request));

  function keep(kind: Thing['kind'], request: FastifyRequest): Thing {
    const form = formOf(request);
    const sid = `${kind === 'message' ? 'SM' : 'CA'}${randomBytes(16).toString('hex')}`;
    const thing = { sid, kind, form, status: 'queued', errorCode: null };
    things.set(sid, thing);
    log.append({ type: kind, sid, form });
    return thing;
  }

  function create(kind: Thing['kind']) {
    const faulty = faults.around((request, reply) => {
      void reply.code(201);
      return view(keep(kind, request));
    });
    return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
      const { To: to = '' } = formOf(request);
      const script = scripts.find((one) => one.remaining > 0 && (one.to === undefined || one.to === to));
      if (script === undefined) return faulty(request, reply);
      script.remaining--;
      if (script.rejectWith !== undefined) {
        const refusal = { code: script.rejectWith, message: `'${to}' is refused as told`, status: 400 };
        return reply.code(400).send(refusal);
      }
      const thing = keep(kind, request);
      if (script.callbackFirst !== undefined) await settle(thing, script.callbackFirst, null);
      return reply.code(201).send(view(thing));
    };
  }

  const account = `/2010-04-01/Accounts/${accountSid}`;
  app.post(`${account}/Messages.json`, { preHandler: admit }, create('message'));
  app.post(`${account}/Calls.json`, { preHandler: admit }, create('call'));
  for (const list of ['Messages', 'Calls']) {
    app.get(`${account}/${list}/:sid.json`, { preHandler: admit }, (request) => view(thingOf(request)));
  }

  function thingOf(request: FastifyRequest): Thing {
    const { sid } = request.params as { sid: string };
    const thing = things.get(sid);
    if (thing === undefined) throw new Refused(404, '20404', 'The requested resource was not found');
    return thing;
  }
  const view = ({ sid, form, status, errorCode }: Thing) => ({
    sid,
    account_sid: accountSid,
    to: form['To'],
    from: form['From'] ?? null,
    body: form['Body'],
    status,
    error_code: errorCode,
  });

  async function settle(thing: Thing, status: string, errorCode: number | null): Promise<number | null> {
    Object.assign(thing, { status, errorCode });
    const url = thing.form['StatusCallback'];
    if (url === undefined) return null;
    const name = thing.kind === 'message' ? 'Message' : 'Call';
    return (
      await post(url, {
        AccountSid: accountSid,
        [`${name}Sid`]: thing.sid,
        [`${name}Status`]: status,
        To: thing.form['To'] ?? '',
        From: thing.form['From'] ?? '',
        ...(errorCode === null ? {} : { ErrorCode: String(errorCode) }),
      })
    ).status;
  }

  /** A request as Twilio makes it; what it gets is logged. */
  async function post(url: string, form: Readonly<Record<string, string>>): Promise<{ status: number; text: string }> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': twilioSignature(authToken, url, form),
      },
      body: new URLSearchParams(form).toString(),
    });
    log.append({ type: 'callback', url, form, status: response.status });
    return { status: response.status, text: await response.text() };
  }

  app.post('/script', (request, reply) => {
    const script = expectShape(toSchema, bodyOf(request));
    scripts.push({ ...script, remaining: script.times });
    return reply.code(201).send({});
  });
  app.delete('/script', (_request, reply) => {
    scripts = [];
    return reply.code(204).send();
  });
  app.get('/log', () => ({ records: log.records satisfies readonly Logged<TwilioRecord>[] }));

  /** The network says what became of a message or call; the sender's callback is told. */
  app.post('/simulate/:sid/status', async (request) => {
    const { status, errorCode } = expectShape(statusSchema, bodyOf(request));
    return { callback: await settle(thingOf(request), status, errorCode) };
  });

  /** The same without a callback: it got lost. */
  app.post('/simulate/:sid/silent-status', (request) => {
    const { status, errorCode } = expectShape(statusSchema, bodyOf(request));
    return view(Object.assign(thingOf(request), { status, errorCode }));
  });

  /** Somebody sends a text message; the answer is what comes back to the phone. */
  app.post('/simulate/inbound', async (request) => {
    const { from, to, body, sid } = expectShape(inboundSchema, bodyOf(request));
    if (options.smsUrl === undefined) throw new Refused(409, 'no_webhook', 'the number has no webhook');
    const messageSid = sid ?? `SM${randomBytes(16).toString('hex')}`;
    const form = { AccountSid: accountSid, MessageSid: messageSid, From: from, To: to, Body: body, NumMedia: '0' };
    const answer = await post(options.smsUrl, form);
    return { status: answer.status, reply: textIn(answer.text, 'Message') };
  });

  /** Somebody picks up, hears what is said, presses one key after the other, and hangs up. */
  app.post('/simulate/:sid/answer', async (request) => {
    const { digits, status } = expectShape(answerSchema, bodyOf(request));
    const thing = thingOf(request);
    const heard: string[] = [];
    const common = {
      AccountSid: accountSid,
      CallSid: thing.sid,
      To: thing.form['To'] ?? '',
      CallStatus: 'in-progress',
    };
    let script = thing.form['Twiml'] ?? '';
    let answeredAt: string | undefined;
    heard.push(...textsIn(script, 'Say'));
    for (const digit of digits ?? '') {
      const action = /<Gather[^>]* action="([^"]+)"/.exec(script)?.[1]?.replaceAll('&amp;', '&');
      if (action === undefined) break;
      answeredAt = new URL(action, answeredAt).href;
      script = (await post(answeredAt, { ...common, Digits: digit })).text;
      heard.push(...textsIn(script, 'Say'));
    }
    return { heard, callback: await settle(thing, status, null) };
  });
  return app;
}

/** HMAC-SHA1 over the URL and the sorted fields (Twilio's documentation of X-Twilio-Signature), written apart from its client. */
export function twilioSignature(authToken: string, url: string, form: Readonly<Record<string, string>>): string {
  const signed = Object.keys(form)
    .toSorted()
    .reduce((text, name) => `${text}${name}${form[name]}`, url);
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64');
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

const textsIn = (xml: string, element: string): string[] =>
  Array.from(xml.matchAll(new RegExp(`<${element}[^>]*>([^<]*)</${element}>`, 'g')), ([, text = '']) =>
    text.replace(/&\w+;/g, (entity) => entities[entity] ?? entity),
  );

const textIn = (xml: string, element: string): string | null => textsIn(xml, element)[0] ?? null;
