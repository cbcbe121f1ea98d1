import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import type { HeartbeatRow } from './rows.ts';

interface Monitor {
  readonly beats: number;
  readonly misses: number;
  readonly countsFromAt: number | null;
}

/** What no sender says aloud: a beat that stays out is raised, and one that comes is heard. */
export function checkHeartbeats(facts: Facts, found: Findings): void {
  const raised = new Set(facts.alerts.flatMap(({ cause_key: key }) => key ?? []));
  found.each(
    facts.heartbeats,
    ({ id }) => `heartbeat ${id}`,
    (row) => {
      found.saw('heartbeat monitors');
      for (const what of wrongOf(row, facts, raised)) found.breach(`heartbeat ${row.id}`, what, row.last_beat_at);
    },
  );
}

function wrongOf(row: HeartbeatRow, { now, bounds }: Facts, raised: ReadonlySet<string>): string[] {
  const state = row.state as Monitor | null;
  if (state === null) return [];
  const since = now - bounds.quietSinceMs;
  const wrong: string[] = [];
  const countsFrom = Math.max(row.last_beat_at ?? 0, state.countsFromAt ?? 0);
  if (row.status === 'beating' && countsFrom + row.interval_seconds * 1_000 < since)
    wrong.push('a beat has stayed out, and it counts as beating');
  if (row.updated_at < since)
    for (let miss = 1; miss <= state.misses; miss++)
      if (!raised.has(`heartbeat:${row.id}:miss:${miss}`)) wrong.push(`its miss ${miss} was never raised`);
  const waits = row.status === 'waiting' || row.status === 'missed';
  // A beat that came and is itself too old by now ends no miss.
  const isLate = row.status === 'missed' && countsFrom + row.interval_seconds * 1_000 < now;
  if (waits && row.beats > state.beats && (row.last_beat_at ?? now) < since && !isLate)
    wrong.push('a beat came, and it goes on waiting for one');
  return wrong;
}
