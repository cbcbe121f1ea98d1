import type { Logger } from 'pino';
import type { Database } from '#db/client.ts';
import { noteCircuit } from '#db/repositories/provider-circuits.ts';
import type { PagerChannel } from '#activities/clients/pager-channels.ts';
import { createConsoleChannel } from '#activities/clients/console-channel.ts';
import type { HttpClient } from '#activities/clients/http.ts';
import { createProviderGuard, guarded, guardedMirror } from '#activities/clients/provider-guard.ts';
import { createWebhookSigner } from '#activities/clients/signed-webhook.ts';
import type { StatusMirror } from '#activities/clients/status-mirror.ts';
import { createWebhookChannel } from '#activities/clients/webhook-channel.ts';
import { secondMs } from '#domain/time.ts';
import { createWorkerMetrics } from './metrics.ts';
import type { WorkerMetrics } from './metrics.ts';

export interface Channels {
  readonly byName: ReadonlyMap<string, PagerChannel>;
  readonly mirrors: readonly StatusMirror[];
  readonly metrics: WorkerMetrics;
}

/** Calls to one provider at a time: a quarter of what the paging queue works on at once. */
export const placesPerProvider = 64;

/**
 * Every way to reach people that is configured, and where else escalations are shown. All that call out stand behind one
 * guard: a retry budget, a circuit and a bounded number of places for each provider, so that one that is down or slow
 * delays nobody else's page.
 */
export function buildChannels(options: {
  readonly http: HttpClient;
  readonly signingSecrets: readonly string[];
  /** Null where Slack is not set up. */
  readonly slack: PagerChannel | null;
  /** E-mail, text messages and calls, those that are set up. */
  readonly phones: readonly PagerChannel[];
  readonly mirrors: readonly StatusMirror[];
  readonly db: Database;
  readonly log: Logger;
}): Channels {
  const { http, signingSecrets, slack, phones, mirrors, db, log } = options;
  const guard = createProviderGuard({
    now: () => performance.now(),
    // A page is worth more retries than an ordinary call: fifty at once, and one a second.
    capacity: 50,
    trickleMs: secondMs,
    mostInFlight: placesPerProvider,
    onChange: (state) => {
      log.warn(
        { provider: state.provider, circuit: state.circuit, failures: state.failuresInRow },
        'a circuit changed',
      );
      noteCircuit(db, state).catch((error: unknown) => log.warn({ err: error }, 'a circuit could not be noted'));
    },
  });
  const metrics = createWorkerMetrics(guard);
  const outgoing: PagerChannel[] = [];
  if (signingSecrets.length > 0)
    outgoing.push(createWebhookChannel({ http, signer: createWebhookSigner(signingSecrets) }));
  if (slack !== null) outgoing.push(slack);
  outgoing.push(...phones);
  const all = [createConsoleChannel(log), ...outgoing.map((channel) => guarded(channel, guard))];
  return {
    byName: new Map(all.map((channel) => [channel.name, metrics.observed(channel)])),
    mirrors: mirrors.map((mirror) => guardedMirror(mirror, guard)),
    metrics,
  };
}
