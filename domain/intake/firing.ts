import type { EndedAlert, FiringGroup, SingleAlert } from './report.ts';

/** What is known of one alert of a group: the latest start and the latest end that its source told of. */
export interface KnownAlert {
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** When a report last changed what is known of it, by our clock; left out where that is not known. */
  readonly seenAt?: number;
}

/** The single alerts of one key, by fingerprint; also those that are over, for as long as a late report could come. */
export type KnownAlerts = Map<string, KnownAlert>;

/** An alert fires when its latest start is later than its latest end. */
export const fires = ({ startedAt, endedAt }: KnownAlert): boolean => endedAt === null || startedAt > endedAt;

export const firingCount = (known: KnownAlerts): number => [...known.values()].filter(fires).length;

/** A source's clock may be ahead of ours by this much; what lies further in the future is taken for that moment. */
export const clockLeewayMs = 10 * 60_000;

/**
 * For so long after an end was heard of a report of the firing that it ended may be on its way; a later one is no late one. Shorter than
 * the five minutes that Alertmanager leaves by default between two messages of a group.
 */
export const lateForMs = 4 * 60_000;

/**
 * Takes what a report says of single alerts into what is known, and returns the fingerprints that changed.
 *
 * Starts and ends only ever grow, so the order in which reports arrive, and how often, makes no difference: a resolve of an
 * older firing than the present one ends nothing, and a firing whose end came first opens nothing.
 *
 * Where two sources report one alert, the first that no longer sees it ends it, and Alertmanager goes on with the start of
 * the other: a firing that is reported long after its end is taken for a new one, or nobody would be paged for it.
 */
export function foldGroup(known: KnownAlerts, group: FiringGroup, now: number): string[] {
  const changed = new Set<string>();
  for (const alert of group.firing) note(alert, null);
  for (const alert of group.resolved) note(alert, endOf(alert, now));
  return [...changed];

  function note({ fingerprint, startedAt }: SingleAlert, end: number | null): void {
    const before = known.get(fingerprint);
    const told = Math.max(0, Math.min(startedAt, now + clockLeewayMs));
    const start = end === null && before !== undefined && goesOn(before, now) ? (before.endedAt ?? 0) + 1 : told;
    const after = {
      startedAt: Math.max(before?.startedAt ?? start, start),
      endedAt: latest(before?.endedAt ?? null, end),
      seenAt: now,
    };
    if (before !== undefined && before.startedAt === after.startedAt && before.endedAt === after.endedAt) return;
    known.set(fingerprint, after);
    changed.add(fingerprint);
  }
}

/**
 * Forgets the firing of alerts that a whole group no longer names. Where nothing is open any more, what was said of them
 * belongs to an escalation that a person closed: silenced while it fired, an alert may be over without a word, and must not
 * keep all later escalations of its group open. If it still fires, the next report that names it says so. Returns the
 * fingerprints that changed.
 */
export function forgetUnnamed(known: KnownAlerts, group: FiringGroup): string[] {
  if (group.leftOut > 0) return [];
  const named = new Set([...group.firing, ...group.resolved].map(({ fingerprint }) => fingerprint));
  const stale = [...known].filter(([fingerprint, alert]) => fires(alert) && !named.has(fingerprint));
  for (const [fingerprint, { endedAt }] of stale)
    known.set(fingerprint, { startedAt: endedAt ?? 0, endedAt: endedAt ?? 0 });
  return stale.map(([fingerprint]) => fingerprint);
}

/** Ends whatever fires: the source says that all of it is over. Returns the fingerprints that changed. */
export function endAll(known: KnownAlerts, now: number): string[] {
  const firing = [...known].filter(([, alert]) => fires(alert));
  for (const [fingerprint, { startedAt }] of firing)
    known.set(fingerprint, { startedAt, endedAt: Math.max(startedAt, now), seenAt: now });
  return firing.map(([fingerprint]) => fingerprint);
}

/** Known to be over for so long that whoever still says that it fires does not say so late. */
const goesOn = (alert: KnownAlert, now: number): boolean =>
  !fires(alert) && alert.seenAt !== undefined && now - alert.seenAt > lateForMs;

/** Not before its own start: an end that cannot be must not leave the alert firing for ever. */
const endOf = ({ startedAt, endedAt }: EndedAlert, now: number): number =>
  Math.max(0, Math.min(Math.max(startedAt, endedAt), now + clockLeewayMs));

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
