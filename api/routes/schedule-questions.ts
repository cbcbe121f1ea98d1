import { z } from 'zod';
import { findGaps } from '#domain/oncall/coverage.ts';
import { onCallAt, segments } from '#domain/oncall/segments.ts';
import { dayMs, toIso } from '#domain/time.ts';
import { handoverNotesFor } from '#db/repositories/handover-notes.ts';
import type { ApiDeps } from '../deps.ts';
import { toSchedule, visibleSchedule } from '../schedule-documents.ts';
import { idOf, instant, outInstant, readProblems, withIsoDates } from '../schemas/common.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const params = z.object({ scheduleId: idOf('schedule') });
const sourceSchema = z.object({
  kind: z.string(),
  temporaryScheduleId: z.string().nullable(),
  layerId: z.string().nullable(),
  overrideIds: z.array(z.string()),
  unavailableIds: z.array(z.string()),
});
const segmentSchema = z.object({
  startAt: outInstant,
  endAt: outInstant,
  people: z.array(z.string()),
  shadows: z.array(z.string()),
  source: sourceSchema,
});
const handoverNoteSchema = z.object({
  id: z.string(),
  authorId: z.string(),
  text: z.string(),
  handOffAt: outInstant,
  createdAt: outInstant,
});
export const span = z.object({ from: instant, to: instant }).strict();
const longestSpanMs = 400 * dayMs;

/** What is asked of a schedule: who is on call, in which stretches, and when nobody is. */
export function registerScheduleQuestions(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/schedules/:scheduleId/on-call',
    {
      config: { access: 'any' },
      schema: {
        params,
        querystring: z.object({ at: instant.optional().describe('Now when left out.') }).strict(),
        response: {
          200: z.object({
            at: outInstant,
            onCall: z.array(z.string()),
            shadows: z.array(z.string()),
            why: sourceSchema.extend({ scheduleId: z.string(), scheduleVersion: z.number().int() }),
            handoverNotes: z.array(handoverNoteSchema).describe('Newest first: what the shifts before left.'),
          }),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const row = await visibleSchedule(deps, request);
      const at = request.query.at === undefined ? Date.now() : Date.parse(request.query.at);
      const { onCall, shadows, why } = onCallAt(toSchedule(row), at);
      return {
        at: toIso(at),
        onCall: [...onCall],
        shadows: [...shadows],
        why: { ...why, ...listsOf(why) },
        handoverNotes: (await handoverNotesFor(deps.db, row.id, at)).map(withIsoDates),
      };
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/segments',
    {
      config: { access: 'any' },
      schema: {
        params,
        querystring: span,
        response: { 200: z.object({ items: z.array(segmentSchema) }), ...readProblems },
      },
    },
    async (request) => {
      const [from, to] = spanOf(request.query);
      const items = segments(toSchedule(await visibleSchedule(deps, request)), from, to).map(
        ({ startAt, endAt, people, shadows, source }) => ({
          startAt: toIso(startAt),
          endAt: toIso(endAt),
          people: [...people],
          shadows: [...shadows],
          source: { ...source, ...listsOf(source) },
        }),
      );
      return { items };
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/gaps',
    {
      config: { access: 'any' },
      schema: {
        params,
        querystring: span,
        response: {
          200: z.object({ items: z.array(z.object({ startAt: outInstant, endAt: outInstant })) }),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const [from, to] = spanOf(request.query);
      const gaps = findGaps(toSchedule(await visibleSchedule(deps, request)), from, to);
      return { items: gaps.map(({ startAt, endAt }) => ({ startAt: toIso(startAt), endAt: toIso(endAt) })) };
    },
  );
}

/** From and to in milliseconds; more than 400 days would be a long answer that nobody reads. */
export function spanOf(query: z.output<typeof span>): [number, number] {
  const from = Date.parse(query.from);
  const to = Date.parse(query.to);
  if (from >= to || to - from > longestSpanMs)
    throw unknownReference('/query/to', 'must be after `from` and at most 400 days after it');
  return [from, to];
}

const listsOf = (source: { readonly overrideIds: readonly string[]; readonly unavailableIds: readonly string[] }) => ({
  overrideIds: [...source.overrideIds],
  unavailableIds: [...source.unavailableIds],
});
