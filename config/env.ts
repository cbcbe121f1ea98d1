import { z } from 'zod';

/** A text like `30s`, `5m` or `250ms`, read as milliseconds. */
const durationMs = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(ms|s|m|h)$/, 'must be a whole number with a unit: ms, s, m or h')
    .default(fallback)
    .transform((text) => {
      const [, amount = '0', unit = 'ms'] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
      return Number(amount) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h'];
    });
const wholeNumber = (low: number, high: number, fallback: number) =>
  z.coerce.number('must be a number').int().min(low).max(high).default(fallback);
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\/\S+$/, 'must be a postgres:// address');
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );

/** Every variable that Vigil reads, each with what it is for. `.env.example` is generated from this. */
export const environmentSchema = z.object({
  VIGIL_DATABASE_URL: postgresUrl.describe('Postgres as the role vigil_app: for API and worker.'),
  VIGIL_DATABASE_OWNER_URL: postgresUrl
    .optional()
    .describe('Postgres as the owner of the schema: for `vigil migrate` only.'),
  VIGIL_APP_PASSWORD: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('The password that `vigil migrate` gives the role vigil_app. Without it the role keeps its own.'),
  VIGIL_DETECTOR_PASSWORD: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('The same for the role vigil_detector.'),
  VIGIL_DETECTOR_DATABASE_URL: postgresUrl
    .optional()
    .describe('Postgres as the read-only role vigil_detector: for SQL detectors. Without it they report an error.'),
  VIGIL_DB_POOL_SIZE: wholeNumber(2, 200, 16).describe('Connections that one process keeps to Postgres.'),
  VIGIL_DB_STATEMENT_TIMEOUT: durationMs('10s').describe('How long one statement may run.'),
  VIGIL_SQL_DETECTOR_TIMEOUT: durationMs('5s').describe('How long the query of one SQL detector may run.'),
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233').describe('The Temporal server, host:port.'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default').describe('The Temporal namespace.'),
  VIGIL_API_HOST: z.string().min(1).default('127.0.0.1').describe('The address that the API listens on.'),
  VIGIL_API_PORT: wholeNumber(0, 65_535, 8080).describe('The port that the API listens on; 0 finds a free one.'),
  VIGIL_API_PUBLIC_URL: z.url().optional().describe('How people reach the API: used in the links of pages.'),
  VIGIL_API_RATE_LIMIT: wholeNumber(1, 10_000_000, 60_000).describe('Requests a minute that one token may make.'),
  VIGIL_EVENTS_RATE_LIMIT: wholeNumber(1, 10_000_000, 60_000).describe(
    'Events in any 60 seconds that one PagerDuty-style sender may send to one API process.',
  ),
  VIGIL_API_TRUSTED_PROXIES: list.describe(
    'Proxies whose X-Forwarded-For is believed: addresses, separated by commas.',
  ),
  VIGIL_COMMAND_DEADLINE: durationMs('5s').describe('How long an API call waits for a workflow before it answers 202.'),
  VIGIL_WORKER_HEALTH_PORT: wholeNumber(0, 65_535, 0).describe(
    'The port for /livez and /metrics of the worker; 0 finds a free one.',
  ),
  VIGIL_WORKFLOW_BUNDLE: z
    .string()
    .optional()
    .describe('A prebuilt workflow bundle; without it the worker builds one.'),
  VIGIL_MAX_CACHED_WORKFLOWS: wholeNumber(20, 100_000, 600).describe('Workflows that one worker keeps in memory.'),
  VIGIL_RELAY_REST_ABOVE: wholeNumber(10, 10_000_000, 1_000).describe(
    'Alerts and messages a second above which the relay starts few workflows at once, so that intake keeps up.',
  ),
  VIGIL_RELAY_POLL: durationMs('1s').describe('How often the relay looks for commands when nobody woke it.'),
  VIGIL_SIGNING_SECRETS_FILE: z
    .string()
    .optional()
    .describe('A file with the secrets that sign outgoing calls: one or two lines `whsec_…`; two during a rotation.'),
  VIGIL_SIGNING_SECRETS: list.describe('The same secrets, separated by commas, where no file can be mounted.'),
  VIGIL_REFERENCE_LISTS: z
    .string()
    .optional()
    .describe('A folder with the lists that rules name: NAME.members.txt and NAME.patterns.txt, one entry a line.'),
  VIGIL_SWEEP_INTERVAL: durationMs('15s').describe('How often each live detector looks at what is new.'),
  VIGIL_ENFORCEMENT_URL: z
    .url()
    .optional()
    .describe("The platform's enforcement API. Without it, orders are parked as failed."),
  VIGIL_PAGERDUTY_MIRRORS_FILE: z
    .string()
    .optional()
    .describe(
      'Services that are also shown at PagerDuty while a team moves over: a line `service-key=routing-key` each.',
    ),
  VIGIL_PAGERDUTY_EVENTS_URL: z
    .url()
    .default('https://events.pagerduty.com/v2/enqueue')
    .describe('Where they are shown: https://events.eu.pagerduty.com/v2/enqueue for accounts in Europe.'),
  VIGIL_SLACK_TOKEN_FILE: z.string().optional().describe('A file with the bot token of the Slack app (`xoxb-…`).'),
  VIGIL_SLACK_TOKEN: z.string().optional().describe('The same token, where no file can be mounted.'),
  VIGIL_SLACK_SIGNING_SECRET_FILE: z
    .string()
    .optional()
    .describe("A file with the Slack app's signing secret. Without it the buttons of messages do nothing."),
  VIGIL_SLACK_SIGNING_SECRET: z.string().optional().describe('The same secret, where no file can be mounted.'),
  VIGIL_SLACK_API_URL: z.url().default('https://slack.com/api/').describe("The address of Slack's Web API."),
  VIGIL_SMTP_OUT_URL_FILE: z
    .string()
    .optional()
    .describe('A file with the mail server that pages leave by: `smtp://user:password@host:587`, or `smtps:`.'),
  VIGIL_SMTP_OUT_URL: z.string().optional().describe('The same address, where no file can be mounted.'),
  VIGIL_EMAIL_FROM: z
    .string()
    .regex(/^[^\s<>,;:"@]+@[^\s<>,;:"@]+$/, 'must be an e-mail address')
    .optional()
    .describe('The sender of pages by e-mail. Needed with a mail server.'),
  VIGIL_TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hexadecimal digits')
    .optional()
    .describe('The Twilio account for text messages and calls. Without it there are none. Needs VIGIL_API_PUBLIC_URL.'),
  VIGIL_TWILIO_AUTH_TOKEN_FILE: z.string().optional().describe("A file with the Twilio account's auth token."),
  VIGIL_TWILIO_AUTH_TOKEN: z.string().optional().describe('The same token, where no file can be mounted.'),
  VIGIL_TWILIO_SMS_FROM: z
    .string()
    .regex(
      /^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$/,
      'must be a number such as +15005550006, or the id of a messaging service',
    )
    .optional()
    .describe('What text messages come from. Without it no text messages are sent.'),
  VIGIL_TWILIO_VOICE_FROM: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/, 'must be a number such as +15005550006')
    .optional()
    .describe('The number that calls come from. Without it no calls are made.'),
  VIGIL_TWILIO_URL: z.url().default('https://api.twilio.com').describe("The address of Twilio's API."),
  VIGIL_OUTGOING_ALLOW: list.describe('host:port that outgoing calls may reach although they are not public https.'),
  VIGIL_SMTP_PORT: z.coerce
    .number('must be a number')
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('The port on which the API takes mails for integrations; 0 finds a free one. Without it, it takes none.'),
  VIGIL_SMTP_HOST: z.string().min(1).default('127.0.0.1').describe('The address that it takes mails on.'),
  VIGIL_SMTP_DOMAIN: list.describe('The domains of their addresses, separated by commas: <key>@domain.'),
  VIGIL_SMTP_TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('A PEM file with the certificate for STARTTLS. Without it, STARTTLS is not offered.'),
  VIGIL_SMTP_TLS_KEY_FILE: z.string().optional().describe('A PEM file with its private key.'),
  VIGIL_DEADMAN_URL: z
    .url()
    .optional()
    .describe(
      'Where the worker beats once a minute while everything works, so that somebody else notices when Vigil does not.',
    ),
  VIGIL_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('What is logged.'),
  VIGIL_API_URL: z.url().default('http://127.0.0.1:8080').describe('The API that the command line talks to.'),
  VIGIL_TOKEN: z
    .string()
    .optional()
    .describe('The token that the command line uses. Kept out of arguments on purpose.'),
  VIGIL_TEMPORAL_CLI: z.string().optional().describe('A Temporal CLI binary for the local development server.'),
  VIGIL_TEST_DATABASE_URL: postgresUrl
    .optional()
    .describe('An owner of a Postgres server for the tests, instead of one they start.'),
  VIGIL_SIMULATION_RUNS: wholeNumber(1, 10_000_000, 2_000).describe('Seeds that each simulation test runs.'),
});

