import type { FaultRequest } from '#demo/simulators/faults.ts';
import { createPagerduty } from '#demo/simulators/pagerduty.ts';
import type { PagerdutyIncident } from '#demo/simulators/pagerduty.ts';

export interface SimulatedPagerduty {
  readonly url: string;
  /** As the allow list spells it. */
  readonly hostPort: string;
  incidents(): Promise<PagerdutyIncident[]>;
  /** What arrived, in its order. */
  events(): Promise<{ readonly action: string; readonly effect: string; readonly event: object }[]>;
  fault(fault: FaultRequest): Promise<void>;
  stop(): Promise<void>;
}

/** PagerDuty's Events API on loopback. */
export async function startPagerduty(): Promise<SimulatedPagerduty> {
  const app = createPagerduty();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    hostPort: new URL(url).host,
    incidents: async () => (await app.inject('/incidents')).json().incidents,
    events: async () =>
      (await app.inject('/log')).json().records.filter(({ type }: { type: string }) => type === 'event'),
    async fault(payload) {
      await app.inject({ method: 'POST', url: '/faults', payload });
    },
    stop: () => app.close(),
  };
}
