import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNoticeActivities } from '#activities/notices.ts';
import { findReachable } from '#db/repositories/oncall.ts';
import { auditEvents, contactMethods, contactVerifications, oncallNotices } from '#db/schema/index.ts';
import { FakePhones } from '#test/support/fake-phones.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';

let api: TestApi;
let phones: FakePhones;
let sender: ReturnType<typeof createNoticeActivities>;
beforeAll(async () => {
  api = await startTestApi();
  phones = new FakePhones();
  sender = createNoticeActivities({ db: api.db, channels: phones.channels });
});
afterAll(() => api?.stop());

let numbers = 0;
/** A person with a number for text messages that is not proven yet, named by a rule for high urgency. */
async function someone() {
  const person = await api.principal({ roles: ['responder'] });
  const phone = `+4477009${String(++numbers).padStart(5, '0')}`;
  const path = `/v1/persons/${person.id}/contact-methods`;
  const added = await person.call('POST', path, { channel: 'sms', address: phone });
  expect(added.statusCode, added.body).toBe(201);
  const { id } = added.json();
  const rules = { rules: [{ contactMethodId: id, delayMinutes: 0 }] };
  const set = await person.call('PUT', `/v1/persons/${person.id}/notification-rules/high`, rules);
  expect(set.statusCode, set.body).toBe(200);
  return { person, phone, id, path: `${path}/${id}` };
}

/** What the watch over on-call does with a notice. */
const send = (noticeId: string) => sender.sendNotice(noticeId);

async function codeFor({ person, phone, path }: Awaited<ReturnType<typeof someone>>): Promise<string> {
  const asked = await person.call('POST', `${path}/verifications`);
  expect(asked.statusCode, asked.body).toBe(201);
  expect(asked.json()).toMatchObject({ kind: 'verification', status: 'pending' });
  await send(asked.json().id);
  const message = phones.received(phone, 'verification').at(-1);
  return /\b\d{6}\b/.exec(message?.title ?? '')?.[0] ?? '';
}

const confirm = (person: Caller, path: string, code: string) =>
  person.call('POST', `${path}/verifications/confirmations`, { code });
const waysOf = async (personId: string) =>
  (await findReachable(api.db, [personId])).get(personId)?.rules.high.map(({ contactMethodId }) => contactMethodId);
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('a contact method', () => {
  it('is proven by its owner alone: who proved one for somebody else could answer in that name', async () => {
    const ann = await someone();
    const manager = await api.principal({ roles: ['oncall_manager'] });
    const code = await codeFor(ann);
    expect((await confirm(manager, ann.path, code)).json()).toMatchObject({ status: 403 });
    expect(await waysOf(ann.person.id)).toEqual([]);
    expect((await confirm(ann.person, ann.path, code)).statusCode).toBe(200);
  });

  it('is used for pages only after its code was typed back', async () => {
    const ann = await someone();
    expect(await waysOf(ann.person.id)).toEqual([]);
    const code = await codeFor(ann);
    expect(await waysOf(ann.person.id)).toEqual([]);
    const confirmed = await confirm(ann.person, ann.path, code);
    expect([confirmed.statusCode, confirmed.json()]).toMatchObject([200, { isUsable: true, channel: 'sms' }]);
    expect(await waysOf(ann.person.id)).toEqual([ann.id]);
    // The code is used up, and saying it again changes nothing.
    expect(
      await api.db.select().from(contactVerifications).where(eq(contactVerifications.contactMethodId, ann.id)),
    ).toEqual([]);
    expect((await confirm(ann.person, ann.path, code)).statusCode).toBe(200);
  });

  it('keeps neither address nor code in audit events and notices, and only a hash of the code at all', async () => {
    const ann = await someone();
    const code = await codeFor(ann);
    const rows = [
      await api.db.select().from(auditEvents),
      await api.db.select().from(oncallNotices),
      await api.db.select().from(contactVerifications),
    ];
    expect(JSON.stringify(rows)).not.toContain(ann.phone);
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`"${code}"| ${code} `));
    await confirm(ann.person, ann.path, wrong(code));
    const audited = await api.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.aggregateId, ann.person.id))
      .orderBy(auditEvents.seq);
    expect(audited.map(({ action }) => action)).toEqual([
      'principal.contactMethodAdded',
      'principal.notificationRulesChanged',
      'principal.contactMethodCodeAsked',
      'principal.noticeStarted',
      'principal.contactMethodVerified.refused',
    ]);
  });

  it('takes five guesses', async () => {
    const ann = await someone();
    const code = await codeFor(ann);
    for (const left of [4, 3, 2, 1, 0]) {
      const guess = await confirm(ann.person, ann.path, wrong(code));
      expect([guess.statusCode, guess.json().code, guess.json().context]).toEqual([
        422,
        'contact.code_wrong',
        { attemptsLeft: left },
      ]);
    }
    const late = await confirm(ann.person, ann.path, code);
    expect([late.statusCode, late.json().code]).toEqual([410, 'contact.code_over']);
    expect(await waysOf(ann.person.id)).toEqual([]);
    // Another one works.
    expect((await confirm(ann.person, ann.path, await codeFor(ann))).statusCode).toBe(200);
  });

  it('takes a code for ten minutes, and the newest only', async () => {
    const ann = await someone();
    const first = await codeFor(ann);
    const second = await codeFor(ann);
    if (first !== second) expect((await confirm(ann.person, ann.path, first)).statusCode).toBe(422);
    await api.db
      .update(contactVerifications)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(eq(contactVerifications.contactMethodId, ann.id));
    expect((await confirm(ann.person, ann.path, second)).json().code).toBe('contact.code_over');
  });

  it('is somebody’s own: others may neither ask for its code nor type it', async () => {
    const [ann, bob] = [await someone(), await someone()];
    const code = await codeFor(ann);
    expect((await bob.person.call('POST', `${ann.path}/verifications`)).statusCode).toBe(403);
    expect((await confirm(bob.person, ann.path, code)).statusCode).toBe(403);
    const foreign = `/v1/persons/${bob.person.id}/contact-methods/${ann.id}`;
    expect((await confirm(bob.person, foreign, code)).statusCode).toBe(404);
    expect((await bob.person.call('POST', `${foreign}/tests`)).statusCode).toBe(404);
  });

  it('gets three codes and tests in ten minutes, its owner ten in an hour', async () => {
    const ann = await someone();
    for (const resource of ['verifications', 'tests', 'verifications'])
      expect((await ann.person.call('POST', `${ann.path}/${resource}`)).statusCode).toBe(201);
    const refused = await ann.person.call('POST', `${ann.path}/tests`);
    expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([
      429,
      'contact.too_many',
      '600',
    ]);
    await api.db
      .update(oncallNotices)
      .set({ createdAt: new Date(Date.now() - 11 * 60_000) })
      .where(eq(oncallNotices.personId, ann.person.id));
    for (let count = 0; count < 3; count++)
      expect((await ann.person.call('POST', `${ann.path}/tests`)).statusCode).toBe(201);
  });

  it('that needs no proof has none', async () => {
    const person = await api.principal({ roles: ['responder'] });
    const path = `/v1/persons/${person.id}/contact-methods`;
    const { id, isUsable } = (await person.call('POST', path, { channel: 'console', address: 'me' })).json();
    expect(isUsable).toBe(true);
    expect((await person.call('POST', `${path}/${id}/verifications`)).json().code).toBe('contact.needs_no_proof');
  });

  it('has an address that its channel can use, in one spelling', async () => {
    const person = await api.principal({ roles: ['responder'] });
    const path = `/v1/persons/${person.id}/contact-methods`;
    const add = async (channel: string, address: string) => {
      const answer = await person.call('POST', path, { channel, address });
      return answer.statusCode === 201 ? answer.json().address : answer.json().errors[0].code;
    };
    expect(await add('sms', '+44 (7700) 900 999')).toBe('+447700900999');
    expect(await add('voice', '07700 900999')).toBe('not_e164');
    expect(await add('email', 'Ann@Example.ORG')).toBe('Ann@example.org');
    expect(await add('email', 'ann@example.org\r\nBcc: eve@example.net')).toBe('control_characters');
    expect(await add('webhook', 'http://169.254.169.254/latest')).toBe('not_https');
    expect(await add('webhook', 'https://127.0.0.1/page')).toBe('address_not_public');
  });
});

