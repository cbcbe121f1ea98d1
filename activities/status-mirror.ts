import { secondMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { findStanding, noteNotShown, noteShown } from '#db/repositories/status-mirrors.ts';
import type { Standing, StatusMirrorRow } from '#db/repositories/status-mirrors.ts';
import type { MirrorTarget, StatusMirror } from './clients/status-mirror.ts';

export interface MirrorDeps {
  readonly db: Database;
  /** Where escalations are shown besides. Without any, nothing is. */
  readonly mirrors?: readonly StatusMirror[];
}

export interface MirrorAttempt {
  /** Null: all is shown that can be. Else what is left may work after this time at the earliest. */
  readonly retryAfterMs: number | null;
}

/** An attempt ends after this much, so that a slow provider cannot outlast the activity; the next goes on from there. */
const attemptMs = 45 * secondMs;
/** Before the code of a failure after which nobody tries any more. */
const givenUp = 'given_up_';
/** Before the code of a failure that a repeat cannot mend. */
const gone = 'gone_';

interface Round {
  readonly standing: Standing;
  readonly isLast: boolean;
  readonly until: number;
  /** What this attempt has put where. */
  readonly written: Map<string, number>;
}

/** Shows elsewhere how escalations stand. Its effects are nobody's pages: it has a task queue of its own, and may lag. */
export function createMirrorActivities({ db, mirrors = [] }: MirrorDeps) {
  return {
    /**
     * Shows in every place how the escalation stands now, where that is not shown yet. Safe to repeat.
     *
     * A provider that fails is not asked for the other places in this attempt: it is down, or wants to be left alone. When
     * the escalation moved on meanwhile it is shown once more wherever this attempt has shown it, whatever others have noted:
     * so whoever writes last has written the newest, also an attempt that stood still and was overtaken.
     */
    async showStatus(escalationId: string, isLast: boolean): Promise<MirrorAttempt> {
      const until = Date.now() + attemptMs;
      const written = new Map<string, number>();
      for (let shownVersion: number | null = null; ;) {
        const standing = await findStanding(db, escalationId);
        if (standing === null) return { retryAfterMs: null };
        const { version } = standing.status;
        if (version === shownVersion) return { retryAfterMs: null };
        const attempt = await showAll({ standing, isLast, until, written });
        if (attempt.retryAfterMs !== null) return attempt;
        shownVersion = version;
      }
    },
  };

  async function showAll(round: Round): Promise<MirrorAttempt> {
    const waits = await Promise.all(mirrors.map((mirror) => showBy(mirror, round)));
    const left = waits.filter((wait) => wait !== null);
    return { retryAfterMs: left.length === 0 ? null : Math.max(...left) };
  }

  /** Null when nothing is left to be shown by this mirror. */
  async function showBy(mirror: StatusMirror, { standing, isLast, until, written }: Round): Promise<number | null> {
    const { escalationId, version, status } = standing.status;
    for (const target of placesOf(mirror, standing, written)) {
      if (Date.now() > until) return 0;
      const place = { escalationId, kind: mirror.kind, target: target.target };
      const answer = await mirror.show(standing.status, target);
      if (answer.outcome === 'shown') {
        written.set(target.target, version);
        await noteShown(db, place, { version, status });
      } else if (answer.outcome === 'failed_permanent') await noteNotShown(db, place, `${gone}${answer.code}`);
      else {
        await noteNotShown(db, place, isLast ? `${givenUp}${answer.code}` : answer.code);
        return answer.retryAfterMs ?? 0;
      }
    }
    return null;
  }
}

/** Where that mirror has to show it: what is behind, and what failed last at the end, so that it holds up nothing. */
function placesOf(
  mirror: StatusMirror,
  { status, pages, shown }: Standing,
  written: ReadonlyMap<string, number>,
): MirrorTarget[] {
  const { kind } = mirror;
  const rows = new Map<string, StatusMirrorRow>(
    shown.flatMap((row) => (row.kind === kind ? [[row.target, row] as const] : [])),
  );
  // A drill wakes nobody elsewhere.
  const whole = status.isDrill ? null : (mirror.targetOf?.(status) ?? null);
  const places: MirrorTarget[] = [
    ...(whole === null ? [] : [{ target: whole, page: null }]),
    ...(kind === 'chat' ? pages.map(({ target, ...page }) => ({ target, page })) : []),
  ];
  const errorOf = ({ target }: MirrorTarget) => rows.get(target)?.errorCode ?? null;
  const isBehind = ({ target }: MirrorTarget) =>
    (written.get(target) ?? rows.get(target)?.shownVersion ?? 0) < status.version;
  return places
    .filter((place) => isBehind(place) && !errorOf(place)?.startsWith(gone))
    .toSorted((a, b) => Number(errorOf(a) !== null) - Number(errorOf(b) !== null));
}
