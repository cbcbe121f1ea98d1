import { z } from 'zod';
import { listCircuits } from '#db/repositories/provider-circuits.ts';
import type { ApiDeps } from '../deps.ts';
import { listProblems, outInstant, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const providerSchema = z
  .object({
    provider: z.string().describe('A channel, or a channel and the host that it calls.'),
    state: z.string().describe('open: no calls are made. half_open: one trial at a time. closed: all is well.'),
    failures: z.number().int().describe('Failed calls in a row when the state last changed.'),
    refused: z.number().int().describe('Calls that the worker which saw the change had not made since its start.'),
    openedAt: outInstant.nullable().describe('Since when calls have kept failing.'),
    retryAt: outInstant.nullable().describe('When the next trial is let through.'),
    updatedAt: outInstant,
  })
  .meta({ id: 'Provider' });

/** The services that carry pages: which of them are in trouble, as the workers see it. */
export function registerProviders(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/providers',
    {
      config: { access: 'any' },
      schema: {
        description:
          'Providers whose circuit has ever changed, those in trouble first. One that is missing never failed.',
        response: { 200: z.object({ items: z.array(providerSchema) }), ...listProblems },
      },
    },
    async () => ({ items: (await listCircuits(deps.db)).map((row) => withIsoDates(row)) }),
  );
}