type Environment = z.infer<typeof environmentSchema>;

/** A secret that prints as `[redacted]` wherever it may be printed. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}

export class ConfigurationError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** The process's own variables: the one place where they are read. */
export const processEnvironment: Readonly<Record<string, string | undefined>> = process.env;

/**
 * Reads the configuration, grouped by what it is for. Fails with a `ConfigurationError` that lists every bad variable
 * at once. An empty variable counts as unset.
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>> = processEnvironment) {
  return group(parse(environmentSchema, variables));
}
export type Config = ReturnType<typeof readConfig>;

/** The part that the command line needs; works without a database. */
export function readClientConfig(variables: Readonly<Record<string, string | undefined>> = processEnvironment) {
  const env = parse(environmentSchema.pick({ VIGIL_API_URL: true, VIGIL_TOKEN: true }), variables);
  return { apiUrl: env.VIGIL_API_URL, token: env.VIGIL_TOKEN === undefined ? null : new Secret(env.VIGIL_TOKEN) };
}

/** What `vigil migrate` needs. */
export function readMigrationConfig(variables: Readonly<Record<string, string | undefined>> = processEnvironment) {
  const env = parse(
    environmentSchema
      .pick({ VIGIL_DATABASE_OWNER_URL: true, VIGIL_APP_PASSWORD: true, VIGIL_DETECTOR_PASSWORD: true })
      .required({ VIGIL_DATABASE_OWNER_URL: true }),
    variables,
  );
  return {
    ownerUrl: new Secret(env.VIGIL_DATABASE_OWNER_URL),
    passwords: {
      ...(env.VIGIL_APP_PASSWORD === undefined ? {} : { appPassword: env.VIGIL_APP_PASSWORD }),
      ...(env.VIGIL_DETECTOR_PASSWORD === undefined ? {} : { detectorPassword: env.VIGIL_DETECTOR_PASSWORD }),
    },
  };
}

