import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNoticeActivities } from '#activities/notices.ts';
import { listOpenNotices } from '#db/repositories/oncall-notices.ts';
import { oncallNotices } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { listen } from '#test/support/cli.ts';
import type { vigil } from '#test/support/cli.ts';
import { FakePhones } from '#test/support/fake-phones.ts';

const phone = '+447700900123';
let api: TestApi;
let cli: typeof vigil;
let send: () => Promise<void>;
const phones = new FakePhones();
beforeAll(async () => {
  api = await startTestApi();
  const as = await listen(api.app);
  cli = as((await api.principal({ roles: ['responder'] })).token);
  const sender = createNoticeActivities({ db: api.db, channels: phones.channels });
  send = async () => {
    for (const id of await listOpenNotices(api.db, 10)) await sender.sendNotice(id);
  };
});
afterAll(() => api?.stop());

describe('vigil contact', () => {
  it('adds a number, proves it, tests it and takes it away again', async () => {
    const added = await cli(['contact', 'add', 'sms', '+44 7700 900123', '--json']);
    expect(added).toMatchObject({ code: 0, err: '' });
    const { id } = added.json<{ id: string }>();
    expect((await cli(['contact', 'list'])).out).toMatch(new RegExp(`sms +\\${phone} +not before it is verified`));

    const asked = await cli(['contact', 'verify', id, '--wait', '0']);
    expect([asked.code, asked.out]).toEqual([0, expect.stringContaining('it goes on by itself')]);
    await send();
    const code = /\d{6}/.exec(phones.received(phone, 'verification')[0]?.title ?? '')?.[0] ?? '';
    const wrong = await cli(['contact', 'confirm', id, code === '000000' ? '000001' : '000000']);
    expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('contact.code_wrong')]);
    expect((await cli(['contact', 'confirm', id, code])).out).toMatch(/^verified: /);
    expect((await cli(['contact', 'list'])).out).toMatch(/ yes/);

    const set = await cli(['rules', 'set', 'high', id, `${id}+5`]);
    expect([set.code, set.out]).toEqual([0, 'sms after 0 min\nsms after 5 min\n']);
    expect((await cli(['rules', 'list', '--json'])).json()).toMatchObject([
      { urgency: 'high', contactMethodId: id, delayMinutes: 0 },
      { urgency: 'high', contactMethodId: id, delayMinutes: 5 },
    ]);
    expect((await cli(['rules', 'set', 'high', 'ann'])).code).toBe(2);

    phones.answer = () => ({ outcome: 'failed_permanent', code: 'twilio_21614' });
    const tested = cli(['contact', 'test', id]);
    while ((await api.db.select().from(oncallNotices).where(eq(oncallNotices.kind, 'test'))).length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    await send();
    expect(await tested).toMatchObject({
      code: 3,
      out: expect.stringMatching(/status +failed\n *because +twilio_21614/),
    });

    expect((await cli(['contact', 'remove', id])).out).toBe(`removed: ${id}\n`);
    expect((await cli(['contact', 'list'])).out).toBe('No contact methods: add one.\n');
  });

  it('says what is wrong with an address, and does not repeat it', async () => {
    const refused = await cli(['contact', 'add', 'sms', '07700 900777']);
    expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('international number')]);
    expect(refused.err).not.toContain('900777');
  });
});
