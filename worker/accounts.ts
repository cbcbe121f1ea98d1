import { ConfigurationError } from '#config/env.ts';
import type { Config } from '#config/env.ts';
import { readSecret } from '#config/secret-file.ts';
import type { EmailChannelOptions } from '#activities/clients/email-channel.ts';
import type { TwilioAccount } from '#activities/clients/twilio-client.ts';

/** What is needed to page by the providers that are configured; null where one is not. */
export interface Accounts {
  readonly email: EmailChannelOptions | null;
  readonly twilio: (TwilioAccount & TwilioNumbers & { readonly publicUrl: string }) | null;
}

interface TwilioNumbers {
  readonly smsFrom: string | null;
  readonly voiceFrom: string | null;
}

/** Reads the secrets of the providers. Fails with a `ConfigurationError` when one is configured by half. */
export async function readAccounts(config: Config): Promise<Accounts> {
  return { email: await emailOf(config), twilio: await twilioOf(config) };
}

async function emailOf({ email }: Config): Promise<Accounts['email']> {
  const smtpUrl = await readSecret('VIGIL_SMTP_OUT_URL_FILE', email.smtpUrl, email.smtpUrlFile);
  if (smtpUrl === null) return null;
  const { protocol, hostname } = URL.parse(smtpUrl.reveal()) ?? {};
  if ((protocol !== 'smtp:' && protocol !== 'smtps:') || !hostname)
    throw new ConfigurationError(['VIGIL_SMTP_OUT_URL must be like smtp://user:password@host:587']);
  if (email.from === null) throw new ConfigurationError(['VIGIL_EMAIL_FROM is required with VIGIL_SMTP_OUT_URL']);
  return { smtpUrl: smtpUrl.reveal(), from: email.from };
}

async function twilioOf({ twilio, api }: Config): Promise<Accounts['twilio']> {
  const { accountSid, smsFrom, voiceFrom, url } = twilio;
  if (accountSid === null) return null;
  const authToken = await readSecret('VIGIL_TWILIO_AUTH_TOKEN_FILE', twilio.authToken, twilio.authTokenFile);
  const missing = [
    ...(authToken === null ? ['VIGIL_TWILIO_AUTH_TOKEN is required with VIGIL_TWILIO_ACCOUNT_SID'] : []),
    ...(api.publicUrl === null ? ['VIGIL_API_PUBLIC_URL is required with VIGIL_TWILIO_ACCOUNT_SID'] : []),
  ];
  if (authToken === null || api.publicUrl === null) throw new ConfigurationError(missing);
  return { accountSid, authToken: authToken.reveal(), smsFrom, voiceFrom, baseUrl: url, publicUrl: api.publicUrl };
}