/** Where Temporal is: for what needs nothing else. */
export function readTemporalAddress(variables: Readonly<Record<string, string | undefined>> = processEnvironment) {
  const env = parse(environmentSchema.pick({ TEMPORAL_ADDRESS: true, TEMPORAL_NAMESPACE: true }), variables);
  return { address: env.TEMPORAL_ADDRESS, namespace: env.TEMPORAL_NAMESPACE };
}

function parse<T>(schema: z.ZodType<T>, variables: Readonly<Record<string, string | undefined>>): T {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  // The message names the variable and what is wanted, never the value: it may be a secret.
  throw new ConfigurationError(
    result.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return given[name] === undefined ? `${name} is required` : `${name}: ${issue.message}`;
    }),
  );
}

const secretOf = (text: string | undefined): Secret | null => (text === undefined ? null : new Secret(text));

function smtpOf(env: Environment) {
  const { VIGIL_SMTP_PORT: port, VIGIL_SMTP_TLS_CERT_FILE: certFile, VIGIL_SMTP_TLS_KEY_FILE: keyFile } = env;
  if (port === undefined) return null;
  const missing = [
    ...(env.VIGIL_SMTP_DOMAIN.length === 0 ? ['VIGIL_SMTP_DOMAIN is required with VIGIL_SMTP_PORT'] : []),
    ...((certFile === undefined) === (keyFile === undefined)
      ? []
      : ['VIGIL_SMTP_TLS_CERT_FILE and VIGIL_SMTP_TLS_KEY_FILE belong together']),
  ];
  if (missing.length > 0) throw new ConfigurationError(missing);
  const tls = certFile === undefined || keyFile === undefined ? null : { certFile, keyFile };
  return { port, host: env.VIGIL_SMTP_HOST, domains: env.VIGIL_SMTP_DOMAIN, tls };
}

