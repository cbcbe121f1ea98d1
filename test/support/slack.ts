import { findFreePort } from '#scripts/ports.ts';
import { createSlackApi } from '#activities/clients/slack-api.ts';
import type { SlackApi } from '#activities/clients/slack-api.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { createSlack } from '#demo/simulators/slack.ts';
import type { SlackRecord } from '#demo/simulators/slack.ts';
import type { FaultRequest } from '#demo/simulators/faults.ts';

type Message = Extract<SlackRecord, { blocks: unknown }>;

export interface Clicked {
  readonly status: number;
  readonly ms: number;
  readonly body: string;
  readonly raw: string;
  readonly headers: Record<string, string>;
}

/** Slack on loopback, and Vigil's client of it. */
export interface TestSlack {
  readonly url: string;
  readonly api: SlackApi;
  readonly signingSecret: string;
  records(): Promise<SlackRecord[]>;
  /** Every message as it stands now, in the order in which they were posted. */
  messages(): Promise<Message[]>;
  fault(fault: FaultRequest): Promise<void>;
  refuse(refusal: { error: string; times?: number; method?: string; channel?: string }): Promise<void>;
  behave(): Promise<void>;
  click(message: { channel: string; ts: string }, action: string, user: string, url: string): Promise<Clicked>;
  stop(): Promise<void>;
}

export async function startTestSlack({ timeoutMs = 5_000 } = {}): Promise<TestSlack> {
  const token = 'xoxb-test';
  const signingSecret = 'signing-secret-of-the-tests';
  const app = createSlack({ token, signingSecret });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const guard = createSsrfGuard({ allowList: [new URL(url).host] });
  const api = createSlackApi({ token, guard, apiUrl: `${url}/api/`, timeoutMs });
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${url}${path}`)).json()) as T;
  const post = async <T>(path: string, body: object): Promise<T> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} was refused: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    url,
    api,
    signingSecret,
    records: async () => (await get<{ records: SlackRecord[] }>('/log')).records,
    messages: async () => (await get<{ messages: Message[] }>('/messages')).messages,
    fault: async (fault) => void (await post('/faults', fault)),
    refuse: async (refusal) => void (await post('/refusals', refusal)),
    behave: async () => {
      await fetch(`${url}/faults`, { method: 'DELETE' });
      await fetch(`${url}/refusals`, { method: 'DELETE' });
    },
    click: (message, action, user, at) =>
      post('/clicks', { channel: message.channel, ts: message.ts, action, user, url: at }),
    async stop() {
      await api.close();
      await app.close();
    },
  };
}

/** The texts of a message's blocks, and the names of its buttons. */
export function seen({ blocks }: Pick<Message, 'blocks'>): { texts: string[]; buttons: string[] } {
  const elements = blocks.flatMap((block) => (block.elements ?? []) as { text?: unknown; action_id?: string }[]);
  const texts = blocks.flatMap((block) => (block.text ? [block.text.text] : []));
  const notes = elements.flatMap(({ text, action_id: action }) =>
    action === undefined && typeof text === 'string' ? [text] : [],
  );
  return { texts: [...texts, ...notes], buttons: elements.flatMap(({ action_id: action }) => action ?? []) };
}

/** Where nobody listens. */
export const closedPort = findFreePort;
