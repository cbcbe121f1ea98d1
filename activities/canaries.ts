import type { CanaryEffect } from '#domain/detection/canary.ts';
import type { Database } from '#db/client.ts';
import { closeDrill, escalateMissedCanary, injectCanary, reportCanaryEvidence } from '#db/repositories/canaries.ts';
import { databaseNow } from '#db/now.ts';

type EffectOf<T extends CanaryEffect['type']> = Extract<CanaryEffect, { type: T }>;

/** What a canary run does: plants its sample, files its minutes, clears up after itself. */
export const createCanaryActivities = (db: Database) => ({
  injectCanary: async (canaryId: string): Promise<{ eventId: string; at: number }> => {
    const at = await databaseNow(db);
    return { eventId: await db.transaction((tx) => injectCanary(tx, canaryId, at)), at };
  },
  reportCanaryEvidence: (canaryId: string, effect: EffectOf<'reportEvidence'>): Promise<void> =>
    db.transaction((tx) => reportCanaryEvidence(tx, canaryId, effect)),
  closeDrill: (effect: EffectOf<'closeDrill'>): Promise<void> => db.transaction((tx) => closeDrill(tx, effect)),
  escalateMissedCanary: (canaryId: string, effect: EffectOf<'openEscalation'>): Promise<void> =>
    db.transaction((tx) => escalateMissedCanary(tx, canaryId, effect)),
});
