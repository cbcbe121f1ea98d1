import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Intake } from '#api/intake/intake.ts';
import { sha256Hex } from '#db/ids.ts';
import { forgetIntegrations } from '#db/repositories/integrations.ts';
import { escalations, integrationKeys } from '#db/schema/index.ts';
import { domain, mailWorld, statusOf, transportTo } from '#test/support/mail-world.ts';
import { talk } from '#test/support/smtp-dialogue.ts';

const world = mailWorld();

describe('a mail to an integration', () => {
  it('opens an escalation before it is answered, with its text beside it and out of the log', async () => {
    const { response } = await world.send({ subject: '[P1] Disk full on db1', text: 'CANARY-text of the mail' });
    expect(response).toMatch(/^250 /);
    const [open] = await world.senders.openOnes();
    expect(open).toMatchObject({ title: '[P1] Disk full on db1', severity: 1, status: 'opening' });
    const [event] = await world.events();
    expect(event?.details).toMatchObject({ from: 'cron@db1.example', text: 'CANARY-text of the mail' });
    expect(world.logged).not.toContain('CANARY');
    expect(world.logged).not.toContain(world.key);
    expect(JSON.stringify(event)).not.toContain(world.key);
  });

  it.each([
    ['a tag behind the key', () => `${world.key}+prod@${domain}`],
    ['a name before the key', () => `alerts+${world.key}@${domain}`],
    ['capitals', () => `${world.key.toUpperCase()}@${domain.toUpperCase()}`],
  ])('is taken with %s', async (_what, address) => {
    expect(await statusOf(world.send({ to: address() }))).toBe(250);
    expect(await world.senders.openOnes()).toHaveLength(1);
  });

  it('that says that it is over resolves what the same subject opened', async () => {
    await world.send({ subject: 'PROBLEM: Disk full' });
    await world.send({ subject: 'Re: RESOLVED: Disk full' });
    const [open] = await world.senders.openOnes();
    expect(await world.senders.factsOf(open?.id ?? '')).toEqual(['trigger opened', 'resolve resolved']);
  });

  it('goes where the routes of its integration say, by its labels', async () => {
    const { key: routed } = await world.senders.make('email', {
      routes: [{ when: [{ label: 'tag', is: 'equals', value: 'prod' }], severity: 1 }],
      severities: { '*': 4 },
    });
    await world.send({ to: `${routed}+prod@${domain}`, subject: 'one' });
    await world.send({ to: `${routed}+test@${domain}`, subject: 'two' });
    const open = await world.senders.openOnes();
    expect(Object.fromEntries(open.map(({ title, severity }) => [title, severity]))).toEqual({ one: 1, two: 4 });
  });

  it('is one with others by the pattern or the thread that its integration names', async () => {
    const { key: patterned } = await world.senders.make('email', {
      mapping: { mail: { identity: 'pattern', pattern: '* Service Alert: (*) is *' } },
    });
    await world.send({ to: `${patterned}@${domain}`, subject: '** PROBLEM Service Alert: web/HTTP is CRITICAL **' });
    await world.send({ to: `${patterned}@${domain}`, subject: '** RECOVERY Service Alert: web/HTTP is OK **' });
    const [web] = await world.senders.openOnes();
    expect(await world.senders.factsOf(web?.id ?? '')).toEqual(['trigger opened', 'resolve resolved']);
    const { key: threaded } = await world.senders.make('email', { mapping: { mail: { identity: 'thread' } } });
    await world.send({ to: `${threaded}@${domain}`, subject: 'a', messageId: '<root@x>' });
    await world.send({ to: `${threaded}@${domain}`, subject: 'b', messageId: '<reply@x>', inReplyTo: '<root@x>' });
    expect((await world.senders.openOnes()).map(({ alertCount }) => alertCount).toSorted((a, b) => a - b)).toEqual([
      1, 2,
    ]);
  });

  it('is refused by a mapping that cannot work', async () => {
    const make = (mail: object) => world.senders.make('email', { mapping: { mail } });
    await expect(make({ identity: 'pattern' })).rejects.toThrow('needs a pattern');
    await expect(make({ identity: 'pattern', pattern: 'no place' })).rejects.toThrow('must hold at least one');
  });
});

