import { readFile } from 'node:fs/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '#config/env.ts';
import type { Database } from '#db/client.ts';
import type { ActivityDeps } from '#activities/index.ts';
import { createEnforcementApi } from '#activities/clients/enforcement-api.ts';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createWebhookSigner } from '#activities/clients/signed-webhook.ts';
import { createSqlDetector } from '#activities/clients/sql-detector.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { buildChannels, placesPerProvider } from './channels.ts';
import { sendBeat } from './dead-mans-switch.ts';
import { loadReferenceLists } from './reference-lists.ts';

export interface WorkerDeps extends ActivityDeps {
  readonly metrics: Registry;
  /** Tells whoever watches over Vigil that it works; null where nobody does. */
  readonly beatOutside: (() => Promise<void>) | null;
  close(): Promise<void>;
}

/** Puts the real clients behind the ports of the activities. Fails on unusable signing secrets, without naming them. */
export async function buildDeps(config: Config, db: Database, log: Logger): Promise<WorkerDeps> {
  const http = createHttpClient({
    guard: createSsrfGuard({ allowList: config.outgoing.allow }),
    connectionsPerOrigin: placesPerProvider,
  });
  const secrets = await signingSecrets(config);
  const { deadMansSwitchUrl } = config.outgoing;
  const channels = buildChannels({ http, signingSecrets: secrets, db, log });
  const detectorPool = config.db.detectorUrl === null ? null : openDetectorPool(config.db.detectorUrl.reveal(), log);
  return {
    db,
    channels: channels.byName,
    metrics: channels.metrics,
    publicUrl: config.api.publicUrl,
    enforcementApi:
      config.outgoing.enforcementUrl === null || secrets.length === 0
        ? null
        : createEnforcementApi({ http, signer: createWebhookSigner(secrets), baseUrl: config.outgoing.enforcementUrl }),
    sweepEveryMs: config.worker.sweepEveryMs,
    referenceLists: await loadReferenceLists(config.worker.referenceLists),
    httpDetector: (url) => createHttpDetector({ http, url }),
    sqlDetector:
      detectorPool === null ? null : createSqlDetector({ pool: detectorPool, timeoutMs: config.db.detectorTimeoutMs }),
    beatOutside: deadMansSwitchUrl === null ? null : () => sendBeat(http, deadMansSwitchUrl.reveal()),
    async close() {
      await http.close();
      await detectorPool?.end();
    },
  };
}

function openDetectorPool(url: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, application_name: 'vigil-detector' });
  pool.on('error', (error) => log.warn({ err: error }, 'a connection of the detectors to Postgres was lost'));
  return pool;
}

async function signingSecrets({ outgoing }: Config): Promise<string[]> {
  if (outgoing.signingSecretsFile === null) return outgoing.signingSecrets.map((secret) => secret.reveal());
  const text = await readFile(outgoing.signingSecretsFile, 'utf8');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
