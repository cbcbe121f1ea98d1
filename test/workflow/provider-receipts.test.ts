import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditEvents, commands, contactMethods, deliveries } from '#db/schema/index.ts';
import { disablePrincipal } from '#db/repositories/people.ts';
import { workflowId } from '#workflows/contract.ts';
import { askForReceipts } from '#worker/receipts.ts';
import { twilioReceipts } from '#activities/clients/twilio-receipts.ts';
import { startPhoneWorld } from '../support/phone-world.ts';
import type { PhoneWorld } from '../support/phone-world.ts';
import { fastForward } from '../support/temporal.ts';

let world: PhoneWorld;
beforeAll(async () => {
  world = await startPhoneWorld();
});
afterAll(() => world?.end());

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const shortOf = (rows: Awaited<ReturnType<PhoneWorld['ledger']>>) =>
  rows.map(({ channel, status, errorCode }) => `${channel} ${status}${errorCode === null ? '' : ` ${errorCode}`}`);

describe('case 18: a provider', () => {
  it('rejects for good: the next channel is used now, not ten minutes later', async () => {
    const ann = await world.person('ann');
    await world.twilio.script({ to: ann.phone, rejectWith: 21211 });
    const id = await world.page([ann]);
    await world.to('call', ann, 1);
    await world.ladder(id, 'the call is out', ({ counts }) => counts.sent === 1);
    expect(shortOf(await world.ledger(id))).toEqual(['sms failed twilio_21211', 'voice sent']);
  });

  it('does not answer in time: the page is unknown, is not repeated, and its receipt is believed', async () => {
    const ann = await world.person('ann');
    await world.twilio.fault({ mode: 'lost_after_success', match: { To: ann.phone } });
    const id = await world.page([ann]);
    await world.ladder(id, 'the page is unknown', ({ counts }) => counts.unknown === 1);
    const [message] = await world.to('message', ann, 1);
    await world.twilio.settle(message?.sid ?? '', 'delivered');
    await world.ladder(id, 'the receipt is known', ({ counts }) => counts.delivered === 1 && counts.unknown === 0);
    expect(await world.ledger(id)).toMatchObject([
      { status: 'delivered', attempts: 1, possibleDuplicate: false, providerRef: message?.sid },
    ]);
    expect(await world.to('message', ann, 1)).toHaveLength(1);
  });

  it('asks for a pause: the page is tried again after it, once', async () => {
    const ann = await world.person('ann', null);
    await world.twilio.fault({ mode: 'rate_limited', retryAfterSeconds: 1, match: { To: ann.phone } });
    const id = await world.page([ann]);
    await world.ladder(id, 'the page is sent', ({ counts }) => counts.sent === 1);
    expect(await world.ledger(id)).toMatchObject([{ status: 'sent', attempts: 2, possibleDuplicate: false }]);
    expect(await world.to('message', ann, 1)).toHaveLength(1);
  });

  it('says delivered before it says sent: delivered stays', async () => {
    const ann = await world.person('ann');
    await world.twilio.script({ to: ann.phone, callbackFirst: 'delivered' });
    const id = await world.page([ann]);
    const [message] = await world.to('message', ann, 1);
    await world.ladder(id, 'it is delivered', ({ counts }) => counts.delivered === 1 && counts.in_flight === 0);
    expect(await world.ledger(id)).toMatchObject([{ status: 'delivered', providerRef: message?.sid }]);
    // And what comes behind takes nothing back.
    expect((await world.twilio.settle(message?.sid ?? '', 'sent')).callback).toBe(204);
    expect((await world.twilio.settle(message?.sid ?? '', 'failed', 30005)).callback).toBe(204);
    expect(shortOf(await world.ledger(id))).toEqual(['sms delivered']);
  });

  it('fails a page that it had taken: the next channel is used now', async () => {
    const ann = await world.person('ann');
    const id = await world.page([ann]);
    await world.ladder(id, 'the page is sent', ({ counts }) => counts.sent === 1);
    const [message] = await world.to('message', ann, 1);
    await world.twilio.settle(message?.sid ?? '', 'undelivered', 30006);
    await world.to('call', ann, 1);
    await world.ladder(id, 'the call is out', ({ counts }) => counts.sent === 1 && counts.failed_permanent === 1);
    expect(shortOf(await world.ledger(id))).toEqual(['sms failed twilio_30006', 'voice sent']);
  });

  it('calls back for a resolved escalation: the ledger is right, and nobody is paged', async () => {
    const ann = await world.person('ann');
    const id = await world.page([ann]);
    await world.ladder(id, 'the page is sent', ({ counts }) => counts.sent === 1);
    const [message] = await world.to('message', ann, 1);
    await world.resolve(id);
    await world.to('message', ann, 2);
    expect((await world.twilio.settle(message?.sid ?? '', 'undelivered', 30006)).callback).toBe(204);
    const rows = await world.ledger(id);
    expect(rows.find(({ kind }) => kind !== 'resolved')).toMatchObject({ status: 'failed', errorCode: 'twilio_30006' });
    // The word that it is over went by the same way; no call did.
    expect(rows.map(({ channel }) => channel)).toEqual(['sms', 'sms']);
    const left = await world.db
      .select()
      .from(commands)
      .where(and(eq(commands.aggregateId, id), eq(commands.name, 'pageSettled')));
    expect(left).toEqual([]);
    const refused = await world.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.aggregateId, id), eq(auditEvents.action, 'escalation.pageSettled.refused')));
    expect(refused).toEqual([]);
  });

  it('calls back for what is not there, or is not its own: nothing happens, quietly', async () => {
    const ann = await world.person('ann', null);
    const id = await world.page([ann]);
    await world.ladder(id, 'the page is sent', ({ counts }) => counts.sent === 1);
    const [row] = await world.ledger(id);
    const post = (path: string, signature: string) =>
      fetch(`${world.publicUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
        body: new URLSearchParams({ MessageSid: 'SM1', MessageStatus: 'failed' }).toString(),
      });
    const path = `/v1/providers/twilio/status/${row?.id}`;
    expect((await post(path, 'c2lnbmF0dXJl')).status).toBe(401);
    const signed = world.twilio.sign(path, { MessageSid: 'SM1', MessageStatus: 'failed' });
    // Of a message that is not the newest of this page, a failure says nothing.
    expect((await post(path, signed)).status).toBe(204);
    const other = `/v1/providers/twilio/status/dlv_${'0'.repeat(32)}`;
    expect((await post(other, world.twilio.sign(other, { MessageSid: 'SM1', MessageStatus: 'failed' }))).status).toBe(
      204,
    );
    expect((await post(other, signed)).status).toBe(401);
    expect(shortOf(await world.ledger(id))).toEqual(['sms sent']);
  });

  it('loses its callback: it is asked after a minute', async () => {
    const ann = await world.person('ann');
    const id = await world.page([ann]);
    await world.ladder(id, 'the page is sent', ({ counts }) => counts.sent === 1);
    const [message] = await world.to('message', ann, 1);
    await world.twilio.settleSilently(message?.sid ?? '', 'failed');
    const asks = twilioReceipts(world.twilio.client);
    expect(await askForReceipts({ db: world.db, asks, log })).toBe(0);
    await world.db
      .update(deliveries)
      .set({ settledAt: new Date(Date.now() - 61_000) })
      .where(eq(deliveries.escalationId, id));
    expect(await askForReceipts({ db: world.db, asks, log })).toBe(1);
    await world.to('call', ann, 1);
    expect(shortOf(await world.ledger(id))[0]).toBe('sms failed twilio_failed');
    expect(await askForReceipts({ db: world.db, asks, log })).toBe(0);
  });
});

describe('an answer by text message', () => {
  it('acknowledges: no page leaves after it', async () => {
    const [ann, bob] = [await world.person('ann'), await world.person('bob')];
    const id = await world.page([ann, bob]);
    const [message] = await world.to('message', ann, 1);
    expect(message?.form['Body']).toBe(
      'The disk is full. Reply 1a to acknowledge, 1e to escalate. https://vigil.example/a/' +
        message?.form['Body']?.split('/a/')[1],
    );
    const answer = await world.twilio.text(ann.phone, '1a', 'SM-the-answer');
    expect(answer).toEqual({ status: 200, reply: '1: Acknowledged: nobody else is paged for it.' });
    // Twilio sends what it got no answer to again.
    expect((await world.twilio.text(ann.phone, '1a', 'SM-the-answer')).reply).toBe(answer.reply);
    const { acks } = await world.ladder(id, 'it is acknowledged', ({ status }) => status === 'acknowledged');
    expect(acks).toMatchObject([{ personId: ann.id, paged: true }]);
    await fastForward(world.temporal, workflowId('escalation', id), 24 * 3_600);
    expect(shortOf(await world.ledger(id))).toEqual(['sms sent']);
    expect((await world.twilio.records('message')).filter(({ form }) => form['To'] === bob.phone)).toEqual([]);
  });

  it('escalates: the next rung is paged now; a second answer to the same page is refused with a reason', async () => {
    const [ann, bob] = [await world.person('ann'), await world.person('bob')];
    const id = await world.page([ann, bob]);
    await world.to('message', ann, 1);
    expect((await world.twilio.text(ann.phone, '1 e')).reply).toBe('1: Escalated: rung 2 is paged.');
    await world.to('message', bob, 1);
    expect((await world.twilio.text(ann.phone, 'e')).reply).toMatch(/^1: Not done\. It has escalated since the page/);
    await world.resolve(id);
  });

  it('to what is over is refused with the hour, and its number rests', async () => {
    const ann = await world.person('ann', null);
    const id = await world.page([ann]);
    await world.to('message', ann, 1);
    await world.resolve(id);
    expect((await world.twilio.text(ann.phone, '1a')).reply).toMatch(
      /^1: Not done\. It is resolved( since \d\d:\d\d UTC)?, so there is nothing left to do\.$/,
    );
    await world.page([ann]);
    const messages = await world.to('message', ann, 3);
    expect(messages.at(-1)?.form['Body']).toContain('Reply 2a');
    expect((await world.twilio.text(ann.phone, 'ack')).reply).toBe('2: Acknowledged: nobody else is paged for it.');
  });

  it('from a phone of two people is about the page that its number names, whosever that is', async () => {
    const [ann, bob] = [await world.person('ann', null), await world.person('bob', null)];
    const first = await world.page([ann]);
    await world.to('message', ann, 1);
    await world.db.update(contactMethods).set({ address: ann.phone }).where(eq(contactMethods.personId, bob.id));
    const second = await world.page([bob]);
    const messages = await world.to('message', ann, 2);
    expect(new Set(messages.map(({ form }) => /Reply (\d+)a/.exec(form['Body'] ?? '')?.[1]))).toEqual(
      new Set(['1', '2']),
    );
    expect((await world.twilio.text(ann.phone, 'a')).reply).toMatch(/^Say which: 1, 2\./);
    expect((await world.twilio.text(ann.phone, '2a')).reply).toBe('2: Acknowledged: nobody else is paged for it.');
    const { acks } = await world.ladder(second, 'it is acknowledged', ({ status }) => status === 'acknowledged');
    expect(acks).toMatchObject([{ personId: bob.id }]);
    expect((await world.ladder(first, 'it is there', () => true)).status).toBe('triggered');
  });

  it('is never about a page of somebody who is disabled and had the phone before', async () => {
    const [ann, bob] = [await world.person('ann', null), await world.person('bob', null)];
    await world.page([bob]);
    await world.to('message', bob, 1);
    await world.db.update(contactMethods).set({ address: ann.phone }).where(eq(contactMethods.personId, bob.id));
    await disablePrincipal(world.db, bob.id);
    const id = await world.page([ann]);
    await world.to('message', ann, 1);
    expect((await world.twilio.text(ann.phone, 'ack')).reply).toMatch(/: Acknowledged: nobody else is paged for it\.$/);
    const { acks } = await world.ladder(id, 'it is acknowledged', ({ status }) => status === 'acknowledged');
    expect(acks).toMatchObject([{ personId: ann.id }]);
  });

  it('that is not understood, or comes from a stranger, changes nothing', async () => {
    const ann = await world.person('ann', null);
    const id = await world.page([ann]);
    await world.to('message', ann, 1);
    expect((await world.twilio.text(ann.phone, 'on my way')).reply).toMatch(
      /^Not understood\. Answer a page with its number/,
    );
    expect((await world.twilio.text(ann.phone, '9a')).reply).toMatch(/^You have no page with the number 9\./);
    expect((await world.twilio.text(ann.phone, 'STOP')).reply).toMatch(/no longer paged by them/);
    expect((await world.twilio.text('+15550001111', '1a')).reply).toBeNull();
    expect((await world.ladder(id, 'it is there', () => true)).status).toBe('triggered');
  });
});

describe('a call', () => {
  it('is answered with a key, which acknowledges; its receipt is that somebody picked up', async () => {
    const ann = await world.person('ann');
    await world.twilio.script({ to: ann.phone, rejectWith: 21614 });
    const id = await world.page([ann]);
    const [call] = await world.to('call', ann, 1);
    await world.ladder(id, 'the call is out', ({ counts }) => counts.sent === 1);
    const { heard, callback } = await world.twilio.answer(call?.sid ?? '', '94');
    expect(heard.slice(0, 1)).toEqual(['This is Vigil. The disk is full. Press 4 to acknowledge, 6 to escalate.']);
    expect(heard).toContain('Press 4 to acknowledge, 6 to escalate.');
    expect(heard).toContain('Acknowledged: nobody else is paged for it.');
    expect(callback).toBe(204);
    await world.ladder(
      id,
      'it is acknowledged',
      ({ status, counts }) => status === 'acknowledged' && counts.delivered === 1,
    );
    const [event] = await world.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.aggregateId, id), eq(auditEvents.action, 'escalation.acknowledge')));
    expect(event).toMatchObject({ actorKind: 'person', actorId: ann.id });
    expect(event?.data).toMatchObject({ event: { via: 'call' } });
  });

  it('that nobody picks up has failed for now: the next channel is used now', async () => {
    const ann = await world.person('ann');
    const id = await world.page([ann]);
    const [message] = await world.to('message', ann, 1);
    await world.ladder(id, 'the page is sent', ({ counts }) => counts.sent === 1);
    await world.twilio.settle(message?.sid ?? '', 'undelivered', 30006);
    const [call] = await world.to('call', ann, 1);
    await world.twilio.settle(call?.sid ?? '', 'no-answer');
    await world.ladder(
      id,
      'both have failed',
      ({ counts }) => counts.failed_transient === 1 && counts.failed_permanent === 1,
    );
    expect(shortOf(await world.ledger(id))).toEqual(['sms failed twilio_30006', 'voice failed twilio_no_answer']);
  });
});
