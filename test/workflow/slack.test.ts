import type { FastifyInstance } from 'fastify';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSlackAnswers } from '#api/slack/answers.ts';
import { createSlackChannel } from '#activities/clients/slack-channel.ts';
import { createSlackMirror } from '#activities/clients/slack-mirror.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { contactMethods, deliveries, escalations } from '#db/schema/index.ts';
import { slackHeaders } from '#demo/simulators/slack-signature.ts';
import { minuteMs } from '#domain/time.ts';
import { workflowId } from '#workflows/contract.ts';
import { testApiOver } from '../support/api.ts';
import { ask } from '../support/ask.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { seen, startTestSlack } from '../support/slack.ts';
import type { TestSlack } from '../support/slack.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

const roles = ['responder'] as const;
/** As long as a busy machine may need. */
const soon = { timeout: 45_000 };

let slack: TestSlack;
let vigil: TestVigil;
let app: FastifyInstance;
let interactions: string;
let serviceId: string;
let ann: string;
let bob: string;

beforeAll(async () => {
  slack = await startTestSlack({ timeoutMs: 20_000 });
  const log = { error: () => undefined };
  const publicUrl = 'https://vigil.example';
  vigil = await startTestVigil({
    channels: new Map([['chat', createSlackChannel({ api: slack.api, publicUrl, log })]]),
    mirrors: [createSlackMirror({ api: slack.api, publicUrl })],
    publicUrl,
  });
  app = await testApiOver(vigil.db, vigil.temporal, {
    slack: {
      signingSecret: { reveal: () => slack.signingSecret },
      answer: createSlackAnswers({ apiUrl: `${slack.url}/api/`, log: { warn: () => undefined } }),
    },
  });
  interactions = `${await app.listen({ host: '127.0.0.1', port: 0 })}/v1/providers/slack/interactions`;
  const team = await seedTeam(vigil.db);
  ann = await seedPerson(vigil.db, { name: 'Ann', roles, channel: 'chat', address: 'U0000ANN' });
  bob = await seedPerson(vigil.db, { name: 'Bob', roles, channel: 'chat', address: 'U0000BOB' });
  await vigil.db.update(contactMethods).set({ verifiedAt: new Date() });
  serviceId = await seedService(vigil.db, team, ann, {
    rungs: [
      { targets: [{ kind: 'person', personId: ann }], ackWithinMs: 15 * minuteMs },
      { targets: [{ kind: 'person', personId: bob }], ackWithinMs: 15 * minuteMs },
    ],
    catchAllPersonId: bob,
  });
});
afterAll(async () => {
  await app?.close();
  await vigil?.stop();
  await slack?.stop();
});
afterEach(() => slack.behave());

async function trigger(title: string): Promise<string> {
  const alert = { serviceId, dedupKey: title, severity: 1, title, reportedBy: 'test' } as const;
  return (await vigil.db.transaction((tx) => acceptTrigger(tx, alert))).escalationId;
}

/** The message of that page as it stands, once it is as looked for. */
const message = (title: string, conversation: string, isSo: (it: ReturnType<typeof seen>) => boolean = () => true) =>
  eventually(`a message about ${title} in ${conversation} is so`, async () => {
    const all = await slack.messages();
    return all.find((one) => one.channel === conversation && one.text.startsWith(title) && isSo(seen(one)));
  });
const says = (word: string) => (it: ReturnType<typeof seen>) => it.texts.join(' ').includes(word);
const answersTo = async () =>
  (await slack.records()).flatMap((one) => (one.type === 'answer' ? [(one.body as { text: string }).text] : []));
const row = async (id: string) => (await vigil.db.select().from(escalations).where(eq(escalations.id, id)))[0];
/** A click is answered within Slack's three seconds, done or not. */
const rowWhen = (id: string, status: string) =>
  eventually(`the escalation is ${status}`, async () => {
    const now = await row(id);
    return now?.status === status ? now : null;
  });

it('is acknowledged by a click: the message says who, a second click is refused, and nobody is paged after it', async () => {
  const id = await trigger('Disk full');
  const page = await message('Disk full', 'D0000ANN');
  expect(seen(page)).toEqual({
    texts: ['Disk full', 'Severity 1'],
    buttons: ['vigil_acknowledge', 'vigil_escalate', 'vigil_open'],
  });
  const clicked = await slack.click(page, 'vigil_acknowledge', 'U0000ANN', interactions);
  expect(clicked).toMatchObject({ status: 200, body: '' });
  expect(await rowWhen(id, 'acknowledged')).toMatchObject({ acknowledgedBy: ann });
  const shown = await message('Disk full', 'D0000ANN', says('Acknowledged by Ann'));
  expect(seen(shown).buttons).toEqual([]);
  expect(shown.ts).toBe(page.ts);

  // Whoever still sees the buttons, as in a window that was not refreshed, or sends the request once more.
  const again = await fetch(interactions, { method: 'POST', headers: clicked.headers, body: clicked.raw });
  expect(again.status).toBe(200);
  await expect.poll(answersTo, soon).toContain('You have acknowledged this already: nobody is paged for it.');
  await fastForward(vigil.temporal, workflowId('escalation', id), 24 * 3_600);
  expect(await vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id))).toHaveLength(1);
  await expect(slack.click(page, 'vigil_acknowledge', 'U0000ANN', interactions)).rejects.toThrow('no_such_button');
});

