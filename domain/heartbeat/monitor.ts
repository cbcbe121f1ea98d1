import type { Actor } from '../actor.ts';
import type { Versioned } from '../machine.ts';
import type { Severity } from '../severity.ts';
import { dayMs, minuteMs } from '../time.ts';

/** An interval is at least a minute and at most 30 days. */
export const shortestIntervalMs = minuteMs;
export const longestIntervalMs = 30 * dayMs;

/** `waiting`: for its first beat; it pages nobody before there was one. */
export const monitorStatuses = ['waiting', 'beating', 'missed', 'paused', 'closed'] as const;
export type MonitorStatus = (typeof monitorStatuses)[number];

export interface MonitorInput {
  readonly monitorId: string;
  readonly serviceId: string;
  /** A beat is missed this long after the last one. */
  readonly intervalMs: number;
  readonly severity: Severity;
}

/** What people may change, with a version of its own: beats do not get in the way of whoever changes it. */
export interface MonitorSettings {
  readonly version: number;
  readonly intervalMs: number;
  readonly severity: Severity;
}

export interface Monitor extends Versioned {
  readonly monitorId: string;
  readonly serviceId: string;
  readonly settings: MonitorSettings;
  readonly status: MonitorStatus;
  readonly openedAt: number;
  /** Beats that it knows of: as many as Postgres had counted when it last looked. */
  readonly beats: number;
  /** When the newest known beat came, on the workflow's own clock; null before the first. */
  readonly lastBeatAt: number | null;
  /** What the interval counts from: the newest known beat, or a resume after it. */
  readonly countsFromAt: number | null;
  /** The question that is on its way to Postgres. */
  readonly reading: { readonly key: string; readonly askedAt: number } | null;
  readonly reads: number;
  readonly misses: number;
  /** When the beat was due that is missing now. */
  readonly missedAt: number | null;
}

export type MonitorEvent =
  | { readonly type: 'opened' }
  /** Postgres has a beat that the monitor waits for. */
  | { readonly type: 'beat' }
  /** The newest beat as Postgres had it: how many there were, and how old the last was by the clock of Postgres. */
  | { readonly type: 'beatRead'; readonly effectKey: string; readonly beats: number; readonly ageMs: number | null }
  | { readonly type: 'pause'; readonly by: Actor }
  | { readonly type: 'resume'; readonly by: Actor }
  | {
      readonly type: 'change';
      readonly by: Actor;
      readonly settingsVersion: number;
      readonly intervalMs?: number;
      readonly severity?: Severity;
    }
  | { readonly type: 'close'; readonly by: Actor }
  | { readonly type: 'due' };

export type MonitorEffect = { readonly key: string } & (
  | { readonly type: 'readBeat' }
  | {
      readonly type: 'raiseMiss';
      readonly dedupKey: string;
      readonly serviceId: string;
      readonly severity: Severity;
      readonly intervalMs: number;
    }
  | { readonly type: 'resolveMiss'; readonly dedupKey: string; readonly serviceId: string }
);

/** The key under which a monitor's misses are one escalation. */
export const missKey = (monitorId: string): string => `heartbeat:${monitorId}`;

/** A monitor at version 0, before its first event. */
export function openMonitor(input: MonitorInput, now: number): Monitor {
  const { monitorId, serviceId, intervalMs, severity } = input;
  return {
    version: 0,
    monitorId,
    serviceId,
    settings: { version: 1, intervalMs, severity },
    status: 'waiting',
    openedAt: now,
    beats: 0,
    lastBeatAt: null,
    countsFromAt: null,
    reading: null,
    reads: 0,
    misses: 0,
    missedAt: null,
  };
}

/** When the beat is due that comes next; null while none is. */
export const deadlineOf = ({ countsFromAt, settings }: Pick<Monitor, 'countsFromAt' | 'settings'>): number | null =>
  countsFromAt === null ? null : countsFromAt + settings.intervalMs;
