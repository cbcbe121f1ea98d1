import type { FastifyBaseLogger } from 'fastify';
import type { Client } from '@temporalio/client';
import type { Database } from '#db/client.ts';
import type { Config } from '#config/env.ts';
import type { Intake } from './intake/intake.ts';
import type { Metrics } from './plugins/metrics.ts';

/** What the API is built from. */
export interface AppDeps {
  readonly db: Database;
  readonly temporal: Client;
  readonly config: Config['api'];
  readonly log: FastifyBaseLogger;
  /** Above this delay of the event loop requests are turned away with 503. 0: never. */
  readonly maxEventLoopDelayMs: number;
  /** Shared with front doors that are not HTTP; the API makes its own when it is left out. */
  readonly intake?: Intake;
  /** Shared with them as well. */
  readonly metrics?: Metrics;
  /** Left out where Slack is not set up: then its requests are refused. */
  readonly slack?: SlackInteractions;
  /** Left out where Twilio is not set up: then its requests are refused. */
  readonly twilio?: TwilioWebhooks;
  /** `host:port` that webhooks of contact methods may name although they are not public https. None by default. */
  readonly outgoingAllow?: readonly string[];
}

/** What it takes to believe a request of Twilio. */
export interface TwilioWebhooks {
  readonly authToken: { reveal(): string };
  /** The address at which Twilio reaches the API: its signature is over that. */
  readonly publicUrl: string;
}

/** What it takes to believe a click in Slack, and to answer it. */
export interface SlackInteractions {
  readonly signingSecret: { reveal(): string };
  /** Sends the one who clicked a message that nobody else sees. Never fails: what cannot be sent is logged. */
  answer(url: string, text: string): Promise<void>;
}

/** Each route takes from it what it needs. */
export interface ApiDeps extends AppDeps {
  readonly intake: Intake;
}
