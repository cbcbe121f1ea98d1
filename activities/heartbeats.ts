import type { MonitorEffect } from '#domain/heartbeat/monitor.ts';
import type { Database } from '#db/client.ts';
import { raiseMissedBeat, readNewestBeat, resolveMissedBeat } from '#db/repositories/heartbeats.ts';
import type { NewestBeat } from '#db/repositories/heartbeats.ts';

type EffectOf<T extends MonitorEffect['type']> = Extract<MonitorEffect, { type: T }>;

/** What a heartbeat monitor does: looks for the newest beat, and pages while there is none. */
export const createHeartbeatActivities = (db: Database) => ({
  readNewestBeat: (monitorId: string): Promise<NewestBeat> => readNewestBeat(db, monitorId),
  raiseMissedBeat: (monitorId: string, effect: EffectOf<'raiseMiss'>): Promise<void> =>
    db.transaction((tx) => raiseMissedBeat(tx, monitorId, effect)),
  resolveMissedBeat: (effect: EffectOf<'resolveMiss'>): Promise<void> =>
    db.transaction((tx) => resolveMissedBeat(tx, effect)),
});
