import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '#config/env.ts';
import { readAccounts } from './accounts.ts';

const base = { VIGIL_DATABASE_URL: 'postgres://vigil_app:x@127.0.0.1/vigil' };
const of = (variables: Record<string, string>) => readAccounts(readConfig({ ...base, ...variables }));
const twilio = { VIGIL_TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, VIGIL_API_PUBLIC_URL: 'https://vigil.example' };

describe('accounts of providers', () => {
  it('are none by default', async () => {
    expect(await of({})).toEqual({ email: null, twilio: null });
  });

  it('are read with their secrets from files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vigil-accounts-'));
    try {
      await writeFile(join(folder, 'token'), 'a-secret\n');
      const account = (
        await of({
          ...twilio,
          VIGIL_TWILIO_AUTH_TOKEN_FILE: join(folder, 'token'),
          VIGIL_TWILIO_SMS_FROM: '+15005550006',
        })
      ).twilio;
      expect(account).toMatchObject({ authToken: 'a-secret', smsFrom: '+15005550006', voiceFrom: null });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each<[Record<string, string>, string]>([
    [{ VIGIL_SMTP_OUT_URL: 'smtp://mail.example' }, 'VIGIL_EMAIL_FROM is required'],
    [{ VIGIL_SMTP_OUT_URL: 'mail.example:25', VIGIL_EMAIL_FROM: 'a@b.example' }, 'VIGIL_SMTP_OUT_URL must be like'],
    [twilio, 'VIGIL_TWILIO_AUTH_TOKEN is required'],
    [
      { VIGIL_TWILIO_ACCOUNT_SID: twilio.VIGIL_TWILIO_ACCOUNT_SID, VIGIL_TWILIO_AUTH_TOKEN: 'x' },
      'VIGIL_API_PUBLIC_URL is required',
    ],
    [{ ...twilio, VIGIL_TWILIO_AUTH_TOKEN_FILE: '/nowhere/token' }, 'VIGIL_TWILIO_AUTH_TOKEN_FILE'],
  ])('that are set up by half are refused: %j', async (variables, message) => {
    await expect(of(variables)).rejects.toThrow(message);
  });
});
