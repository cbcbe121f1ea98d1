import { z } from 'zod';
import type { ShownSignal } from '#db/repositories/fact-lists.ts';
import { outInstant, severity, withIsoDates } from './common.ts';

export const signalSchema = z
  .object({
    id: z.string(),
    detectorVersionId: z.string(),
    productId: z.string(),
    accountRef: z.string(),
    harm: z.string(),
    severity,
    score: z.number(),
    eventId: z.string().nullable(),
    contentId: z.string().nullable(),
    mode: z.string(),
    synthetic: z.boolean(),
    occurredAt: outInstant,
    createdAt: outInstant,
  })
  .meta({ id: 'Signal' });

export const toSignalView = (row: ShownSignal) => ({ ...withIsoDates(row), severity: row.severity as 1 | 2 | 3 | 4 });
