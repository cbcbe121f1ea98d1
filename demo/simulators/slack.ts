import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { installFaults } from './faults.ts';
import type { FaultMode } from './faults.ts';
import { openLog } from './log.ts';
import type { Logged } from './log.ts';
import { bodyOf, createServer, expectShape, Refused } from './server.ts';
import type { ReceivedBody } from './server.ts';
import { slackHeaders } from './slack-signature.ts';

export interface SlackOptions {
  /** What calls of the app must carry. */
  readonly token: string;
  /** Signs what Slack sends to the app. */
  readonly signingSecret: string;
  readonly logFile?: string | null;
  readonly now?: () => number;
}

interface Message {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}
interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string } | undefined;
  readonly elements?:
    | readonly { readonly action_id?: string; readonly value?: string; readonly url?: string }[]
    | undefined;
}

export type SlackRecord =
  | ({ readonly type: 'post' | 'update' } & Message)
  | { readonly type: 'refused'; readonly method: string; readonly error: string }
  | {
      readonly type: 'click';
      readonly user: string;
      readonly action: string;
      readonly status: number;
      readonly ms: number;
    }
  /** What the app sent to the address that came with a click. */
  | { readonly type: 'answer'; readonly id: string; readonly body: unknown }
  | { readonly type: 'fault'; readonly mode: FaultMode; readonly route: string };

const blocksSchema = z.array(
  z.looseObject({
    type: z.string(),
    text: z.looseObject({ type: z.string(), text: z.string().max(3_000) }).optional(),
    elements: z
      .array(
        z.looseObject({
          action_id: z.string().max(255).optional(),
          value: z.string().max(2_000).optional(),
          url: z.string().max(3_000).optional(),
        }),
      )
      .max(25)
      .optional(),
  }),
);
const messageSchema = z.looseObject({
  channel: z.string().min(1),
  text: z.string().max(40_000).default(''),
  blocks: z
    .string()
    .default('[]')
    .transform((text) => blocksSchema.parse(JSON.parse(text)) as readonly Block[]),
});
const updateSchema = messageSchema.extend({ ts: z.string() });
const refusalSchema = z.strictObject({
  error: z.string().regex(/^[a-z_]+$/),
  times: z.int().min(1).max(1_000_000).default(1),
  method: z.string().optional(),
  channel: z.string().optional(),
});
const clickSchema = z.strictObject({
  channel: z.string(),
  ts: z.string(),
  action: z.string(),
  user: z.string(),
  /** Where the app listens. */
  url: z.url(),
});

/**
 * Slack as far as Vigil uses it: four methods of the Web API, clicks on buttons, and answers to them. A message stands in
 * its conversation from the moment its line is in the log, whether or not the app got the answer.
 *
 * `POST /faults` breaks the connection, `POST /refusals` makes Slack say no in its own way: 200 with `ok: false`.
 */
