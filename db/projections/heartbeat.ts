import { eq, sql } from 'drizzle-orm';
import type { Monitor } from '#domain/heartbeat/monitor.ts';
import { secondMs } from '#domain/time.ts';
import { leaveBeat } from '../repositories/heartbeats.ts';
import type { Project } from '../repositories/record.ts';
import { heartbeatMonitors } from '../schema/index.ts';
import { newest } from './newest.ts';

/** A monitor's row. From the moment that it shows that a beat is waited for, senders leave word of theirs. */
export const projectHeartbeat: Project = async (tx, id, transitions) => {
  const monitor = newest(transitions).state as unknown as Monitor;
  const { status, settings } = monitor;
  const [row] = await tx
    .update(heartbeatMonitors)
    .set({
      version: monitor.version,
      status,
      state: monitor,
      intervalSeconds: settings.intervalMs / secondMs,
      severity: settings.severity,
      updatedAt: sql`now()`,
      ...(status === 'closed' ? { closedAt: sql`coalesce(${heartbeatMonitors.closedAt}, now())` } : {}),
    })
    .where(eq(heartbeatMonitors.id, id))
    .returning({ id: heartbeatMonitors.id, version: heartbeatMonitors.version, beats: heartbeatMonitors.beats });
  // Its sender saw a monitor that did not wait: it came after the last look, and nobody has told of it.
  const isOwed = (status === 'waiting' || status === 'missed') && monitor.reading === null;
  if (row && isOwed && row.beats > monitor.beats) await leaveBeat(tx, row);
};
