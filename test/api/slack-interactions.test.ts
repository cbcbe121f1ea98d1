import type { FastifyInstance } from 'fastify';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slackHeaders } from '#demo/simulators/slack-signature.ts';
import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { newId } from '#db/ids.ts';
import { commands, contactMethods, deliveries, escalations, principals } from '#db/schema/index.ts';
import { ladderInput } from '#test/support/ladder-story.ts';
import { startTestApi, stubTemporal, testApiOver } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

const secret = 'signing-secret-of-the-tests';
const url = '/v1/providers/slack/interactions';
/** As long as a busy machine may need. */
const soon = { timeout: 15_000 };

let api: TestApi;
let app: FastifyInstance;
let world: World;
let person: Caller;
let deliveryId: string;
const answers: { url: string; text: string }[] = [];
const asked: { name: string; input: unknown }[] = [];
/** What the workflow says. */
let workflow: (input: Record<string, unknown>) => Promise<unknown>;

const taken = () => Promise.resolve({ version: 3, status: 'acknowledged', acksMissing: 0 });
const temporal = stubTemporal({
  executeUpdate: (name, { args }) => {
    const [{ input }] = args as [{ input: Record<string, unknown> }];
    asked.push({ name: (name as { name: string }).name, input });
    return workflow(input);
  },
});

beforeAll(async () => {
  api = await startTestApi(temporal);
  world = await seedWorld(api.db);
  app = await testApiOver(api.db, temporal, {
    slack: {
      signingSecret: { reveal: () => secret },
      answer: (to, text) => {
        answers.push({ url: to, text });
        return Promise.resolve();
      },
    },
  });
});
afterAll(async () => {
  await app?.close();
  await api?.stop();
});

let count = 0;
let slackUser = '';
beforeEach(async () => {
  answers.length = 0;
  asked.length = 0;
  workflow = taken;
  count += 1;
  slackUser = `U0000${String(count).padStart(4, '0')}`;
  person = await api.principal({ roles: ['responder'], teamId: world.teamId });
  const contactMethodId = await link(person.id, slackUser);
  deliveryId = newId('delivery');
  await api.db.insert(deliveries).values({
    id: deliveryId,
    escalationId: world.escalationId,
    effectKey: `page-${count}`,
    kind: 'page',
    pass: 0,
    rung: 1,
    personId: person.id,
    contactMethodId,
    channel: 'chat',
    status: 'sent',
  });
});

async function link(personId: string, address: string, verifiedAt: Date | null = new Date()): Promise<string> {
  const id = newId('contactMethod');
  await api.db.insert(contactMethods).values({ id, personId, channel: 'chat', address, verifiedAt });
  return id;
}

const payload = (change: object = {}) => ({
  type: 'block_actions',
  user: { id: slackUser, name: 'ann' },
  team: { id: 'T1' },
  container: { type: 'message', message_ts: '1764000000.000100', channel_id: 'C0123ABCD' },
  response_url: 'https://hooks.slack.com/actions/T1/1/secret',
  trigger_id: '1.2.3',
  actions: [{ type: 'button', action_id: 'vigil_acknowledge', value: deliveryId, action_ts: `1764000001.${count}` }],
  ...change,
});
const action = (change: object) => ({ actions: [{ ...payload().actions[0], ...change }] });
const bodyOf = (content: unknown) => new URLSearchParams({ payload: JSON.stringify(content) }).toString();
const send = (raw: string, headers: Record<string, string>) =>
  app.inject({ method: 'POST', url, headers, payload: raw });
const click = (content: unknown = payload(), sentAt = Date.now()) =>
  send(bodyOf(content), slackHeaders(secret, bodyOf(content), sentAt));
const answered = async () => {
  await expect.poll(() => answers.length, soon).toBeGreaterThan(0);
  return answers.at(-1)?.text ?? '';
};
const commandsOf = (principalId: string) => api.db.select().from(commands).where(eq(commands.principalId, principalId));

