import { z } from 'zod';
import type { ShownStatus } from '#domain/escalation/shown.ts';
import { secondMs, toIso } from '#domain/time.ts';
import type { HttpClient } from './http.ts';
import { OutgoingError } from './outgoing-error.ts';
import { wireTitle } from './pager-channels.ts';
import type { MirrorOutcome, StatusMirror } from './status-mirror.ts';

/** Shows escalations at PagerDuty, or at whatever speaks its Events API v2, while a team moves over. */
export interface PagerdutyMirror extends StatusMirror {
  readonly kind: 'pagerduty_events_v2';
  /** What the escalation is called over there; null when its service is not shown there. */
  targetOf(status: Pick<ShownStatus, 'escalationId' | 'serviceKey'>): string | null;
}

/** Printed as `[redacted]` wherever it may be printed. */
interface RoutingKey {
  reveal(): string;
}

const provider = 'pagerduty';
const severityNames = { 1: 'critical', 2: 'error', 3: 'warning', 4: 'info' } as const;
const accepted = z.object({ status: z.literal('success') });

/**
 * The mirror as a sender of PagerDuty's Events API v2. One call is one event; every event names the whole state, so an
 * event that is repeated or left out does no harm.
 *
 * What is held back here is held back there: nothing is sent for it. Somebody has it in hand while it is acknowledged or
 * snoozed, which over there are one. An acknowledgement that is taken back here cannot be taken back there: PagerDuty's
 * senders have no such event.
 */
export function createPagerdutyMirror(options: {
  readonly http: HttpClient;
  /** The routing key of each service that is shown, by the service's key. */
  readonly keys: ReadonlyMap<string, RoutingKey>;
  /** The whole address, such as `https://events.pagerduty.com/v2/enqueue`. */
  readonly url: string;
  /** Where people open an escalation; null when Vigil has no public address. */
  readonly publicUrl: string | null;
  /** Default 10 seconds. */
  readonly timeoutMs?: number;
}): PagerdutyMirror {
  const { http, keys, url, publicUrl, timeoutMs = 10 * secondMs } = options;
  return {
    kind: 'pagerduty_events_v2',
    targetOf: ({ escalationId, serviceKey }) => (keys.has(serviceKey) ? `vigil:${escalationId}` : null),
    async show(status, { target }) {
      const key = keys.get(status.serviceKey);
      if (key === undefined) return { outcome: 'failed_permanent', code: 'no_routing_key' };
      const action = actionOf[status.status];
      if (action === null) return { outcome: 'shown' };
      const event = {
        routing_key: key.reveal(),
        event_action: action,
        dedup_key: target,
        ...(action === 'trigger' ? triggerOf(status, publicUrl) : {}),
      };
      try {
        await http.postJson({ provider, url, body: JSON.stringify(event), timeoutMs }, accepted);
        return { outcome: 'shown' };
      } catch (error) {
        if (error instanceof OutgoingError) return outcomeOf(error);
        throw error;
      }
    },
  };
}

const actionOf = {
  triggered: 'trigger',
  exhausted: 'trigger',
  acknowledged: 'acknowledge',
  snoozed: 'acknowledge',
  held: null,
  resolved: 'resolve',
} as const satisfies Record<ShownStatus['status'], 'trigger' | 'acknowledge' | 'resolve' | null>;

function triggerOf(status: ShownStatus, publicUrl: string | null) {
  const { escalationId, serviceKey, severity, isDrill, openedAt } = status;
  return {
    payload: {
      summary: wireTitle({ ...status, kind: isDrill ? 'drill' : 'page' }),
      source: serviceKey,
      severity: severityNames[severity],
      timestamp: toIso(openedAt),
      custom_details: { escalation: escalationId, status: status.status },
    },
    client: 'Vigil',
    ...(publicUrl === null ? {} : { client_url: `${publicUrl}/v1/escalations/${escalationId}` }),
  };
}

function outcomeOf({ failure }: OutgoingError): MirrorOutcome {
  if (failure.kind === 'permanent') {
    const code = failure.reason === 'rejected' ? `http_${failure.status}` : failure.reason;
    return { outcome: 'failed_permanent', code };
  }
  // The same key again changes nothing over there, so what may have arrived is simply sent again.
  const retryAfterMs = failure.kind === 'transient' ? failure.retryAfterMs : null;
  return { outcome: 'failed_transient', code: failure.reason, retryAfterMs };
}
