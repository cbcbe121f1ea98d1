import { Context } from '@temporalio/activity';
import { compileRules } from '#domain/detection/rules.ts';
import { modeOf, signalKey } from '#domain/detection/detector.ts';
import type { Hit } from '#domain/detection/detector.ts';
import type { ReferenceLists } from '#domain/detection/reference-lists.ts';
import { VigilError } from '#domain/errors.ts';
import { dayMs, minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { canaryAccounts, findDetectorVersion, moveCursor, noteSweep, readCursor } from '#db/repositories/detectors.ts';
import type { Cursor, LiveDetector, SweepStatus } from '#db/repositories/detectors.ts';
import { readProductEvents } from '#db/repositories/product-events.ts';
import type { StoredProductEvent } from '#db/repositories/product-events.ts';
import { fileSignals } from '#db/repositories/signals.ts';
import type { NewSignal } from '#db/repositories/signals.ts';
import type { HttpDetector } from './clients/http-detector.ts';
import type { SqlDetector } from './clients/sql-detector.ts';
import { beating } from './heartbeat.ts';
import { attemptNumber } from './retry.ts';
import { sweepAttempts } from '#workflows/contract.ts';

export interface DetectionDeps {
  readonly db: Database;
  readonly referenceLists: ReferenceLists;
  readonly httpDetector: (url: string) => HttpDetector;
  /** Null: no read-only connection is configured; SQL detectors then report that. */
  readonly sqlDetector: SqlDetector | null;
  /** How often a live detector sweeps, milliseconds: longer silence is a gap. */
  readonly sweepEveryMs: number;
}

export interface SweepResult {
  readonly status: SweepStatus;
  readonly read: number;
  readonly filed: number;
  readonly casesOpened: number;
}

const batchSize = 200;
/** One sweep stops here and leaves the rest to the next: a backlog must not outlive the activity's time. */
const sweepBudgetMs = 90_000;
/** Windows lag a little behind the clock, so that what is being written now is in them. */
const windowLagMs = 1_000;

/** Runs detectors over what has come in since their cursor and files what they find. */
export function createDetectionActivities(deps: DetectionDeps) {
  const { db } = deps;
  return {
    /**
     * One sweep of one detector version. Signals and cursor move in one transaction, so a crash repeats a batch and files
     * nothing twice. A detector that fails is noted, and reported when it keeps failing; the cursor stays, so the next
     * sweep reads what this one could not.
     */
    async sweep(versionId: string): Promise<SweepResult> {
      const detector = await findDetectorVersion(db, versionId);
      if (!detector || modeOf(detector.maturity) === 'off') return { status: 'ok', read: 0, filed: 0, casesOpened: 0 };
      try {
        // A slow detector is waited for as long as it is allowed; only a worker that died is not heard of.
        const result = await beating(() =>
          detector.definition.kind === 'sql' ? sweepWindows(deps, detector) : sweepEvents(deps, detector),
        );
        await noteSweep(db, detector, result.status, null, deps.sweepEveryMs);
        return result;
      } catch (error) {
        if (attemptNumber() < sweepAttempts) throw error;
        await noteSweep(
          db,
          detector,
          'failed',
          error instanceof VigilError ? error.code : 'internal.unexpected',
          deps.sweepEveryMs,
        );
        return { status: 'failed', read: 0, filed: 0, casesOpened: 0 };
      }
    },
  };
}

async function sweepEvents(deps: DetectionDeps, detector: LiveDetector): Promise<SweepResult> {
  const judge = await judgeOf(deps, detector);
  const until = Date.now() + sweepBudgetMs;
  let total: SweepResult = { status: 'ok', read: 0, filed: 0, casesOpened: 0 };
  while (Date.now() < until) {
    const from = await readCursor(deps.db, detector.versionId);
    const events = await readProductEvents(deps.db, detector.productId, from, { limit: batchSize, withText: true });
    const last = events.at(-1);
    if (!last) break;
    const judged = await judge(events);
    const found = events.flatMap((event, index): NewSignal[] => {
      const score = judged.scores[index] ?? null;
      if (score === null || score < detector.threshold) return [];
      const hit: Hit = {
        eventId: event.id,
        accountRef: event.accountRef,
        score,
        occurredAt: Date.parse(event.occurredAt),
      };
      return [
        {
          ...hit,
          contentId: event.contentId,
          synthetic: event.synthetic,
          dedupeKey: signalKey(detector.versionId, hit, dayMs),
        },
      ];
    });
    const filed = await file(
      deps.db,
      detector,
      from,
      { ...from, transactionId: last.transactionId, seq: last.seq },
      found,
    );
    total = {
      status: total.status === 'degraded' || judged.isDegraded ? 'degraded' : 'ok',
      read: total.read + events.length,
      filed: total.filed + filed.filed,
      casesOpened: total.casesOpened + filed.casesOpened,
    };
    if (events.length < batchSize) break;
  }
  return total;
}

/** Scores by event, in order; null where the detector could not say. What it cannot say is never counted as innocent. */
type Judge = (
  events: readonly StoredProductEvent[],
) => Promise<{ scores: readonly (number | null)[]; isDegraded: boolean }>;

async function judgeOf(deps: DetectionDeps, { definition }: LiveDetector): Promise<Judge> {
  if (definition.kind === 'rules') {
    const evaluate = compileRules(definition.rules);
    return async (events) => {
      const verdicts = events.map((event) =>
        evaluate({ attributes: event.attributes, text: event.text }, deps.referenceLists),
      );
      return {
        scores: verdicts.map((verdict) =>
          verdict.outcome === 'match' ? 1 : verdict.outcome === 'degraded' ? null : 0,
        ),
        isDegraded: verdicts.some((verdict) => verdict.outcome === 'degraded'),
      };
    };
  }
  if (definition.kind === 'http') {
    const service = deps.httpDetector(definition.url);
    return async (events) => {
      const items = events.flatMap((event) => (event.text === null ? [] : [{ id: event.id, text: event.text }]));
      if (items.length === 0) return { scores: events.map(() => null), isDegraded: false };
      const answer = await service.score(items, Context.current().cancellationSignal);
      const scores = new Map(answer.results.map((result) => [result.id, result.score]));
      return { scores: events.map((event) => scores.get(event.id) ?? null), isDegraded: answer.missingIds.length > 0 };
    };
  }
  throw new Error('a SQL detector judges windows, not events');
}

/** A SQL detector looks at windows by event time: at each sweep the ones that ended since the last, and the open one. */
async function sweepWindows(deps: DetectionDeps, detector: LiveDetector): Promise<SweepResult> {
  const { definition } = detector;
  if (definition.kind !== 'sql') throw new Error('only a SQL detector judges windows');
  if (!deps.sqlDetector) throw new VigilError('service.unavailable', { missing: 'VIGIL_DETECTOR_DATABASE_URL' });
  const from = await readCursor(deps.db, detector.versionId);
  const now = Date.now() - windowLagMs;
  const { windowMs } = definition;
  const firstStart =
    from.windowEnd?.getTime() ?? Math.floor((detector.createdAt.getTime() - dayMs) / windowMs) * windowMs;
  const until = Date.now() + sweepBudgetMs;
  let total: SweepResult = { status: 'ok', read: 0, filed: 0, casesOpened: 0 };
  let cursor: Cursor = from;
  for (let start = firstStart; start <= now && Date.now() < until; start += windowMs) {
    const end = start + windowMs;
    const { hits, isCapped } = await deps.sqlDetector.run({
      sql: definition.sql,
      productId: detector.productId,
      windowStartAt: start,
      windowEndAt: end,
    });
    const counted = hits.filter((hit) => hit.score >= detector.threshold);
    const drills = await canaryAccounts(
      deps.db,
      detector.productId,
      counted.map((hit) => hit.accountRef),
    );
    const found = counted.map((hit): NewSignal => ({
      accountRef: hit.accountRef,
      score: hit.score,
      eventId: null,
      contentId: null,
      occurredAt: hit.occurredAt,
      synthetic: drills.has(hit.accountRef),
      dedupeKey: signalKey(detector.versionId, hit, windowMs),
    }));
    // Late events still come into a window for a while after its end, so the cursor stays that long behind.
    const isOver = end + Math.max(windowMs, minuteMs) < now;
    const next: Cursor = isOver ? { ...cursor, windowEnd: new Date(end) } : cursor;
    const filed = await file(deps.db, detector, cursor, next, found);
    cursor = next;
    total = {
      status: isCapped ? 'degraded' : total.status,
      read: total.read + hits.length,
      filed: total.filed + filed.filed,
      casesOpened: total.casesOpened + filed.casesOpened,
    };
  }
  return total;
}

async function file(db: Database, detector: LiveDetector, from: Cursor, to: Cursor, found: readonly NewSignal[]) {
  return db.transaction(async (tx) => {
    if (!(await moveCursor(tx, detector.versionId, from, to))) return { filed: 0, casesOpened: 0 };
    const mode = modeOf(detector.maturity);
    return fileSignals(
      tx,
      {
        detectorVersionId: detector.versionId,
        productId: detector.productId,
        teamId: detector.teamId,
        harm: detector.harm,
        severity: detector.severity,
        mode: mode === 'off' ? 'shadow' : mode,
      },
      found,
    );
  });
}