describe('a request', () => {
  it('without a good signature is refused, whatever is wrong with it', async () => {
    const raw = bodyOf(payload());
    const good = slackHeaders(secret, raw, Date.now());
    const bad: [string, string, Record<string, string | undefined>][] = [
      ['another secret', raw, slackHeaders('another secret', raw, Date.now())],
      ['another body', raw.replace('acknowledge', 'acknowledgE'), good],
      ['another time', raw, { ...good, 'x-slack-request-timestamp': String(Math.floor(Date.now() / 1_000) - 1) }],
      ['too old', raw, slackHeaders(secret, raw, Date.now() - 301_000)],
      ['from the future', raw, slackHeaders(secret, raw, Date.now() + 600_000)],
      ['no signature', raw, { ...good, 'x-slack-signature': undefined }],
      ['no time', raw, { ...good, 'x-slack-request-timestamp': undefined }],
      ['a short signature', raw, { ...good, 'x-slack-signature': good['x-slack-signature']?.slice(0, 40) }],
      ['another version', raw, { ...good, 'x-slack-signature': good['x-slack-signature']?.replace('v0', 'v1') }],
      ['a time that is none', raw, { ...good, 'x-slack-request-timestamp': 'NaN' }],
    ];
    for (const [what, body, headers] of bad) {
      const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const response = await send(body, Object.fromEntries(given));
      expect([what, response.statusCode]).toEqual([what, 401]);
      expect(response.json()).toMatchObject({ code: 'provider.signature_invalid' });
    }
    expect(asked).toEqual([]);
    expect((await send(raw, good)).statusCode).toBe(200);
  });

  it('within five minutes is believed', async () => {
    expect((await click(payload(), Date.now() - 270_000)).statusCode).toBe(200);
  });

  it.each([
    ['no JSON', 'payload=%7B'],
    ['no payload', 'other=1'],
    ['another shape', bodyOf({ type: 'block_actions' })],
    ['a user that is none', bodyOf({ ...payload(), user: { id: '<@all>' } })],
    ['NUL', 'payload=%00'],
    ['no UTF-8', 'payload=%ff'],
  ])('that is signed and unreadable is refused, never with 5xx: %s', async (_what, raw) => {
    const response = await send(raw, slackHeaders(secret, raw, Date.now()));
    expect([400, 422]).toContain(response.statusCode);
  });

  it('of another type, or too large, is not read', async () => {
    const json = await app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      payload: '{}',
    });
    expect(json.statusCode).toBe(415);
    const raw = `payload=${'x'.repeat(70_000)}`;
    expect((await send(raw, slackHeaders(secret, raw, Date.now()))).statusCode).toBe(413);
  });

  it('is refused where Slack is not set up', async () => {
    const raw = bodyOf(payload());
    const headers = slackHeaders(secret, raw, Date.now());
    const response = await api.app.inject({ method: 'POST', url, headers, payload: raw });
    expect(response.json()).toMatchObject({ status: 404, code: 'provider.not_configured' });
  });
});

