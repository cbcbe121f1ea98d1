import { describe, expect, it } from 'vitest';
import { mailIdentity, readMail, usualMailRules, whyNoAlert } from './mail.ts';
import type { Mail, MailRules } from './mail.ts';
import { severitiesWith } from './sender-severity.ts';

const reading = { sha256Hex: (text: string) => `<${text}>`, uniqueKey: () => 'unique', receivedAt: 0 };
const mailOf = (subject: string, more: Partial<Mail> = {}): Mail => ({
  envelopeFrom: 'nagios@example.com',
  from: 'nagios@example.com',
  subject,
  messageId: '<1@example.com>',
  inReplyTo: null,
  references: [],
  text: 'The disk is full.',
  tag: null,
  headers: {},
  ...more,
});
const read = (subject: string, rules: Partial<MailRules> = {}, more: Partial<Mail> = {}) =>
  readMail(mailOf(subject, more), { ...usualMailRules, ...rules }, severitiesWith({}), reading);
const severityOf = (subject: string) => {
  const report = read(subject);
  return report.action === 'trigger' ? report.severity : report.action;
};

describe('what makes mails one', () => {
  it.each([
    'Disk full on db1',
    'disk  FULL on db1',
    'Re: Disk full on db1',
    'RE: Fwd: AW: Re[2]: Disk full on db1',
    '[P1] Disk full on db1',
    '[CRITICAL] [FIRING] Disk full on db1',
    'ALERT: Disk full on db1',
    'PROBLEM: CRITICAL - Disk full on db1',
    '** PROBLEM Disk full on db1',
    'RESOLVED: Disk full on db1',
    '[Resolved] Disk full on db1',
    'RECOVERY Disk full on db1',
    '[OK] Disk full on db1',
  ])('%s is about the disk', (subject) => {
    expect(read(subject).dedupKey).toBe('subject:<disk full on db1>');
  });

  it.each(['Disk full on db2', '[prod] Disk full on db1', 'Critical path on db1', 'Disk full on db1!'])(
    '%s is another matter',
    (subject) => {
      expect(read(subject).dedupKey).not.toBe('subject:<disk full on db1>');
    },
  );

  it('is the thread where the rules say so: its first mail, and a mail alone by itself', () => {
    const rules = { identity: 'thread' } as const;
    const thread = 'thread:<<1@example.com>>';
    expect(read('Disk', rules).dedupKey).toBe(thread);
    expect(read('Other', rules, { messageId: '<2@x>', inReplyTo: '<1@example.com>' }).dedupKey).toBe(thread);
    const references = ['<1@example.com>', '<2@x>'];
    expect(read('Other', rules, { messageId: '<3@x>', inReplyTo: '<2@x>', references }).dedupKey).toBe(thread);
    expect(read('Disk', rules, { messageId: null }).dedupKey).toBe('subject:<disk>');
  });

  it('is what a pattern takes out of the subject, as of Nagios, and else the subject', () => {
    const rules = { identity: 'pattern', pattern: '\\*\\* * Service Alert: (*) is * \\*\\*' } as const;
    const key = 'subject:web/HTTP';
    expect(read('** PROBLEM Service Alert: web/HTTP is CRITICAL **', rules)).toMatchObject({
      action: 'trigger',
      severity: 1,
      dedupKey: key,
    });
    expect(read('Re: ** RECOVERY Service Alert: web/HTTP is OK **', rules)).toMatchObject({
      action: 'resolve',
      dedupKey: key,
    });
    expect(read('Disk full', rules).dedupKey).toBe('subject:<disk full>');
  });

  it('stays short, however long the subject', () => {
    const long = read(`host ${'x'.repeat(5_000)}`, { identity: 'pattern', pattern: 'host (*)' });
    expect(long.dedupKey).toMatch(/^<subject:x+>$/);
    expect(long.action === 'trigger' && long.title).toHaveLength(1_024);
  });
});

describe('how bad a mail is', () => {
  it.each([
    ['[P1] Disk', 1],
    ['P2: Disk', 2],
    ['[sev3] Disk', 3],
    ['Disk usage is critical on db1', 1],
    ['WARNING: Disk', 3],
    ['[info] Disk', 4],
    ['[warning] Disk is CRITICAL', 1],
    ['2 disks failed', 3],
    ['The home page is slow', 3],
    ['Disk', 3],
  ])('%s has severity %s', (subject, severity) => {
    expect(severityOf(subject)).toBe(severity);
  });

  it('follows the words of the integration first, and its word for everything else', () => {
    const own = severitiesWith({ urgent: 1, warning: 2, '*': 4 });
    const of = (subject: string) => readMail(mailOf(subject), usualMailRules, own, reading);
    expect([of('[Urgent] x'), of('[warning] x'), of('x')]).toMatchObject([
      { severity: 1 },
      { severity: 2 },
      { severity: 4 },
    ]);
  });
});

