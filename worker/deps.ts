import { readFile } from 'node:fs/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '#config/env.ts';
import { readSecret } from '#config/secret-file.ts';
import type { Database } from '#db/client.ts';
import type { ActivityDeps } from '#activities/index.ts';
import { createEnforcementApi } from '#activities/clients/enforcement-api.ts';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createPagerdutyMirror } from '#activities/clients/pagerduty-out.ts';
import { createWebhookSigner } from '#activities/clients/signed-webhook.ts';
import { createSlackApi } from '#activities/clients/slack-api.ts';
import type { SlackApi } from '#activities/clients/slack-api.ts';
import { createSlackChannel } from '#activities/clients/slack-channel.ts';
import { createSlackMirror } from '#activities/clients/slack-mirror.ts';
import { createSqlDetector } from '#activities/clients/sql-detector.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { SsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { AskReceipt } from '#activities/clients/twilio-receipts.ts';
import { readAccounts } from './accounts.ts';
import { buildChannels, placesPerProvider } from './channels.ts';
import { sendBeat } from './dead-mans-switch.ts';
import { loadMirrorKeys } from './mirror-keys.ts';
import { connectPhones } from './phones.ts';
import { loadReferenceLists } from './reference-lists.ts';

export interface WorkerDeps extends ActivityDeps {
  /** Who can be asked what became of a page, by channel. */
  readonly receipts: ReadonlyMap<string, AskReceipt>;
  readonly metrics: Registry;
  /** Tells whoever watches over Vigil that it works; null where nobody does. */
  readonly beatOutside: (() => Promise<void>) | null;
  close(): Promise<void>;
}

/** Puts the real clients behind the ports of the activities. Fails on unusable signing secrets, without naming them. */
export async function buildDeps(config: Config, db: Database, log: Logger): Promise<WorkerDeps> {
  const guard = createSsrfGuard({ allowList: config.outgoing.allow });
  const http = createHttpClient({
    guard,
    connectionsPerOrigin: placesPerProvider,
  });
  const secrets = await signingSecrets(config);
  const { deadMansSwitchUrl } = config.outgoing;
  const { publicUrl } = config.api;
  const slack = await connectSlack(config, guard);
  const phones = connectPhones(await readAccounts(config), http);
  const { mirrorsFile, url } = config.outgoing.pagerduty;
  const keys = await loadMirrorKeys(mirrorsFile);
  const channels = buildChannels({
    http,
    signingSecrets: secrets,
    slack: slack === null ? null : createSlackChannel({ api: slack, publicUrl, log }),
    phones: phones.channels,
    mirrors: [
      ...(slack === null ? [] : [createSlackMirror({ api: slack, publicUrl })]),
      ...(keys.size === 0 ? [] : [createPagerdutyMirror({ http, keys, url, publicUrl })]),
    ],
    db,
    log,
  });
  const detectorPool = config.db.detectorUrl === null ? null : openDetectorPool(config.db.detectorUrl.reveal(), log);
  return {
    db,
    channels: channels.byName,
    metrics: channels.metrics.registry,
    onFirstPage: channels.metrics.firstPage,
    receipts: phones.receipts,
    publicUrl,
    mirrors: channels.mirrors,
    mirroredServices: new Set(keys.keys()),
    enforcementApi:
      config.outgoing.enforcementUrl === null || secrets.length === 0
        ? null
        : createEnforcementApi({ http, signer: createWebhookSigner(secrets), baseUrl: config.outgoing.enforcementUrl }),
    sweepEveryMs: config.worker.sweepEveryMs,
    referenceLists: await loadReferenceLists(config.worker.referenceLists),
    httpDetector: (url) => createHttpDetector({ http, url }),
    sqlDetector:
      detectorPool === null ? null : createSqlDetector({ pool: detectorPool, timeoutMs: config.db.detectorTimeoutMs }),
    beatOutside:
      deadMansSwitchUrl === null
        ? null
        : () => sendBeat(http, deadMansSwitchUrl.reveal()).then(channels.metrics.beaten),
    async close() {
      phones.close();
      await http.close();
      await slack?.close();
      await detectorPool?.end();
    },
  };
}

async function connectSlack({ slack }: Config, guard: SsrfGuard): Promise<SlackApi | null> {
  const token = await readSecret('VIGIL_SLACK_TOKEN_FILE', slack.token, slack.tokenFile);
  return token === null ? null : createSlackApi({ token: token.reveal(), guard, apiUrl: slack.apiUrl });
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