function group(env: Environment) {
  return {
    db: {
      url: new Secret(env.VIGIL_DATABASE_URL),
      detectorUrl: env.VIGIL_DETECTOR_DATABASE_URL === undefined ? null : new Secret(env.VIGIL_DETECTOR_DATABASE_URL),
      poolSize: env.VIGIL_DB_POOL_SIZE,
      statementTimeoutMs: env.VIGIL_DB_STATEMENT_TIMEOUT,
      detectorTimeoutMs: env.VIGIL_SQL_DETECTOR_TIMEOUT,
    },
    temporal: { address: env.TEMPORAL_ADDRESS, namespace: env.TEMPORAL_NAMESPACE },
    api: {
      host: env.VIGIL_API_HOST,
      port: env.VIGIL_API_PORT,
      publicUrl: env.VIGIL_API_PUBLIC_URL ?? null,
      rateLimitPerMinute: env.VIGIL_API_RATE_LIMIT,
      eventsPerMinute: env.VIGIL_EVENTS_RATE_LIMIT,
      trustedProxies: env.VIGIL_API_TRUSTED_PROXIES,
      commandDeadlineMs: env.VIGIL_COMMAND_DEADLINE,
    },
    worker: {
      healthPort: env.VIGIL_WORKER_HEALTH_PORT,
      bundle: env.VIGIL_WORKFLOW_BUNDLE ?? null,
      maxCachedWorkflows: env.VIGIL_MAX_CACHED_WORKFLOWS,
      relayPollMs: env.VIGIL_RELAY_POLL,
      relayRestAbove: env.VIGIL_RELAY_REST_ABOVE,
      sweepEveryMs: env.VIGIL_SWEEP_INTERVAL,
      referenceLists: env.VIGIL_REFERENCE_LISTS ?? null,
    },
    outgoing: {
      signingSecretsFile: env.VIGIL_SIGNING_SECRETS_FILE ?? null,
      signingSecrets: env.VIGIL_SIGNING_SECRETS.map((text) => new Secret(text)),
      enforcementUrl: env.VIGIL_ENFORCEMENT_URL ?? null,
      pagerduty: { mirrorsFile: env.VIGIL_PAGERDUTY_MIRRORS_FILE ?? null, url: env.VIGIL_PAGERDUTY_EVENTS_URL },
      allow: env.VIGIL_OUTGOING_ALLOW,
      deadMansSwitchUrl: env.VIGIL_DEADMAN_URL === undefined ? null : new Secret(env.VIGIL_DEADMAN_URL),
    },
    slack: {
      token: secretOf(env.VIGIL_SLACK_TOKEN),
      tokenFile: env.VIGIL_SLACK_TOKEN_FILE ?? null,
      signingSecret: secretOf(env.VIGIL_SLACK_SIGNING_SECRET),
      signingSecretFile: env.VIGIL_SLACK_SIGNING_SECRET_FILE ?? null,
      apiUrl: env.VIGIL_SLACK_API_URL,
    },
    email: {
      smtpUrl: secretOf(env.VIGIL_SMTP_OUT_URL),
      smtpUrlFile: env.VIGIL_SMTP_OUT_URL_FILE ?? null,
      from: env.VIGIL_EMAIL_FROM ?? null,
    },
    twilio: {
      accountSid: env.VIGIL_TWILIO_ACCOUNT_SID ?? null,
      authToken: secretOf(env.VIGIL_TWILIO_AUTH_TOKEN),
      authTokenFile: env.VIGIL_TWILIO_AUTH_TOKEN_FILE ?? null,
      smsFrom: env.VIGIL_TWILIO_SMS_FROM ?? null,
      voiceFrom: env.VIGIL_TWILIO_VOICE_FROM ?? null,
      url: env.VIGIL_TWILIO_URL,
    },
    smtp: smtpOf(env),
    logLevel: env.VIGIL_LOG_LEVEL,
  };
}