describe('the end of an alert', () => {
  it.each(['Resolved: Disk', 'CLEARED | Disk', '[ok] Disk', 'OK - Disk', 'RECOVERED Disk', 'Re: [RESOLVED] [P1] Disk'])(
    '%s ends it',
    (subject) => {
      expect(read(subject)).toMatchObject({ action: 'resolve', group: null });
    },
  );

  // What is taken for an end by mistake is an alert that is lost.
  it.each([
    'OK button is broken',
    'CLOSED ports are open on db1',
    'Ok we have a problem',
    'Recovery of db1 failed',
    'Ticket resolved wrongly',
    'UP FOR RENEWAL: the certificate',
  ])('%s does not', (subject) => {
    expect(read(subject).action).toBe('trigger');
  });

  it('has the words that the rules name', () => {
    const rules = { resolveWords: ['behoben'] };
    expect(read('Behoben: Platte', rules).action).toBe('resolve');
    expect(read('Resolved: Platte', rules).action).toBe('trigger');
  });
});

describe('what is no alert', () => {
  const why = (headers: Record<string, string>, envelopeFrom: string | null = 'a@b.example') =>
    whyNoAlert({ envelopeFrom, headers });

  it.each([
    [{}, null, 'bounce'],
    [{}, '', 'bounce'],
    [{ 'content-type': 'multipart/report; report-type=delivery-status' }, 'a@b', 'bounce'],
    [{ 'auto-submitted': 'auto-replied' }, 'a@b', 'automatic_reply'],
    [{ 'auto-submitted': 'auto-replied; owner-email="x"' }, 'a@b', 'automatic_reply'],
    [{ 'auto-submitted': 'Auto-Notified' }, 'a@b', 'automatic_reply'],
    [{ 'x-autoreply': 'yes' }, 'a@b', 'automatic_reply'],
    [{ precedence: 'auto_reply' }, 'a@b', 'automatic_reply'],
    [{ precedence: 'Bulk' }, 'a@b', 'bulk'],
    [{ precedence: 'junk' }, 'a@b', 'bulk'],
  ])('%o from %s is a %s', (headers, from, reason) => {
    expect(why(headers, from)).toBe(reason);
  });

  it('are not what cron, monitoring and lists send', () => {
    expect(why({})).toBeNull();
    expect(why({ 'auto-submitted': 'no' })).toBeNull();
    expect(why({ 'auto-submitted': 'auto-generated' })).toBeNull();
    expect(why({ precedence: 'list' })).toBeNull();
  });
});

describe('a mail', () => {
  it('keeps its text with the alert, cut, and is known by labels', () => {
    const report = read('Disk', {}, { text: ` ${'x'.repeat(9_000)} `, tag: 'prod', from: 'Nagios@Example.com' });
    expect(report).toMatchObject({
      title: 'Disk',
      labels: { from: 'nagios@example.com', fromDomain: 'example.com', subject: 'Disk', tag: 'prod' },
      details: { from: 'Nagios@Example.com', messageId: '<1@example.com>', text: 'x'.repeat(4_000) },
    });
  });

  it('without a subject, a sender or a text is an alert all the same', () => {
    expect(read('', {}, { from: null, text: null, messageId: null })).toMatchObject({
      action: 'trigger',
      title: 'A mail without a subject',
      dedupKey: 'subject:<>',
      labels: {},
      details: { from: null, messageId: null, text: null },
    });
  });

  it('loses what a terminal or a log would obey', () => {
    expect(read('Disk\u0000 \u001b[31mfull\r\nX-Evil: 1')).toMatchObject({ title: 'Disk [31mfull X-Evil: 1' });
  });

  it('is one by its Message-ID, and without one by all that it is', () => {
    expect(mailIdentity(mailOf('a'), reading)).toBe(mailIdentity(mailOf('b'), reading));
    const bare = (subject: string) => mailIdentity(mailOf(subject, { messageId: null }), reading);
    expect(bare('a')).toBe(bare('a'));
    expect(bare('a')).not.toBe(bare('b'));
  });
});
