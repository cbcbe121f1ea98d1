import { isPerson } from '../actor.ts';
import { ignored, moved, noted, refused } from '../machine.ts';
import type { Machine, Step } from '../machine.ts';
import { secondMs } from '../time.ts';
import { deadlineOf, missKey } from './monitor.ts';
import type { Monitor, MonitorEffect, MonitorEvent } from './monitor.ts';

type MonitorStep = Step<Monitor, MonitorEffect>;
type Of<T extends MonitorEvent['type']> = Extract<MonitorEvent, { type: T }>;
type Change = Partial<Omit<Monitor, 'version'>>;

/**
 * One expected beat: a sender that reports at least every so often, and a page when it does not.
 *
 * Promised: nobody is paged while Postgres holds a beat that is young enough, however late the monitor itself wakes; a
 * miss is raised once and resolved once, by the next beat or by the person who pauses or closes the monitor. Beats that
 * come in time make no new version: a busy sender leaves no trail.
 *
 * No two clocks are compared: Postgres tells how old a beat is, and the monitor lays that age on its own clock.
 */
export const monitorMachine: Machine<Monitor, MonitorEvent, MonitorEffect> = { transition, nextDue, isFinal };

/**
 * An answer about a new beat that was longer under way is asked for again: its age had grown meanwhile by nobody knows
 * how much, and the monitor would take an old beat for a young one.
 */
const freshForMs = 5 * secondMs;

function isFinal(monitor: Monitor): boolean {
  return monitor.status === 'closed';
}

function nextDue(monitor: Monitor): number | null {
  return monitor.status === 'beating' && monitor.reading === null ? deadlineOf(monitor) : null;
}

const on: { readonly [T in MonitorEvent['type']]: (monitor: Monitor, event: Of<T>, now: number) => MonitorStep } = {
  opened: (monitor) => (monitor.version === 0 ? moved(monitor, {}) : ignored),
  beat: (monitor, _event, now) =>
    (monitor.status === 'waiting' || monitor.status === 'missed') && monitor.reading === null
      ? ask(monitor, now)
      : ignored,
  beatRead,
  pause: (monitor) =>
    monitor.status === 'paused'
      ? refused('heartbeat.paused')
      : moved(monitor, { status: 'paused', reading: null, missedAt: null }, resolving(monitor)),
  resume,
  change,
  close: (monitor) => moved(monitor, { status: 'closed', reading: null, missedAt: null }, resolving(monitor)),
  due: (monitor, _event, now) => {
    const due = nextDue(monitor);
    return due === null || now < due ? ignored : ask(monitor, now);
  },
};

const asked: readonly string[] = ['pause', 'resume', 'change', 'close'] satisfies MonitorEvent['type'][];

function transition(monitor: Monitor, event: MonitorEvent, now: number): MonitorStep {
  const isRequest = asked.includes(event.type);
  if (isFinal(monitor)) return isRequest ? refused('heartbeat.closed') : ignored;
  if (monitor.version === 0 && event.type !== 'opened') return ignored;
  if ('by' in event && isRequest && !isPerson(event.by)) return refused('decision.person_required');
  const handle = on[event.type] as (monitor: Monitor, event: MonitorEvent, now: number) => MonitorStep;
  return handle(monitor, event, now);
}

/** Asks Postgres for the newest beat: the one way to learn of it, so that an old message about a beat can do no harm. */
function ask(monitor: Monitor, now: number): MonitorStep {
  const reads = monitor.reads + 1;
  const key = `read:${reads}`;
  return noted(monitor, { reads, reading: { key, askedAt: now } }, [{ key, type: 'readBeat' }]);
}

function beatRead(monitor: Monitor, event: Of<'beatRead'>, now: number): MonitorStep {
  const { reading } = monitor;
  if (reading === null || reading.key !== event.effectKey) return ignored;
  const isNew = event.beats > monitor.beats && event.ageMs !== null;
  if (isNew && now - reading.askedAt > freshForMs) return ask(monitor, now);
  const lastBeatAt = isNew ? now - (event.ageMs ?? 0) : monitor.lastBeatAt;
  const known: Change = {
    reading: null,
    beats: Math.max(monitor.beats, event.beats),
    lastBeatAt,
    countsFromAt: isNew ? Math.max(monitor.countsFromAt ?? 0, lastBeatAt ?? 0) : monitor.countsFromAt,
  };
  const isLate = (deadlineOf({ ...monitor, ...known }) ?? Infinity) <= now;
  const hasBeat = known.countsFromAt !== null;
  if (monitor.status === 'missed') {
    if (!isLate) return beatAgain(monitor, known);
    // Word of a beat is left once a version: without a new one, no later beat would ever be told of.
    return isNew ? moved(monitor, known) : noted(monitor, known);
  }
  if (hasBeat && isLate) return miss(monitor, known);
  return monitor.status === 'waiting' && hasBeat
    ? moved(monitor, { ...known, status: 'beating' })
    : noted(monitor, known);
}

function miss(monitor: Monitor, known: Change): MonitorStep {
  const misses = monitor.misses + 1;
  const { monitorId, serviceId, settings } = monitor;
  const { intervalMs, severity } = settings;
  return moved(monitor, { ...known, status: 'missed', misses, missedAt: deadlineOf({ ...monitor, ...known }) }, [
    { key: `miss:${misses}`, type: 'raiseMiss', dedupKey: missKey(monitorId), serviceId, severity, intervalMs },
  ]);
}

const beatAgain = (monitor: Monitor, change: Change): MonitorStep =>
  moved(monitor, { ...change, status: 'beating', missedAt: null }, resolving(monitor));

/** What is still open about the last miss is over. */
function resolving(monitor: Monitor): MonitorEffect[] {
  const { status, misses, monitorId, serviceId } = monitor;
  if (status !== 'missed') return [];
  return [{ key: `resolve:${misses}`, type: 'resolveMiss', dedupKey: missKey(monitorId), serviceId }];
}

/** A whole interval begins: whoever resumes a monitor is not paged for what stayed out while it was paused. */
function resume(monitor: Monitor, _event: Of<'resume'>, now: number): MonitorStep {
  if (monitor.status !== 'paused') return refused('heartbeat.not_paused');
  return monitor.lastBeatAt === null
    ? moved(monitor, { status: 'waiting' })
    : moved(monitor, { status: 'beating', countsFromAt: now });
}

/** The new interval counts from the last beat. A shorter one may be over at once; then Postgres is asked first, as ever. */
function change(monitor: Monitor, event: Of<'change'>, now: number): MonitorStep {
  const { settings } = monitor;
  if (event.settingsVersion !== settings.version) return refused('precondition.failed', { version: settings.version });
  const next = {
    version: settings.version + 1,
    intervalMs: event.intervalMs ?? settings.intervalMs,
    severity: event.severity ?? settings.severity,
  };
  const deadline = deadlineOf({ ...monitor, settings: next });
  if (monitor.status === 'missed' && deadline !== null && deadline > now) return beatAgain(monitor, { settings: next });
  return moved(monitor, { settings: next });
}
