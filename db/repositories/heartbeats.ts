import { and, eq, isNull, sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import type { MonitorEffect } from '#domain/heartbeat/monitor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Severity } from '#domain/severity.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '#domain/time.ts';
import type { Queryable, Transaction } from '../client.ts';

import { heartbeatMonitors } from '../schema/index.ts';
import { acceptResolve, acceptTrigger } from './alerts.ts';
import { leaveCommand } from './commands.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type HeartbeatRow = typeof heartbeatMonitors.$inferSelect;
type EffectOf<T extends MonitorEffect['type']> = Extract<MonitorEffect, { type: T }>;

export interface NewHeartbeat {
  readonly id: string;
  readonly teamId: string;
  readonly serviceId: string;
  readonly name: string;
  readonly sha256: string;
  readonly intervalSeconds: number;
  readonly severity: Severity;
  readonly createdBy: string;
}

/** The monitor's row, before its workflow has begun. Fails with `intake.key_taken` when an open monitor has the key. */
export async function insertHeartbeat(tx: Transaction, monitor: NewHeartbeat): Promise<void> {
  const { rowCount } = await tx
    .insert(heartbeatMonitors)
    .values({ ...monitor, status: 'opening' })
    .onConflictDoNothing({ target: heartbeatMonitors.sha256, where: isNull(heartbeatMonitors.closedAt) });
  if (rowCount !== 1) throw new VigilError('intake.key_taken');
}

export async function findHeartbeat(db: Queryable, id: string): Promise<HeartbeatRow | null> {
  const [row] = await db.select().from(heartbeatMonitors).where(eq(heartbeatMonitors.id, id));
  return row ?? null;
}

export async function listHeartbeats(
  db: Queryable,
  teams: readonly string[] | null,
  filter: { readonly openOnly: boolean; readonly serviceId?: string | undefined },
  page: Page,
): Promise<HeartbeatRow[]> {
  const { where, orderBy, limit } = newestFirst(heartbeatMonitors.createdAt, heartbeatMonitors.id, page);
  return db
    .select()
    .from(heartbeatMonitors)
    .where(
      and(
        where,
        ofTeams(heartbeatMonitors.teamId, teams),
        filter.openOnly ? isNull(heartbeatMonitors.closedAt) : undefined,
        filter.serviceId === undefined ? undefined : eq(heartbeatMonitors.serviceId, filter.serviceId),
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

/**
 * Takes in a beat: one row update by the clock of Postgres. Only a monitor that waits for a beat is told, once until it has
 * moved on. False when no open monitor has that key.
 */
export const acceptBeat = (tx: Transaction, sha256: string): Promise<boolean> =>
  beat(tx, eq(heartbeatMonitors.sha256, sha256));

/** Takes in a beat for the one open monitor of the team that has that name; false when none has, or several have. */
export async function acceptBeatByName(tx: Transaction, teamId: string, name: string): Promise<boolean> {
  const named = await tx
    .select({ id: heartbeatMonitors.id })
    .from(heartbeatMonitors)
    .where(
      and(eq(heartbeatMonitors.teamId, teamId), eq(heartbeatMonitors.name, name), isNull(heartbeatMonitors.closedAt)),
    )
    .limit(2);
  const [only] = named;
  return only !== undefined && named.length === 1 && beat(tx, eq(heartbeatMonitors.id, only.id));
}

async function beat(tx: Transaction, which: SQL): Promise<boolean> {
  const [row] = await tx
    .update(heartbeatMonitors)
    // Under the row's lock: beats that come together must not go back in time.
    .set({
      lastBeatAt: sql`greatest(${heartbeatMonitors.lastBeatAt}, clock_timestamp())`,
      beats: sql`${heartbeatMonitors.beats} + 1`,
    })
    .where(and(which, isNull(heartbeatMonitors.closedAt)))
    .returning({
      id: heartbeatMonitors.id,
      version: heartbeatMonitors.version,
      status: heartbeatMonitors.status,
    });
  if (!row) return false;
  if (row.status === 'waiting' || row.status === 'missed') await leaveBeat(tx, row);
  return true;
}

/** Tells a monitor at that version that a beat is there; once, however many beats come until it has moved on. */
export async function leaveBeat(tx: Transaction, monitor: { readonly id: string; readonly version: number }) {
  await leaveCommand(tx, {
    mode: 'signal',
    name: 'beat',
    kind: 'heartbeat',
    aggregateId: monitor.id,
    idempotencyKey: `beat:${monitor.id}:${monitor.version}`,
    priority: 2,
    input: {},
  });
}

export interface NewestBeat {
  readonly beats: number;
  /** By the clock of Postgres, milliseconds; null before the first. */
  readonly ageMs: number | null;
}

export async function readNewestBeat(db: Queryable, monitorId: string): Promise<NewestBeat> {
  const [row] = await db
    .select({
      beats: heartbeatMonitors.beats,
      ageMs: sql<
        string | null
      >`floor(extract(epoch FROM greatest(clock_timestamp() - ${heartbeatMonitors.lastBeatAt}, interval '0')) * 1000)::bigint`,
    })
    .from(heartbeatMonitors)
    .where(eq(heartbeatMonitors.id, monitorId));
  if (!row) throw new VigilError('resource.not_found');
  return { beats: row.beats, ageMs: row.ageMs === null ? null : Number(row.ageMs) };
}

/** Pages for a missed beat; a retry raises nothing new. */
export async function raiseMissedBeat(
  tx: Transaction,
  monitorId: string,
  effect: EffectOf<'raiseMiss'>,
): Promise<void> {
  const row = await findHeartbeat(tx, monitorId);
  if (!row) throw new VigilError('resource.not_found');
  await acceptTrigger(tx, {
    serviceId: effect.serviceId,
    dedupKey: effect.dedupKey,
    severity: effect.severity,
    title: `No beat for ${inWords(effect.intervalMs)}: ${row.name}`,
    details: {
      monitorId,
      intervalSeconds: effect.intervalMs / secondMs,
      lastBeatAt: row.lastBeatAt?.toISOString() ?? null,
    },
    reportedBy: 'vigil',
    causeKey: `${effect.dedupKey}:${effect.key}`,
  });
}

export async function resolveMissedBeat(tx: Transaction, effect: EffectOf<'resolveMiss'>): Promise<void> {
  const { serviceId, dedupKey } = effect;
  await acceptResolve(tx, { serviceId, dedupKey, reportedBy: 'vigil' }, { onlyIfOpen: true });
}

/** `90 s`, `5 min`, `1 d`: the largest unit that is whole. */
function inWords(ms: number): string {
  const [unit, size] = (
    [
      ['d', dayMs],
      ['h', hourMs],
      ['min', minuteMs],
    ] as const
  ).find(([, one]) => ms % one === 0) ?? ['s', secondMs];
  return `${ms / size} ${unit}`;
}
