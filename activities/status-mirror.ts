import { secondMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { findStanding, noteNotShown, noteShown } from '#db/repositories/status-mirrors.ts';
import type { Standing, StatusMirrorRow } from '#db/repositories/status-mirrors.ts';
import type { MirrorTarget, StatusMirror } from './clients/status-mirror.ts';

export interface MirrorDeps {
  readonly db: Database;
  /** Where escalations are shown besides. Without any, nothing is. */
  readonly mirrors?: readonly StatusMirror[];
  /** The keys of the services whose escalations are shown as a whole too: changes of the others concern their pages only. */
  readonly mirroredServices?: ReadonlySet<string>;
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

/** Shows elsewhere how escalations stand. Its effects are nobody's pages: it has a task queue of its own, and may lag. */
export function createMirrorActivities({ db, mirrors = [] }: MirrorDeps) {
  return {
    /**
     * Shows in every place how the escalation stands now, where that is not shown yet. Safe to repeat.
     *
     * A provider that fails is not asked for the other places in this attempt: it is down, or wants to be left alone. When
     * the escalation moved on meanwhile it is shown once more, so that whoever writes last has written the newest.
     */
    async showStatus(escalationId: string, isLast: boolean): Promise<MirrorAttempt> {
      const until = Date.now() + attemptMs;
      let standing = await findStanding(db, escalationId);
      for (;;) {
        if (standing === null) return { retryAfterMs: null };
        const attempt = await showAll(standing, isLast, until);
        const now = await findStanding(db, escalationId);
        if (now === null || now.status.version === standing.status.version || Date.now() > until) return attempt;
        if (attempt.retryAfterMs !== null) return attempt;
        standing = now;
      }
    },
  };

  async function showAll(standing: Standing, isLast: boolean, until: number): Promise<MirrorAttempt> {
    const waits = await Promise.all(mirrors.map((mirror) => showBy(mirror, standing, isLast, until)));
    const left = waits.filter((wait) => wait !== null);
    return { retryAfterMs: left.length === 0 ? null : Math.max(...left) };
  }

  /** Null when nothing is left to be shown by this mirror. */
  async function showBy(
    mirror: StatusMirror,
    standing: Standing,
    isLast: boolean,
    until: number,
  ): Promise<number | null> {
    const { escalationId, version, status } = standing.status;
    for (const target of placesOf(mirror, standing)) {
      if (Date.now() > until) return 0;
      const place = { escalationId, kind: mirror.kind, target: target.target };
      const answer = await mirror.show(standing.status, target);
      if (answer.outcome === 'shown') await noteShown(db, place, { version, status });
      else if (answer.outcome === 'failed_permanent') await noteNotShown(db, place, `${gone}${answer.code}`);
      else {
        await noteNotShown(db, place, isLast ? `${givenUp}${answer.code}` : answer.code);
        return answer.retryAfterMs ?? 0;
      }
    }
    return null;
  }
}

/** Where that mirror has to show it: what is behind, and what failed last at the end, so that it holds up nothing. */
function placesOf(mirror: StatusMirror, { status, pages, shown }: Standing): MirrorTarget[] {
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
  return places
    .filter(
      (place) => (rows.get(place.target)?.shownVersion ?? 0) < status.version && !errorOf(place)?.startsWith(gone),
    )
    .toSorted((a, b) => Number(errorOf(a) !== null) - Number(errorOf(b) !== null));
}
