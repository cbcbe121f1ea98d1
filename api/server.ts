import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { ConfigurationError, readConfig } from '#config/env.ts';
import type { Config } from '#config/env.ts';
import { createLogger } from '#config/log.ts';
import { readSecret } from '#config/secret-file.ts';
import { connectDatabase } from '#db/client.ts';
import { connectTemporal } from '#gateway/temporal.ts';
import { buildApp } from './app.ts';
import type { SlackInteractions, TwilioWebhooks } from './deps.ts';
import { createIntake } from './intake/intake.ts';
import { startMail } from './mail/start.ts';
import { createMetrics } from './plugins/metrics.ts';
import { createSlackAnswers } from './slack/answers.ts';

/** A process this late serves nobody well: whoever asks had better ask another one, or later. */
const maxEventLoopDelayMs = 2_000;
/** Requests in hand get this long to end when the process is told to stop. */
const graceMs = 10_000;

/**
 * The API process. Prints `ready http://…` once it listens; comes up also while Temporal or Postgres is away. SIGTERM
 * finishes the requests in hand and ends with 0. A configuration that is not usable ends it with 1 and lists all that is wrong.
 */
async function main(config: Config): Promise<void> {
  const log = createLogger('api', config.logLevel);
  const db = connectDatabase({
    url: config.db.url.reveal(),
    size: config.db.poolSize,
    applicationName: 'vigil-api',
    statementTimeoutMs: config.db.statementTimeoutMs,
    onIdleError: (error) => log.warn({ err: error }, 'a connection to Postgres was lost'),
  });
  const temporal = connectTemporal(config.temporal, `vigil-api@${process.pid}`);
  const slack = await slackInteractions(config, log);
  const twilio = await twilioWebhooks(config);
  const metrics = createMetrics();
  const intake = createIntake({ db, onAccepted: metrics.countAlerts });
  const app = await buildApp({
    db,
    temporal: temporal.client,
    config: config.api,
    log,
    maxEventLoopDelayMs,
    intake,
    metrics,
    ...(slack === null ? {} : { slack }),
    ...(twilio === null ? {} : { twilio }),
    outgoingAllow: config.outgoing.allow,
  });

  const stopped = new Promise<void>((resolve) => {
    for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => resolve());
  });

  await app.listen({ host: config.api.host, port: config.api.port });
  const mail = await startMail(config, { db, intake, log, onAnswer: metrics.countMail });
  const { port } = app.server.address() as AddressInfo;
  console.log(`ready http://${config.api.host}:${port}`);

  await stopped;
  log.info('stopping');
  setTimeout(() => process.exit(1), graceMs).unref();
  await Promise.all([app.close(), mail?.close()]);
  await intake.close();
  await temporal.close();
  await db.$client.end();
}

async function slackInteractions({ slack }: Config, log: Logger): Promise<SlackInteractions | null> {
  const { signingSecret: given, signingSecretFile, apiUrl } = slack;
  const signingSecret = await readSecret('VIGIL_SLACK_SIGNING_SECRET_FILE', given, signingSecretFile);
  return signingSecret === null ? null : { signingSecret, answer: createSlackAnswers({ apiUrl, log }) };
}

async function twilioWebhooks({ twilio, api }: Config): Promise<TwilioWebhooks | null> {
  const authToken = await readSecret('VIGIL_TWILIO_AUTH_TOKEN_FILE', twilio.authToken, twilio.authTokenFile);
  return authToken === null || api.publicUrl === null ? null : { authToken, publicUrl: api.publicUrl };
}

try {
  await main(readConfig());
  process.exit(0);
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
}
