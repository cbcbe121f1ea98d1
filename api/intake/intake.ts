import { VigilError } from '#domain/errors.ts';
import { servicesOf } from '#domain/intake/integration.ts';
import type { Sender } from '#domain/intake/integration.ts';
import type { Accepted, SourceReport } from '#domain/intake/report.ts';
import type { Database } from '#db/client.ts';
import { acceptRequests } from '#db/repositories/intake/accept.ts';
import type { IntakeRequest } from '#db/repositories/intake/accept.ts';
import { liveSuppressionRules } from '#db/repositories/suppression-rules.ts';
import { KeyedQueue } from './queue.ts';
import type { Waiting } from './queue.ts';
import { writeApart } from './write-apart.ts';

/** The one way in for what senders report. Every front door reads its own format and calls this. */
export interface Intake {
  /**
   * Stores what one sender reports and tells what became of each report, in their order. Answers after the commit: nothing
   * that was answered is lost, whatever happens to this process or to Temporal.
   *
   * Of one call either all is stored or nothing. Fails with `intake.overloaded` (retryable, nothing was stored, `detail`
   * names `retryAfterSeconds`) when more comes in than can be stored within about a second.
   */
  accept(sender: Sender, reports: readonly SourceReport[]): Promise<Accepted[]>;
  /** Resolves when what was taken is stored. What comes later is refused as overload. */
  close(): Promise<void>;
}

export interface IntakeOptions {
  readonly db: Database;
  /** Told what became of the reports of one call, after the commit. Must not throw. */
  readonly onAccepted?: (accepted: readonly Accepted[]) => void;
  /** Transactions side by side: one is being written while the other commits. */
  readonly lanes?: number;
  /** Reports that one transaction writes. */
  readonly batch?: number;
  /** Reports that may wait, in all. */
  readonly waitingAtMost?: number;
  /** Longer than this nobody waits: a call that would is turned away at once, milliseconds. */
  readonly waitAtMostMs?: number;
  /** Transactions that write for more than one call begin at least this far apart, milliseconds. */
  readonly gatherMs?: number;
}

interface Call extends Waiting<IntakeRequest> {
  resolve(accepted: Accepted[]): void;
  reject(error: unknown): void;
}

/**
 * Gathers what comes in while a transaction runs, and writes it all with the next one: the price of a commit is shared,
 * the more the more comes in. A key is in one transaction at a time, and its reports keep their order.
 */
export function createIntake(options: IntakeOptions): Intake {
  const { db, lanes = 2, batch = 200, waitingAtMost = 5_000, waitAtMostMs = 1_000, gatherMs = 8 } = options;
  const queue = new KeyedQueue<Call>();
  const running = new Set<Promise<void>>();
  let isClosed = false;
  /** How long a transaction takes, milliseconds: the mean of the last ones. */
  let batchMs = 0;
  /** When the last one began, and whether it wrote for more than one: only then is it worth to wait for others. */
  let last = { began: Number.NEGATIVE_INFINITY, isShared: false };
  let gathering: NodeJS.Timeout | null = null;

  return {
    accept(sender, reports) {
      if (reports.length === 0) return Promise.resolve([]);
      if (isClosed || isTooMuch(reports.length)) return Promise.reject(overloaded());
      return new Promise((resolve, reject) => {
        const request = { sender, reports };
        queue.add({
          request,
          keys: keysOf(request),
          weight: reports.length,
          since: performance.now(),
          resolve,
          reject,
        });
        start();
      });
    },
    async close() {
      isClosed = true;
      stopGathering();
      start();
      while (running.size > 0) await Promise.all(running);
    },
  };

  function isTooMuch(more: number): boolean {
    if (queue.isEmpty) return false;
    const waitedMs = performance.now() - (queue.oldest ?? Number.POSITIVE_INFINITY);
    const waitMs = (Math.ceil(queue.weight / batch) * batchMs) / lanes;
    return queue.weight + more > waitingAtMost || waitedMs > waitAtMostMs || waitMs > waitAtMostMs;
  }

  function start(): void {
    while (running.size < lanes && !queue.isEmpty) {
      if (gather()) return;
      const calls = queue.take(batch);
      if (calls.length === 0) return;
      last = { began: performance.now(), isShared: calls.length > 1 };
      const writing = write(calls).finally(() => {
        running.delete(writing);
        queue.release(calls);
        stopGathering();
        start();
      });
      running.add(writing);
    }
  }

  /**
   * While much comes in, a moment's wait halves the cost: fifty alerts a transaction cost half of what ten do. Beside one
   * that runs the next waits longer, an alert that comes alone never does.
   */
  function gather(): boolean {
    if (gathering !== null) return true;
    const apartMs = running.size === 0 ? gatherMs : 2.5 * gatherMs;
    const waitMs = last.began + apartMs - performance.now();
    if (isClosed || !last.isShared || waitMs <= 0 || queue.weight >= batch) return false;
    gathering = setTimeout(() => {
      gathering = null;
      start();
    }, waitMs);
    return true;
  }

  function stopGathering(): void {
    if (gathering !== null) clearTimeout(gathering);
    gathering = null;
  }

  async function write(calls: readonly Call[]): Promise<void> {
    const began = performance.now();
    try {
      const rules = await liveSuppressionRules(db);
      const requests = calls.map(({ request }) => request);
      const accept = (some: readonly IntakeRequest[]) => db.transaction((tx) => acceptRequests(tx, some, rules));
      const answers = await writeApart(requests, accept);
      for (const [index, call] of calls.entries()) {
        const answer = answers[index];
        if (answer === undefined) call.reject(new Error('a call has no answer'));
        else if (answer.isStored) {
          options.onAccepted?.(answer.accepted);
          call.resolve(answer.accepted);
        } else call.reject(answer.error);
      }
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
    batchMs = batchMs * 0.8 + (performance.now() - began) * 0.2;
  }

  function overloaded(): VigilError {
    return new VigilError('intake.overloaded', { retryAfterSeconds: 1 });
  }
}

/** The keys that a request may write: with routes, at each service that they name. */
const keysOf = ({ sender, reports }: IntakeRequest): string[] =>
  servicesOf(sender.document.routes, sender.serviceId).flatMap((serviceId) =>
    reports.map(({ dedupKey }) => `${serviceId}\u0000${dedupKey}`),
  );
