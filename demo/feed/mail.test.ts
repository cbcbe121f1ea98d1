import { describe, expect, it } from 'vitest';
import { htmlToText, parseMail } from './mail.ts';

const mail = (lines: readonly string[]): Uint8Array => Buffer.from(lines.join('\r\n'), 'latin1');

describe('parseMail', () => {
  it('reads what the events are made from', async () => {
    const parsed = await parseMail(
      mail([
        'Received: from relay (relay [192.0.2.1]) by collector; Thu, 22 Aug 2002 13:17:21 +0100',
        'Received: from sender by relay; Mon, 1 Jan 2001 00:00:00 +0000',
        'Date: Fri, 13 Dec 2024 00:00:00 +0000',
        'From: Jane <jane@Mail.Example.org>',
        'To: a@one.example, b@two.example',
        'Cc: c@three.example',
        'Subject: =?iso-8859-1?Q?caf=E9?=',
        'X-Mailer: Bulk 2.0',
        'Content-Type: text/html; charset=iso-8859-1',
        'Content-Transfer-Encoding: 8bit',
        '',
        '<style>p { color: red }</style><p>Gr\xFC\xDFe &amp; <a href="http://shop.example/">buy</a></p>',
      ]),
    );
    expect(parsed).toEqual({
      text: 'café\nGrüße & buy',
      senderDomain: 'mail.example.org',
      receivedAt: Date.UTC(2002, 7, 22, 12, 17, 21),
      userAgent: 'Bulk 2.0',
      recipientCount: 3,
      linkCount: 1,
      attachmentCount: 0,
      hasHtml: true,
    });
  });

  it('takes a mail with nothing in it', async () => {
    expect(await parseMail(mail(['', '']))).toEqual({
      text: '',
      senderDomain: 'unknown.invalid',
      receivedAt: null,
      userAgent: null,
      recipientCount: 0,
      linkCount: 0,
      attachmentCount: 0,
      hasHtml: false,
    });
  });

  it('does not believe a date outside the years of the corpus', async () => {
    const parsed = await parseMail(mail(['Date: Fri, 13 Dec 2024 00:00:00 +0000', 'From: a@b.example', '', 'x']));
    expect(parsed.receivedAt).toBeNull();
  });
});

describe('htmlToText', () => {
  it('drops tags, scripts and comments, also unclosed ones, and decodes entities', () => {
    expect(htmlToText('<b>A</b>&#33; <!-- no --><script>no()</script>&lt;x&gt; &bogus; &#xFFFFFF;')).toBe(
      'A ! <x> &bogus; &#xFFFFFF;',
    );
    expect(htmlToText('kept <script>lost')).toBe('kept');
  });
});
