import { z } from 'zod';
import { secondMs } from '#domain/time.ts';
import type { HttpClient } from './http.ts';

export interface DetectorItem {
  readonly id: string;
  readonly text: string;
}

/** A detector's opinion of one item. `label` and the model's name are the service's words, held to short plain ones. */
export interface ItemScore {
  readonly id: string;
  /** 0 to 1. */
  readonly score: number;
  readonly label: string;
}

export interface DetectorAnswer {
  readonly model: string;
  /** In the order of the items. */
  readonly results: readonly ItemScore[];
  /** Items that it gave no score for. Not scored is not innocent: when there are any, the answer is degraded. */
  readonly missingIds: readonly string[];
  /** Results for items that nobody asked about; dropped. */
  readonly unknownIds: number;
}

/** Items that one call may carry. */
export const largestBatch = 200;

const shortWord = z.string().regex(/^[\x20-\x7e]{1,64}$/);

const answer = z.object({
  model: shortWord,
  results: z
    .array(z.object({ id: z.string().max(200), score: z.number().min(0).max(1), label: shortWord }))
    // Room for results that nobody asked for, which are counted, and no more.
    .max(2 * largestBatch)
    .refine((results) => new Set(results.map(({ id }) => id)).size === results.length, 'two scores for one item'),
});

/**
 * A scoring service behind the contract `POST {url}` `{ items: [{ id, text }] }` → `{ model, results: [{ id, score, label }] }`.
 * Scoring changes nothing over there, so a call is safe to repeat.
 */
export interface HttpDetector {
  /**
   * Scores one batch. Fails with `OutgoingError`; an answer with two scores for one item, or a score outside 0 to 1, is
   * garbage as a whole. Fails with a RangeError for more items than `largestBatch`, or two of one id.
   */
  score(items: readonly DetectorItem[], signal?: AbortSignal): Promise<DetectorAnswer>;
}

export function createHttpDetector(options: {
  readonly http: HttpClient;
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** Default 30 seconds. */
  readonly timeoutMs?: number;
}): HttpDetector {
  const { http, url, timeoutMs = 30 * secondMs } = options;
  const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  return {
    async score(items, signal) {
      const asked = new Set(items.map(({ id }) => id));
      if (items.length > largestBatch) throw new RangeError(`a batch has at most ${largestBatch} items`);
      if (asked.size !== items.length) throw new RangeError('a batch has each id once');
      const body = JSON.stringify({ items: items.map(({ id, text }) => ({ id, text })) });
      const { model, results } = await http.postJson(
        { provider: 'http-detector', url, headers, body, timeoutMs, signal },
        answer,
      );
      const byId = new Map(results.map((result) => [result.id, result]));
      const found = items.map(({ id }) => byId.get(id)).filter((result) => result !== undefined);
      return {
        model,
        results: found,
        missingIds: items.filter(({ id }) => !byId.has(id)).map(({ id }) => id),
        unknownIds: results.length - found.length,
      };
    },
  };
}
