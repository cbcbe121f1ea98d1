import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Config } from '#config/env.ts';
import type { Database } from '#db/client.ts';
import type { ActivityDeps } from '#activities/index.ts';
import { createConsoleChannel } from '#activities/clients/console-channel.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import type { PagerChannel } from '#activities/clients/pager-channels.ts';
import { createWebhookSigner } from '#activities/clients/signed-webhook.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { createWebhookChannel } from '#activities/clients/webhook-channel.ts';

export interface WorkerDeps extends ActivityDeps {
  close(): Promise<void>;
}

/** Puts the real clients behind the ports of the activities. Fails on unusable signing secrets, without naming them. */
export async function buildDeps(config: Config, db: Database, log: Logger): Promise<WorkerDeps> {
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: config.outgoing.allow }) });
  const secrets = await signingSecrets(config);
  const channels = new Map<string, PagerChannel>([['console', createConsoleChannel(log)]]);
  if (secrets.length > 0) channels.set('webhook', createWebhookChannel({ http, signer: createWebhookSigner(secrets) }));
  return {
    db,
    channels,
    publicUrl: config.api.publicUrl,
    close: () => http.close(),
  };
}

async function signingSecrets({ outgoing }: Config): Promise<string[]> {
  if (outgoing.signingSecretsFile === null) return outgoing.signingSecrets.map((secret) => secret.reveal());
  const text = await readFile(outgoing.signingSecretsFile, 'utf8');
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}