describe('a mail to several integrations', () => {
  it('reaches those that are left when the key of one ends meanwhile', async () => {
    const { key: ended } = await world.senders.make('email');
    const { key: last } = await world.senders.make('email');
    const revoking: Intake = {
      ...world.intake,
      async accept(sender, reports) {
        const accepted = await world.intake.accept(sender, reports);
        const isEnded = eq(integrationKeys.sha256, sha256Hex(ended));
        await world.api.db.update(integrationKeys).set({ revokedAt: new Date() }).where(isEnded);
        forgetIntegrations(world.api.db);
        return accepted;
      },
    };
    const listener = await world.listen({}, { intake: revoking });
    const to = [world.key, ended, last].map((key) => `${key}@${domain}`);
    expect(await statusOf(world.send({ to }, transportTo(listener)))).toBe(250);
    await listener.close();
    expect(await world.senders.openOnes()).toHaveLength(2);
  });
});

describe('a mail that comes again', () => {
  it('does nothing, also when its alert is over by now', async () => {
    const again = { messageId: '<same@example>' };
    await Promise.all([world.send(again), world.send(again)]);
    await world.send(again);
    const [open] = await world.senders.openOnes();
    expect(open?.alertCount).toBe(1);
    await world.send({ subject: 'Resolved: Disk full' });
    await world.api.db
      .update(escalations)
      .set({ closedAt: new Date() })
      .where(eq(escalations.id, open?.id ?? ''));
    await world.send(again);
    expect(await world.senders.openOnes()).toHaveLength(1);
    await world.send();
    expect(await world.senders.openOnes()).toHaveLength(2);
  });

  it('after the answer was lost is merged, when its process died before it noted it', async () => {
    const first = await world.listen({}, {});
    const dying: Intake = {
      ...world.intake,
      accept: async (...args) => {
        await world.intake.accept(...args);
        throw new Error('killed');
      },
    };
    const broken = await world.listen({}, { intake: dying });
    expect(await statusOf(world.send({ messageId: '<same@example>' }, transportTo(broken)))).toBe(451);
    expect(await statusOf(world.send({ messageId: '<same@example>' }, transportTo(first)))).toBe(250);
    const [open] = await world.senders.openOnes();
    expect(open?.alertCount).toBe(2);
    expect(await world.senders.openOnes()).toHaveLength(1);
    await Promise.all([first.close(), broken.close()]);
  });

  it('to two integrations reaches both, each once', async () => {
    const { key: other } = await world.senders.make('email');
    const to = [`${world.key}@${domain}`, `${other}@${domain}`];
    await world.send({ to, messageId: '<both@example>' });
    await world.send({ to, messageId: '<both@example>' });
    expect((await world.senders.openOnes()).map(({ alertCount }) => alertCount)).toEqual([1, 1]);
  });
});

describe('a mail that is not for an integration', () => {
  it.each([
    ['an unknown key', () => `${'0'.repeat(32)}@${domain}`],
    ['no key', () => `postmaster@${domain}`],
    ['another domain', () => `${world.key}@elsewhere.example`],
    ['a subdomain', () => `${world.key}@x.${domain}`],
  ])('is refused for good: %s', async (_what, address) => {
    expect(await statusOf(world.send({ to: address() }))).toBe(550);
    expect(await world.senders.openOnes()).toEqual([]);
  });

  it('is refused for the key of an integration of another kind, and of a disabled one', async () => {
    const webhook = await world.senders.make('alertmanager');
    expect(await statusOf(world.send({ to: `${webhook.key}@${domain}` }))).toBe(550);
    const gone = await world.senders.make('email');
    const path = `/v1/services/${world.senders.world.serviceId}/integrations/${gone.id}`;
    expect((await world.senders.manager.call('DELETE', path)).statusCode).toBe(204);
    expect(await statusOf(world.send({ to: `${gone.key}@${domain}` }))).toBe(550);
  });

  it('cuts off whoever guesses at keys', async () => {
    const replies = await talk(world.listener, [
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
    const envelope = 'envelope' in more ? { envelope: { from: '', to: `${world.key}@${domain}` } } : {};
    expect(await statusOf(world.send({ ...more, ...envelope }))).toBe(250);
    expect(await world.senders.openOnes()).toEqual([]);
    expect(world.logged).toContain('a mail is no alert');
  });

  it('is not what cron sends', async () => {
    await world.send({ headers: { 'Auto-Submitted': 'auto-generated' } });
    expect(await world.senders.openOnes()).toHaveLength(1);
  });
});
