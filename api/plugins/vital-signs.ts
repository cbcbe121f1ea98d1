import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import { readVitals } from '#db/repositories/vitals.ts';
import type { Vitals } from '#db/repositories/vitals.ts';

const signs: readonly { name: string; help: string; of: (vitals: Vitals) => number }[] = [
  {
    name: 'vigil_oldest_pending_command_age_seconds',
    help: 'Age of the oldest command that has not reached its workflow',
    of: ({ oldestPendingMs }) => oldestPendingMs / 1_000,
  },
  {
    name: 'vigil_pending_commands',
    help: 'Commands that have not reached their workflow',
    of: ({ pendingCommands }) => pendingCommands,
  },
  {
    name: 'vigil_failing_commands',
    help: 'Those of them that were tried three times or more',
    of: ({ failingCommands }) => failingCommands,
  },
  {
    name: 'vigil_escalation_step_overdue_seconds',
    help: 'For how long the next step of an open escalation, such as its next rung, has been due; 0 when none is',
    of: ({ stepOverdueMs }) => stepOverdueMs / 1_000,
  },
  {
    name: 'vigil_heartbeats_overdue',
    help: 'Monitors whose beat has been missing for a minute and that have not noticed',
    of: ({ heartbeatsOverdue }) => heartbeatsOverdue,
  },
  {
    name: 'vigil_status_mirrors_behind',
    help: 'Places where an open escalation is shown and could not be brought up to date',
    of: ({ mirrorsBehind }) => mirrorsBehind,
  },
  {
    name: 'vigil_clock_skew_seconds',
    help: 'How far the clock of Postgres is ahead of that of this process',
    of: ({ clockAheadMs }) => clockAheadMs / 1_000,
  },
  {
    name: 'vigil_escalations_unpaged',
    help: 'Escalations that have waited for more than 30 seconds without any attempt to page',
    of: ({ unpaged }) => unpaged,
  },
];

/**
 * What an on-call manager's alarms look at: above all whether something waits that nobody was paged for. All of them are
 * NaN while Postgres is away.
 */
export function gaugeVitals(db: Database, registry: Registry): void {
  const registers = [registry];
  let asking: Promise<Vitals> | null = null;
  // A registry asks all its gauges at once, so that each must wait for the answer, and one question is enough.
  const ask = (): Promise<Vitals> => {
    asking ??= readVitals(db).finally(() => {
      asking = null;
    });
    return asking;
  };
  for (const { name, help, of } of signs) {
    const gauge: Gauge = new Gauge({
      name,
      help: `${help}; NaN while Postgres is away.`,
      registers,
      collect: async () => {
        gauge.set(await ask().then(of, () => Number.NaN));
      },
    });
  }
  const open = new Gauge({
    name: 'vigil_escalations_open',
    help: 'Open escalations by status; none while Postgres is away.',
    labelNames: ['status'] as const,
    registers,
    collect: async () => {
      const counts = await ask().then(
        ({ openByStatus }) => openByStatus,
        () => [],
      );
      open.reset();
      for (const { status, count } of counts) open.set({ status }, count);
    },
  });
}
