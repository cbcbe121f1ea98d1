import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Transition } from '#domain/audit/transition.ts';
import type { LaunchEvent } from '#domain/launch/events.ts';
import type { Launch } from '#domain/launch/launch.ts';
import type { Waiver, WaiverRequest } from '#domain/launch/launch-parts.ts';
import type { Transaction } from '../client.ts';
import { waivers } from '../schema/index.ts';

/** The only events after which a launch has other waivers or requests than before. */
const changing: readonly LaunchEvent['type'][] = [
  'answerIntake',
  'requestWaiver',
  'approveWaiver',
  'refuseWaiver',
  'revokeWaiver',
  'due',
];

/** Writes the waivers that a launch has after a transition, and how those ended that it no longer has. */
export async function projectWaivers(tx: Transaction, launchId: string, transition: Transition): Promise<void> {
  const event = transition.event as unknown as LaunchEvent;
  if (!changing.includes(event.type)) return;
  const launch = transition.state as unknown as Launch;
  const standing = new Set<string>();
  for (const [requirementId, { waiver, waiverRequest }] of Object.entries(launch.requirements)) {
    for (const each of [waiver, waiverRequest]) {
      if (each === null) continue;
      standing.add(each.waiverId);
      await upsert(tx, launchId, requirementId, each);
    }
  }
  const open = await tx
    .select({ id: waivers.id, status: waivers.status, requestedBy: waivers.requestedBy })
    .from(waivers)
    .where(and(eq(waivers.launchId, launchId), inArray(waivers.status, ['requested', 'approved'])));
  for (const row of open.filter(({ id }) => !standing.has(id))) {
    await tx
      .update(waivers)
      .set({ ...endOf(row, event), updatedAt: sql`now()` })
      .where(eq(waivers.id, row.id));
  }
}

async function upsert(
  tx: Transaction,
  launchId: string,
  requirementId: string,
  waiver: Waiver | WaiverRequest,
): Promise<void> {
  const given =
    'approvedBy' in waiver
      ? { status: 'approved', decidedBy: waiver.approvedBy, expiresAt: new Date(waiver.expiresAt) }
      : { status: 'requested' };
  await tx
    .insert(waivers)
    .values({
      id: waiver.waiverId,
      launchId,
      requirementId,
      reasonCode: waiver.reasonCode,
      noteId: sql`(SELECT id FROM notes WHERE id = ${waiver.noteId})`,
      requestedBy: waiver.requestedBy,
      ...given,
    })
    .onConflictDoUpdate({
      target: waivers.id,
      set: { ...given, updatedAt: sql`now()` },
      setWhere: sql`${waivers.launchId} = ${launchId} AND ${waivers.status} <> ${given.status}`,
    });
}

function endOf(
  row: { readonly id: string; readonly status: string; readonly requestedBy: string },
  event: LaunchEvent,
): Partial<typeof waivers.$inferInsert> {
  if (event.type === 'refuseWaiver' && event.waiverId === row.id) {
    return event.by.id === row.requestedBy ? { status: 'withdrawn' } : { status: 'refused', decidedBy: event.by.id };
  }
  if (event.type === 'revokeWaiver' && event.waiverId === row.id) return { status: 'revoked', revokedBy: event.by.id };
  return { status: event.type === 'due' && row.status === 'approved' ? 'expired' : 'superseded' };
}
