import { z } from 'zod';
import type { ChangeLink } from '#domain/intake/change-event.ts';
import type { ChangeEventRow } from '#db/repositories/change-events.ts';
import { outInstant, withIsoDates } from './common.ts';

export const changeEventSchema = z
  .object({
    id: z.string(),
    serviceId: z.string(),
    reportedBy: z.string(),
    summary: z.string(),
    source: z.string().nullable(),
    happenedAt: outInstant,
    details: z.unknown(),
    links: z.array(z.object({ href: z.string(), text: z.string().nullable() })),
    receivedAt: outInstant,
  })
  .meta({ id: 'ChangeEvent' });

export const toChangeEvent = ({ seq: _seq, links, ...row }: ChangeEventRow) =>
  withIsoDates({ ...row, links: (links ?? []) as ChangeLink[] });
