import { readFileSync } from 'node:fs';
import { ConfigurationError } from '#config/env.ts';
import type { Config } from '#config/env.ts';
import { startMailListener } from './listener.ts';
import type { MailListener } from './listener.ts';
import type { ReceiverDeps } from './receive.ts';

/** Listens for mails as configured; null where it is off. Fails with a `ConfigurationError` for a file that cannot be read. */
export async function startMail({ smtp }: Pick<Config, 'smtp'>, deps: ReceiverDeps): Promise<MailListener | null> {
  if (smtp === null) return null;
  const { tls: files, ...options } = smtp;
  const tls =
    files === null
      ? null
      : {
          cert: readPem('VIGIL_SMTP_TLS_CERT_FILE', files.certFile),
          key: readPem('VIGIL_SMTP_TLS_KEY_FILE', files.keyFile),
        };
  const listener = await startMailListener(deps, { ...options, tls });
  deps.log.info({ host: smtp.host, port: listener.port }, 'taking mails for integrations');
  return listener;
}

function readPem(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigurationError([`${variable}: the file cannot be read`]);
  }
}
