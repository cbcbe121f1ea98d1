import { sql } from 'drizzle-orm';
import type { Transition } from '#domain/audit/transition.ts';
import { judge } from '#domain/launch/check-result.ts';
import type { LaunchEvent } from '#domain/launch/events.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { findRequirement } from '#domain/launch/requirements.ts';
import type { Transaction } from '../client.ts';
import { derivedId } from '../ids.ts';
import { checkRuns, signOffs } from '../schema/index.ts';

/** The run of a check that a transition took in, judged by the tier of that moment; nothing for other transitions. */
export async function insertCheckRun(tx: Transaction, launchId: string, transition: Transition): Promise<void> {
  const event = transition.event as unknown as LaunchEvent;
  if (event.type !== 'checkCompleted' && event.type !== 'reportCheck') return;
  const launch = transition.state as unknown as Launch;
  const found = findRequirement(launch, event.requirementId);
  const probe = found?.requirement.verify.probe ?? null;
  const result = found?.state.result ?? null;
  if (launch.tier === null || probe === null || result === null) return;
  const judged = judge(probe.measure, launch.tier, result);
  await tx.insert(checkRuns).values({
    id: derivedId('checkRun', launchId, String(transition.version)),
    launchId,
    requirementId: event.requirementId,
    probe: probe.name,
    state: judged.status,
    observed: result.observed,
    threshold: judged.threshold,
    population: result.population,
    // Any finite number is a window that people may report; the column holds fewer.
    windowMs: Math.min(Math.round(result.windowMs), Number.MAX_SAFE_INTEGER),
    evidenceHash: result.evidenceHash,
    details: { tier: launch.tier, cause: transition.cause },
    // Vigil's own workflows report as `vigil`, who is no row.
    reportedBy: result.reportedBy === null ? null : sql`(SELECT id FROM principals WHERE id = ${result.reportedBy.id})`,
    runAt: new Date(result.measuredAt),
  });
}

/** The sign-off that a transition took in: each one that was given, also when a later one of the role replaces it. */
export async function insertSignOff(tx: Transaction, launchId: string, transition: Transition): Promise<void> {
  const event = transition.event as unknown as LaunchEvent;
  if (event.type !== 'signOff') return;
  const launch = transition.state as unknown as Launch;
  await tx.insert(signOffs).values({
    id: derivedId('signOff', launchId, String(transition.version)),
    launchId,
    role: event.role,
    choice: event.choice,
    decidedBy: event.by.id,
    evidenceSetHash: event.evidenceSetHash,
    catalogueVersion: launch.catalogueVersion,
    noteId: event.noteId === null ? null : sql`(SELECT id FROM notes WHERE id = ${event.noteId})`,
    decidedAt: new Date(transition.at),
  });
}