it('is shown as acknowledged and resolved, whatever way that came', async () => {
  const id = await trigger('Queue stuck');
  await message('Queue stuck', 'D0000ANN');
  await ask(vigil, { kind: 'person', id: bob, roles }, 'escalation', id, 'acknowledge', {});
  expect(seen(await message('Queue stuck', 'D0000ANN', says('Acknowledged by Bob'))).buttons).toEqual([]);
  await ask(vigil, { kind: 'person', id: bob, roles }, 'escalation', id, 'unacknowledge', {});
  await ask(vigil, { kind: 'person', id: bob, roles }, 'escalation', id, 'acknowledge', {});
  await vigil.db.transaction((tx) => acceptResolve(tx, { serviceId, dedupKey: 'Queue stuck', reportedBy: 'test' }));
  const over = await message('Queue stuck', 'D0000ANN', says('Resolved by its source'));
  expect(seen(over).buttons).toEqual([]);
  const late = await slack.click(over, 'vigil_acknowledge', 'U0000ANN', interactions).catch(String);
  expect(late).toContain('no_such_button');
});

it('sent on by a click, the first message says so, and only the next one has buttons', async () => {
  await trigger('Model drifts');
  const first = await message('Model drifts', 'D0000ANN');
  const clicked = await slack.click(first, 'vigil_escalate', 'U0000ANN', interactions);
  const second = await message('Model drifts', 'D0000BOB');
  expect(seen(second).buttons).toContain('vigil_acknowledge');
  expect(seen(await message('Model drifts', 'D0000ANN', says('Escalated by Ann'))).buttons).toEqual([]);
  await expect.poll(async () => (await answersTo()).at(-1), soon).toBe('Sent on: rung 2 is paged.');
  const sent = await answersTo();
  // The same request once more, as the same command, does not send it on once more.
  await fetch(interactions, { method: 'POST', headers: clicked.headers, body: clicked.raw });
  await expect.poll(async () => (await answersTo()).length, soon).toBeGreaterThan(sent.length);
  expect((await answersTo()).at(-1)).toBe('Sent on: rung 2 is paged.');
});

it('a click on a page from before the ladder began anew is refused with the reason', async () => {
  const id = await trigger('Ledger behind');
  const first = await message('Ledger behind', 'D0000ANN');
  const { raw } = await slack.click(first, 'vigil_acknowledge', 'U0000ANN', interactions);
  await rowWhen(id, 'acknowledged');
  await ask(vigil, { kind: 'person', id: bob, roles }, 'escalation', id, 'unacknowledge', {});
  await fastForward(vigil.temporal, workflowId('escalation', id), 60);
  await eventually('Ann is paged anew', async () => {
    const all = await slack.messages();
    return all.filter((one) => one.channel === 'D0000ANN' && one.text.startsWith('Ledger behind')).length === 2;
  });
  const stale = await message('Ledger behind', 'D0000ANN', says('Paged again since'));
  expect([stale.ts, seen(stale).buttons]).toEqual([first.ts, []]);
  expect(raw).toContain('vigil_acknowledge');
  // Bob's window still shows the old buttons.
  const payload = JSON.parse(new URLSearchParams(raw).get('payload') ?? '{}') as { user: object; actions: object[] };
  payload.user = { id: 'U0000BOB' };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  await fetch(interactions, { method: 'POST', headers: slackHeaders(slack.signingSecret, body, Date.now()), body });
  await expect
    .poll(async () => (await answersTo()).at(-1), soon)
    .toBe('Not done. It was paged anew since what you saw. Look at it again and repeat.');
  expect((await row(id))?.status).toBe('triggered');
  await ask(vigil, { kind: 'person', id: bob, roles }, 'escalation', id, 'resolve', {});
});

it('while Slack takes no change, people are paged and answered all the same, and the message is right in the end', async () => {
  await slack.fault({ mode: 'rate_limited', times: 3, route: '/api/chat.update', retryAfterSeconds: 1 });
  const id = await trigger('Cache cold');
  const page = await message('Cache cold', 'D0000ANN');
  await slack.click(page, 'vigil_acknowledge', 'U0000ANN', interactions);
  await rowWhen(id, 'acknowledged');
  await ask(vigil, { kind: 'person', id: ann, roles }, 'escalation', id, 'resolve', {});
  await message('Cache cold', 'D0000ANN', says('Resolved by Ann'));
});

it('a page that lands after the acknowledgement is shown as acknowledged', async () => {
  await slack.fault({ mode: 'slow', delayMs: 6_000, route: '/api/chat.postMessage' });
  const id = await trigger('Late arrival');
  await eventually('the page is under way', async () => {
    const [delivery] = await vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id));
    return delivery?.status === 'started';
  });
  await ask(vigil, { kind: 'person', id: bob, roles }, 'escalation', id, 'acknowledge', {});
  expect(await slack.messages()).not.toContainEqual(expect.objectContaining({ text: expect.stringContaining('Late') }));
  expect(seen(await message('Late arrival', 'D0000ANN', says('Acknowledged by Bob'))).buttons).toEqual([]);
});
