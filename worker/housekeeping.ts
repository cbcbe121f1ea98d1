import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import { removeSome, transients } from '#db/repositories/housekeeping.ts';
import type { Transient } from '#db/repositories/housekeeping.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import type { RelayLog } from './relay.ts';

interface HousekeepingOptions {
  readonly db: Database;
  readonly log: RelayLog;
  readonly registry: Registry;
  /** Milliseconds between two rounds. */
  readonly everyMs?: number;
}

/** What a round does not manage is left to the next one: half of the time stays free for all that is more urgent. */
const roundMs = 30 * secondMs;

/**
 * Removes what has lost its use, again and again, so that no table grows for ever by it. Counted as
 * `vigil_rows_removed_total`.
 *
 * A loop of the worker, not of a workflow: what is to go stands in Postgres, and several workers share it. Nothing else
 * waits for it.
 */
export function keepHouse({ db, log, registry, everyMs = minuteMs }: HousekeepingOptions): { stop(): Promise<void> } {
  const removed = new Counter({
    name: 'vigil_rows_removed_total',
    help: 'Rows that had lost their use and were removed.',
    labelNames: ['table'] as const,
    registers: [registry],
  });
  const life: { timer: NodeJS.Timeout | null; isStopping: boolean } = { timer: null, isStopping: false };

  const round = async () => {
    const until = performance.now() + roundMs;
    await tidyUp({
      remove: (transient) => removeSome(db, transient),
      isOver: () => life.isStopping || performance.now() > until,
      onRemoved: ({ table }, rows) => removed.inc({ table }, rows),
      onFailure: ({ table }, error) => log.warn({ err: error, table }, 'old rows stay until the next round'),
    });
    if (!life.isStopping) life.timer = setTimeout(again, everyMs);
  };
  let current = round();
  function again(): void {
    current = round();
  }
  return {
    async stop() {
      life.isStopping = true;
      if (life.timer) clearTimeout(life.timer);
      await current;
    },
  };
}

interface Round {
  readonly remove: (transient: Transient) => Promise<number>;
  readonly isOver: () => boolean;
  readonly onRemoved: (transient: Transient, rows: number) => void;
  readonly onFailure: (transient: Transient, error: unknown) => void;
}

/** One round: a batch of each kind in turn, until nothing is left. What fails holds up no other. */
export async function tidyUp({ remove, isOver, onRemoved, onFailure }: Round): Promise<void> {
  let left = transients;
  while (left.length > 0) {
    const more: Transient[] = [];
    for (const transient of left) {
      if (isOver()) return;
      try {
        const rows = await remove(transient);
        onRemoved(transient, rows);
        if (rows > 0) more.push(transient);
      } catch (error) {
        onFailure(transient, error);
      }
    }
    left = more;
  }
}