describe('a click', () => {
  it('acknowledges as the person behind the Slack user, as of the page that was clicked', async () => {
    const response = await click();
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(await answered()).toBe('You have it: nobody else is paged for it.');
    expect(answers[0]?.url).toBe('https://hooks.slack.com/actions/T1/1/secret');
    expect(asked).toEqual([{ name: 'acknowledge', input: { via: 'chat', asOfDeliveryKey: `page-${count}` } }]);
    const [command] = await commandsOf(person.id);
    expect(command).toMatchObject({
      name: 'acknowledge',
      aggregateId: world.escalationId,
      status: 'done',
      actor: { kind: 'person', id: person.id, roles: ['responder'] },
    });
  });

  it('that Slack sends again, or somebody replays, is the same command', async () => {
    for (let times = 0; times < 3; times++) expect((await click()).statusCode).toBe(200);
    expect(await commandsOf(person.id)).toHaveLength(1);
    expect(asked).toHaveLength(1);
    await expect.poll(() => answers.length, soon).toBe(3);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('on another button, or once more, is another command', async () => {
    workflow = () => Promise.resolve({ version: 4, status: 'triggered', pass: 0, rung: 2 });
    await click(payload(action({ action_id: 'vigil_escalate' })));
    expect(await answered()).toBe('Sent on: rung 3 is paged.');
    expect(asked.at(-1)).toEqual({
      name: 'escalateNow',
      input: { via: 'chat', asOfPage: { pass: 0, rung: 1 } },
    });
    await click(payload(action({ action_id: 'vigil_escalate', action_ts: '1764000009.1' })));
    await expect.poll(() => asked.length, soon).toBe(2);
  });

  it('on a link does nothing', async () => {
    expect((await click(payload(action({ action_id: 'vigil_open', value: undefined })))).statusCode).toBe(200);
    expect((await click({ ...payload(), type: 'view_submission' })).statusCode).toBe(200);
    expect(asked).toEqual([]);
    expect(answers).toEqual([]);
  });

  it('of a person that the escalation is none of does nothing, and says so', async () => {
    const foreign = await api.principal({ roles: ['responder'], teamId: await api.team() });
    await link(foreign.id, 'U0000FOREIGN');
    await click(payload({ user: { id: 'U0000FOREIGN' } }));
    expect(await answered()).toContain('There is no such object that you may see');
    const reader = await api.principal({ roles: ['auditor'], teamId: world.teamId });
    await link(reader.id, 'U0000READER');
    answers.length = 0;
    await click(payload({ user: { id: 'U0000READER' } }));
    expect(await answered()).toContain('Your roles do not allow this');
    expect(asked).toEqual([]);
  });

  it('of nobody that Vigil knows does nothing, and says how to be known', async () => {
    const strangers: [string, () => Promise<unknown>][] = [
      ['U0000NOBODY', () => Promise.resolve()],
      ['U0000UNPROVEN', () => link(person.id, 'U0000UNPROVEN', null)],
      [
        'U0000TWICE',
        async () => {
          await link(person.id, 'U0000TWICE');
          await link((await api.principal({ roles: ['responder'] })).id, 'U0000TWICE');
        },
      ],
      [
        'U0000GONE',
        async () => {
          const gone = await api.principal({ roles: ['responder'] });
          await link(gone.id, 'U0000GONE');
          await api.db.update(principals).set({ disabledAt: new Date() }).where(eq(principals.id, gone.id));
        },
      ],
      [
        'U0000OFF',
        async () => {
          const id = await link(person.id, 'U0000OFF');
          await api.db.update(contactMethods).set({ disabledAt: new Date() }).where(eq(contactMethods.id, id));
        },
      ],
    ];
    for (const [user, prepare] of strangers) {
      await prepare();
      answers.length = 0;
      await click(payload({ user: { id: user } }));
      expect(await answered()).toContain(`Add ${user} to your contact methods`);
    }
    expect(asked).toEqual([]);
  });

  it('on a page that Vigil does not know does nothing', async () => {
    await click(payload(action({ value: newId('delivery') })));
    expect(await answered()).toContain('Not done');
    await click(payload(action({ value: "'; DROP TABLE deliveries; --" })));
    expect(asked).toEqual([]);
  });

  it('of one who has acknowledged already asks for nothing', async () => {
    const opened = openLadder(ladderInput({ escalationId: world.escalationId }), 0);
    const walk = { ...opened.walk, ackedBy: [person.id] };
    const state: Ladder = { ...opened, version: 2, status: 'acknowledged', acknowledgedBy: person.id, walk };
    const restore = { status: 'triggered', state: null };
    await api.db
      .update(escalations)
      .set({ status: 'acknowledged', state })
      .where(eq(escalations.id, world.escalationId));
    await click();
    expect(await answered()).toBe('You have acknowledged this already: nobody is paged for it.');
    await api.db.update(escalations).set(restore).where(eq(escalations.id, world.escalationId));
    expect(asked).toEqual([]);
  });
});

describe('what takes long', () => {
  it('is answered in time, and told later', async () => {
    let release = (): void => undefined;
    workflow = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return taken();
    };
    const started = performance.now();
    // The workflow answers only after Slack was answered, which waits for three seconds and not for a busy machine.
    expect((await click()).statusCode).toBe(200);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await answered()).toBe('Working on it: the answer follows.');
    release();
    await expect.poll(() => answers.at(-1)?.text, soon).toBe('You have it: nobody else is paged for it.');
  });

  it('that Postgres takes only after Slack was told that it failed, is told when it is done all the same', async () => {
    let status = 0;
    await api.db.transaction(async (tx) => {
      await tx.execute(sql`LOCK TABLE commands IN SHARE MODE`);
      status = (await click()).statusCode;
    });
    expect(status).toBe(503);
    expect(await answered()).toBe('You have it: nobody else is paged for it.');
  });

  it('is left to the relay while Temporal is away', async () => {
    workflow = () =>
      Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'away', metadata: {} }));
    expect((await click()).statusCode).toBe(200);
    expect(await answered()).toContain('Vigil has this and will do it');
    expect(await commandsOf(person.id)).toMatchObject([{ status: 'pending' }]);
  });
});