export function createSlack(options: SlackOptions): FastifyInstance {
  const { token, signingSecret, now = Date.now } = options;
  const log = openLog<SlackRecord>(options.logFile ?? null, now);
  const app = createServer({ bodyLimit: 200_000 });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    const raw = body.toString();
    done(null, { raw, json: Object.fromEntries(new URLSearchParams(raw)) } satisfies ReceivedBody);
  });
  const faults = installFaults(app, {
    permanentStatus: 422,
    onUsed: (mode, route) => log.append({ type: 'fault', mode, route }),
  });
  let refusals: z.output<typeof refusalSchema>[] = [];
  let count = log.records.length;

  /** The message as it stands; null when there is none. */
  const find = (channel: string, ts: string): Logged<SlackRecord & Message> | null =>
    (log.records.findLast((one) => isMessage(one) && one.channel === channel && one.ts === ts) as
      | Logged<SlackRecord & Message>
      | undefined) ?? null;

  function method(name: string, work: (request: FastifyRequest) => object): void {
    app.post(
      `/api/${name}`,
      faults.around((request) => {
        const error = refusalOf(name, request);
        if (error === null) return { ok: true, ...work(request) };
        log.append({ type: 'refused', method: name, error });
        return { ok: false, error };
      }),
    );
  }

  function refusalOf(name: string, request: FastifyRequest): string | null {
    const { authorization } = request.headers;
    if (authorization === undefined) return 'not_authed';
    if (authorization !== `Bearer ${token}`) return 'invalid_auth';
    const { channel } = bodyOf(request).json as { channel?: string };
    const refusal = refusals.find(
      (one) => one.times > 0 && (one.method ?? name) === name && (one.channel ?? channel) === channel,
    );
    if (refusal !== undefined) refusal.times -= 1;
    return refusal?.error ?? null;
  }

  method('auth.test', () => ({ url: 'https://example.slack.com/', team: 'Example', user: 'vigil', team_id: 'T1' }));
  method('conversations.open', (request) => {
    const { users } = expectShape(z.looseObject({ users: z.string() }), bodyOf(request));
    return { channel: { id: conversationOf(users) } };
  });
  method('chat.postMessage', (request) => {
    const { channel, text, blocks } = expectShape(messageSchema, bodyOf(request));
    const ts = `${Math.floor(now() / 1_000)}.${String(++count).padStart(6, '0')}`;
    const message = { channel: conversationOf(channel), ts, text, blocks };
    log.append({ type: 'post', ...message });
    return { channel: message.channel, ts, message: { text, blocks } };
  });
  app.post(
    '/api/chat.update',
    faults.around((request) => {
      const refused = (error: string) => {
        log.append({ type: 'refused', method: 'chat.update', error });
        return { ok: false, error };
      };
      const error = refusalOf('chat.update', request);
      if (error !== null) return refused(error);
      const { channel, ts, text, blocks } = expectShape(updateSchema, bodyOf(request));
      if (find(channel, ts) === null) return refused('message_not_found');
      log.append({ type: 'update', channel, ts, text, blocks });
      return { ok: true, channel, ts, text };
    }),
  );

  app.post('/refusals', (request, reply) => {
    refusals.push(expectShape(refusalSchema, bodyOf(request)));
    return reply.code(201).send({ refusals });
  });
  app.delete('/refusals', (_request, reply) => {
    refusals = [];
    return reply.code(204).send();
  });

  /** Clicks a button that the message shows now, as that user, and tells how the app answered. */
  app.post('/clicks', async (request) => {
    const { channel, ts, action, user, url } = expectShape(clickSchema, bodyOf(request));
    const message = find(channel, ts);
    const button = message?.blocks.flatMap(({ elements = [] }) => elements).find((one) => one.action_id === action);
    if (!message || !button) throw new Refused(404, 'no_such_button', 'the message shows no such button');
    const at = now();
    const payload = {
      type: 'block_actions',
      user: { id: user, team_id: 'T1' },
      team: { id: 'T1', domain: 'example' },
      container: { type: 'message', message_ts: ts, channel_id: channel },
      channel: { id: channel },
      trigger_id: `${at}.${randomBytes(8).toString('hex')}`,
      response_url: `http://${request.headers.host ?? ''}/answers/${randomBytes(8).toString('hex')}`,
      actions: [{ type: 'button', action_id: action, value: button.value, action_ts: `${at / 1_000}.${++count}` }],
    };
    const raw = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const headers = slackHeaders(signingSecret, raw, at);
    const started = performance.now();
    const response = await fetch(url, { method: 'POST', headers, body: raw });
    const body = await response.text();
    const ms = Math.round(performance.now() - started);
    log.append({ type: 'click', user, action, status: response.status, ms });
    return { status: response.status, ms, body, raw, headers };
  });

  app.post('/answers/:id', (request: FastifyRequest, reply: FastifyReply) => {
    const { id } = request.params as { id: string };
    log.append({ type: 'answer', id, body: bodyOf(request).json });
    return reply.send('ok');
  });

  app.get('/messages', () => {
    const latest = new Map<string, Logged<SlackRecord>>();
    for (const one of log.records) if (isMessage(one)) latest.set(`${one.channel}:${one.ts}`, one);
    return { messages: [...latest.values()] };
  });
  app.get('/log', () => ({ records: log.records }));
  return app;
}

const isMessage = (record: SlackRecord): record is SlackRecord & Message =>
  record.type === 'post' || record.type === 'update';

/** A message to a person goes to the conversation that the app has with that person. */
const conversationOf = (address: string): string => address.replace(/^[UW]/, 'D');
