import type { Client } from '@temporalio/client';
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Monitor, MonitorInput } from '#domain/heartbeat/monitor.ts';
import { missKey } from '#domain/heartbeat/monitor.ts';
import type { Json } from '#domain/json.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { leaveCommand } from '#db/repositories/commands.ts';
import { acceptBeat, insertHeartbeat } from '#db/repositories/heartbeats.ts';
import { auditEvents, escalations, heartbeatMonitors } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { eventually } from './vigil.ts';

type Row = Omit<typeof heartbeatMonitors.$inferSelect, 'state'> & { readonly state: Monitor };

export interface WatchedService {
  readonly db: Database;
  readonly teamId: string;
  readonly serviceId: string;
  readonly createdBy: string;
}

/** A monitor as the API opens it, and its sender. */
export class TestMonitor {
  readonly id = newId('heartbeat');
  readonly of: WatchedService;

  private constructor(of: WatchedService) {
    this.of = of;
  }

  /** Opens a monitor of ten minutes, unless another interval is given, and waits until it waits. */
  static async open(of: WatchedService, intervalMs = 10 * minuteMs): Promise<TestMonitor> {
    const monitor = await TestMonitor.accept(of, intervalMs);
    await monitor.when('waiting');
    return monitor;
  }

  /** Only leaves the opening to the relay. */
  static async accept(of: WatchedService, intervalMs = 10 * minuteMs): Promise<TestMonitor> {
    const monitor = new TestMonitor(of);
    const { db, ...row } = of;
    const { id } = monitor;
    const input: MonitorInput = { monitorId: id, serviceId: of.serviceId, intervalMs, severity: 2 };
    await db.transaction(async (tx) => {
      const intervalSeconds = intervalMs / secondMs;
      await insertHeartbeat(tx, { ...row, id, name: 'backup', sha256: sha256Hex(id), intervalSeconds, severity: 2 });
      await leaveCommand(tx, {
        mode: 'start',
        name: 'open',
        kind: 'heartbeat',
        aggregateId: id,
        idempotencyKey: `open:${id}`,
        priority: 2,
        input: input as unknown as { [name: string]: Json },
      });
    });
    return monitor;
  }

  /** A beat as it comes in. */
  async beat(): Promise<void> {
    await this.of.db.transaction((tx) => acceptBeat(tx, sha256Hex(this.id)));
  }

  /**
   * A beat that came that long ago. Postgres keeps real time while the workflow's own clock runs ahead: what was sent on the
   * way is written when the clock is there.
   */
  async beatAgo(ageMs: number): Promise<void> {
    await this.of.db
      .update(heartbeatMonitors)
      .set({
        beats: sql`${heartbeatMonitors.beats} + 1`,
        lastBeatAt: sql`clock_timestamp() - make_interval(secs => ${ageMs / 1_000})`,
      })
      .where(eq(heartbeatMonitors.id, this.id));
  }

  async row(): Promise<Row> {
    const [row] = await this.of.db.select().from(heartbeatMonitors).where(eq(heartbeatMonitors.id, this.id));
    if (!row) throw new Error('the monitor has no row');
    return row as Row;
  }

  /** As its workflow holds it, with what was not worth a version. */
  state(temporal: Client): Promise<Monitor> {
    return temporal.workflow.getHandle(workflowId('heartbeat', this.id)).query<Monitor>('getState');
  }

  when(status: string, and: (state: Monitor) => boolean = () => true): Promise<Row> {
    return eventually(`monitor ${this.id} is ${status}`, async () => {
      const row = await this.row();
      return row.status === status && and(row.state) ? row : null;
    });
  }

  /** The escalations of its misses, oldest first. */
  misses(): Promise<(typeof escalations.$inferSelect)[]> {
    return this.of.db
      .select()
      .from(escalations)
      .where(eq(escalations.dedupKey, missKey(this.id)))
      .orderBy(asc(escalations.openedAt));
  }

  /** Its recorded transitions: what happened, and when on the workflow's clock. */
  async recorded(): Promise<{ type: string; at: number; state: Monitor }[]> {
    const rows = await this.of.db
      .select({ data: auditEvents.data, version: auditEvents.version })
      .from(auditEvents)
      .where(and(eq(auditEvents.aggregateKind, 'heartbeat'), eq(auditEvents.aggregateId, this.id)))
      .orderBy(asc(auditEvents.seq));
    return rows
      .filter(({ version }) => version !== null)
      .map(({ data }) => {
        const { at, event, state } = data as { at: number; event: { type: string }; state: Monitor };
        return { type: event.type, at, state };
      });
  }
}
