import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { scorer } from './bayes.ts';
import type { Model } from './bayes.ts';
import { installFaults } from './faults.ts';
import type { FaultMode } from './faults.ts';
import { openLog } from './log.ts';
import { bodyOf, createServer, expectShape, Refused } from './server.ts';

export interface ClassifierOptions {
  readonly model: Model;
  readonly logFile?: string | null;
  readonly now?: () => number;
}

/** Counts only: texts are never written down. */
type ClassifierRecord =
  | { readonly type: 'scored'; readonly items: number; readonly spam: number }
  | { readonly type: 'fault'; readonly mode: FaultMode; readonly route: string };

const scoreSchema = z.strictObject({
  items: z
    .array(z.strictObject({ id: z.string().min(1).max(200), text: z.string().max(20_000) }))
    .min(1)
    .max(500),
});

const bodyLimit = 4 * 1024 * 1024;

/**
 * A text classifier as an outside service: `POST /v1/score` gives each text the estimated probability that it is spam.
 * Keeps nothing about the texts. Ids must be distinct within a request, since results are found by them.
 */
export function createClassifier(options: ClassifierOptions): FastifyInstance {
  const score = scorer(options.model);
  const log = openLog<ClassifierRecord>(options.logFile ?? null, options.now ?? Date.now);
  const app = createServer({ bodyLimit });
  const faults = installFaults(app, {
    permanentStatus: 422,
    onUsed: (mode, route) => log.append({ type: 'fault', mode, route }),
  });

  const answer = faults.around((request) => {
    const { items } = expectShape(scoreSchema, bodyOf(request));
    if (new Set(items.map((item) => item.id)).size !== items.length) {
      throw new Refused(422, 'repeated_id', 'each id may come once in a request');
    }
    const results = items.map((item) => ({ id: item.id, ...score(item.text) }));
    const spam = results.filter((result) => result.label === 'spam').length;
    log.append({ type: 'scored', items: results.length, spam });
    return { model: options.model.name, results };
  });

  app.post('/v1/score', answer);
  app.get('/log', () => ({ records: log.records }));
  return app;
}
