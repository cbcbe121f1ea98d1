import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import { findRequirement } from '#domain/launch/requirements.ts';
import type { Database } from '#db/client.ts';
import { loadLaunch } from '#db/repositories/launch-evidence.ts';
import { noteRollout, tellOwner } from '#db/repositories/launch-notices.ts';
import type { EnforcementApi } from './clients/enforcement-api.ts';
import { beating } from './heartbeat.ts';
import { rehearseEnforcement } from './launch-probes/enforcement-dry-run.ts';
import { probesOf } from './launch-probes/index.ts';
import { resultOf } from './launch-probes/measured.ts';
import type { Measured, ProbeInput } from './launch-probes/measured.ts';
import { measureStage } from './launch-stage/index.ts';

type EffectOf<T extends LaunchEffect['type']> = Extract<LaunchEffect, { type: T }>;
type EventOf<T extends LaunchEvent['type']> = Extract<LaunchEvent, { type: T }>;

/** What a launch does to its people and to the audit trail. All of it is Postgres; each call can be repeated. */
export const createLaunchActivities = (db: Database) => ({
  tellOwner: (launchId: string, effect: EffectOf<'remindOwner' | 'pageOwner'>): Promise<void> =>
    db.transaction((tx) => tellOwner(tx, launchId, effect)),
  noteRollout: (launchId: string, effect: EffectOf<'stageOpened' | 'rolloutStopped'>): Promise<void> =>
    db.transaction((tx) => noteRollout(tx, launchId, effect)),
});

/** Measures what a launch asks for, on the facts as they are now. Throws when it cannot: the launch then shows an error. */
export const createLaunchMeasurements = (db: Database, sweepEveryMs: number) => ({
  runProbe: (launchId: string, effect: EffectOf<'runProbe'>): Promise<EventOf<'checkCompleted'>> =>
    beating(() => runProbe(db, sweepEveryMs, launchId, effect)),
  analyseStage: (launchId: string, effect: EffectOf<'analyseStage'>): Promise<EventOf<'stageAnalysed'>> =>
    beating(() => analyseStage(db, launchId, effect)),
});

/** The one measurement that calls the platform, and so belongs to the platform's own task queue. */
export const createRehearsal = (db: Database, enforcementApi: EnforcementApi | null) => ({
  rehearseEnforcement: (launchId: string, effect: EffectOf<'runProbe'>): Promise<EventOf<'checkCompleted'>> =>
    beating(() => rehearse(db, enforcementApi, launchId, effect)),
});

export async function runProbe(
  db: Database,
  sweepEveryMs: number,
  launchId: string,
  effect: EffectOf<'runProbe'>,
): Promise<EventOf<'checkCompleted'>> {
  if (effect.probe === 'enforcement_dry_run')
    throw new Error('the rehearsal of enforcement has an activity of its own');
  return measured(db, launchId, effect, probesOf(sweepEveryMs)[effect.probe]);
}

export const rehearse = (
  db: Database,
  enforcementApi: EnforcementApi | null,
  launchId: string,
  effect: EffectOf<'runProbe'>,
): Promise<EventOf<'checkCompleted'>> =>
  measured(db, launchId, effect, (input) => rehearseEnforcement(input, enforcementApi, effect.key));

export async function analyseStage(
  db: Database,
  launchId: string,
  effect: EffectOf<'analyseStage'>,
): Promise<EventOf<'stageAnalysed'>> {
  const measurements = await measureStage(db, await loadLaunch(db, launchId), effect);
  return { type: 'stageAnalysed', effectKey: effect.key, measurements };
}

async function measured(
  db: Database,
  launchId: string,
  effect: EffectOf<'runProbe'>,
  measure: (input: ProbeInput) => Promise<Measured>,
): Promise<EventOf<'checkCompleted'>> {
  const launch = await loadLaunch(db, launchId);
  const probe = findRequirement(launch, effect.requirementId)?.requirement.verify.probe ?? null;
  if (probe === null) throw new Error(`${launchId} has no measured requirement ${effect.requirementId} any more`);
  const { tier, percent } = effect;
  const found = await measure({ db, launch, tier, percent });
  const result = await resultOf(db, probe.measure, tier, found);
  return { type: 'checkCompleted', effectKey: effect.key, requirementId: effect.requirementId, result };
}
