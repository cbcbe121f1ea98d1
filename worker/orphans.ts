import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Client } from '@temporalio/client';
import { minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { findOrphans } from '#gateway/orphans.ts';
import { countStuck } from '#gateway/stuck.ts';
import type { RelayLog } from './relay.ts';

interface OrphanWatchOptions {
  readonly db: Database;
  readonly temporal: Client;
  readonly log: RelayLog;
  readonly registry: Registry;
  /** Milliseconds between two looks. */
  readonly everyMs?: number;
}

/** A scrape is not held up for longer. */
const answerWithinMs = 3_000;

/**
 * Looks again and again for what is open and has no running workflow, counts it as `vigil_orphaned_workflows` and names it
 * in the log. NaN while that cannot be told, so that an alarm on it also rings when nobody looks any more.
 */
export function watchOrphans(options: OrphanWatchOptions): { stop(): Promise<void> } {
  const { db, temporal, log, registry, everyMs = 5 * minuteMs } = options;
  const gauge = new Gauge({
    name: 'vigil_orphaned_workflows',
    help: 'What is open and has no running workflow, so that nothing happens to it; NaN while it cannot be told.',
    registers: [registry],
  });
  gauge.set(Number.NaN);
  const stuck: Gauge = new Gauge({
    name: 'vigil_stuck_workflows',
    help: 'What runs and comes no further because its code fails again and again; NaN while Temporal cannot tell.',
    registers: [registry],
    collect: async () => {
      stuck.set(await askStuck());
    },
  });
  const askStuck = (): Promise<number> =>
    temporal.withDeadline(Date.now() + answerWithinMs, () => countStuck(temporal)).catch(() => Number.NaN);
  const life: { timer: NodeJS.Timeout | null; isStopping: boolean } = { timer: null, isStopping: false };

  const look = async () => {
    try {
      const orphans = await findOrphans(db, temporal);
      gauge.set(orphans.length);
      for (const orphan of orphans.slice(0, 20)) log.error({ ...orphan }, 'open, and no workflow carries it on');
    } catch (error) {
      gauge.set(Number.NaN);
      log.warn({ err: error }, 'it could not be looked for what has no running workflow');
    }
    if (!life.isStopping) life.timer = setTimeout(again, everyMs);
  };
  let current = look();
  function again(): void {
    current = look();
  }
  return {
    async stop() {
      life.isStopping = true;
      if (life.timer) clearTimeout(life.timer);
      await current;
    },
  };
}