describe('a test page', () => {
  it('is sent as a test, and what became of it can be read', async () => {
    const ann = await someone();
    const asked = await ann.person.call('POST', `${ann.path}/tests`);
    phones.answer = () => ({ outcome: 'sent', providerRef: 'SM1' });
    await send(asked.json().id);
    expect(phones.received(ann.phone, 'test')).toMatchObject([
      { escalationId: null, ackUrl: null, possibleDuplicate: false },
    ]);
    const notices = async () => (await ann.person.call('GET', `${ann.path}/notices`)).json().items;
    expect(await notices()).toMatchObject([{ kind: 'test', status: 'sent', errorCode: null }]);
    const [row] = await api.db.select().from(oncallNotices).where(eq(oncallNotices.id, asked.json().id));
    expect(row?.providerRef).toBe('SM1');
    phones.answer = () => ({ outcome: 'failed_permanent', code: 'twilio_21614' });
    const second = await ann.person.call('POST', `${ann.path}/tests`);
    await send(second.json().id);
    expect(await notices()).toMatchObject([{ status: 'failed', errorCode: 'twilio_21614' }, { status: 'sent' }]);
  });

  it('does not go to a contact method that was taken away meanwhile, nor long after it was asked for', async () => {
    const [ann, bob] = [await someone(), await someone()];
    const asked = await ann.person.call('POST', `${ann.path}/tests`);
    await ann.person.call('DELETE', ann.path);
    await send(asked.json().id);
    const late = await bob.person.call('POST', `${bob.path}/tests`);
    await api.db
      .update(oncallNotices)
      .set({ createdAt: new Date(Date.now() - 11 * 60_000) })
      .where(eq(oncallNotices.id, late.json().id));
    await send(late.json().id);
    expect([phones.received(ann.phone, 'test'), phones.received(bob.phone, 'test')]).toEqual([[], []]);
    const rows = await api.db.select().from(oncallNotices).where(eq(oncallNotices.id, late.json().id));
    expect(rows).toMatchObject([{ status: 'superseded' }]);
    const disabled = await api.db.select().from(contactMethods).where(eq(contactMethods.id, ann.id));
    expect(disabled[0]?.disabledAt).not.toBeNull();
  });
});
