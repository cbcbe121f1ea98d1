import { eq } from 'drizzle-orm';
import { alertEvents, escalations } from '#db/schema/index.ts';
import type { TestApi } from './api.ts';
import { seedWorld } from './world.ts';

export type Senders = Awaited<ReturnType<typeof sendersOf>>;

/** A world with a manager who makes integrations, and what their senders and the on-call side then see. */
export async function sendersOf(api: TestApi) {
  const world = await seedWorld(api.db);
  const manager = await api.principal({ roles: ['oncall_manager'], teamId: world.teamId });
  return {
    world,
    manager,
    async make(kind: string, document: object = {}): Promise<{ id: string; key: string }> {
      const path = `/v1/services/${world.serviceId}/integrations`;
      const made = await manager.call('POST', path, { kind, name: 'sender', document });
      if (made.statusCode !== 201) throw new Error(made.body);
      return { id: made.json().id, key: made.json().key.key };
    },
    /** As a sender does: a body, or text that is sent as it is. */
    post: (url: string, body: unknown, headers: Record<string, string> = {}, app = api.app) =>
      app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', ...headers },
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    /** The escalations of the service but for the one that every world has. */
    async openOnes() {
      const rows = await api.db.select().from(escalations).where(eq(escalations.serviceId, world.serviceId));
      return rows.filter(({ dedupKey }) => dedupKey !== 'seeded');
    },
    /** What the timeline holds of the reports of an escalation. */
    async factsOf(escalationId: string): Promise<string[]> {
      const rows = await api.db
        .select()
        .from(alertEvents)
        .where(eq(alertEvents.escalationId, escalationId))
        .orderBy(alertEvents.seq);
      return rows.map(({ action, disposition }) => `${action} ${disposition}`);
    },
  };
}

const startsAt = '2026-03-01T11:58:00Z';
const endsAt = '2026-03-01T11:59:30Z';
/** One alert of Alertmanager that fires. */
export const firingAlert = (fingerprint: string, more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'HighLatency', instance: fingerprint, severity: 'critical' },
  annotations: { summary: 'The API is slow' },
  startsAt,
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint,
  ...more,
});
export const resolvedAlert = (fingerprint: string) => firingAlert(fingerprint, { status: 'resolved', endsAt });
/** What Alertmanager says of a group to a webhook. */
export const groupMessage = (alerts: readonly { status: string }[], more: object = {}) => ({
  version: '4',
  groupKey: '{}:{alertname="HighLatency"}',
  truncatedAlerts: 0,
  status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
  receiver: 'vigil',
  groupLabels: { alertname: 'HighLatency' },
  commonLabels: { alertname: 'HighLatency', severity: 'critical' },
  commonAnnotations: { summary: 'The API is slow' },
  externalURL: 'http://alertmanager',
  alerts,
  ...more,
});
