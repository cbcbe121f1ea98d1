import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { handsOverAt } from '#domain/oncall/notices.ts';
import { databaseNow } from '#db/now.ts';
import { insertHandoverNote } from '#db/repositories/handover-notes.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { toSchedule, visibleSchedule } from '../schedule-documents.ts';
import { createProblems, idOf, note, outInstant, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const handoverNoteSchema = z
  .object({
    id: z.string(),
    scheduleId: z.string(),
    authorId: z.string(),
    noteId: z.string(),
    handOffAt: outInstant.describe('When its author goes off, or went off.'),
    createdAt: outInstant,
  })
  .meta({ id: 'HandoverNote' });

/** What one shift leaves to the next; it is read where one asks who is on call. */
export function registerHandoverNotes(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/schedules/:scheduleId/handover-notes',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ scheduleId: idOf('schedule') }),
        headers: idempotencyHeaders,
        body: z.object({ note }).strict(),
        response: { 201: handoverNoteSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const schedule = await visibleSchedule(deps, request);
      // The text is not kept a second time as an answer.
      return once(deps, request, reply, async (tx) => {
        const { id: authorId } = personOf(request, schedule.teamId);
        const handOffAt = handsOverAt(toSchedule(schedule), authorId, await databaseNow(tx));
        if (handOffAt === null) throw new VigilError('oncall.not_going_off');
        const row = await insertHandoverNote(tx, {
          scheduleId: schedule.id,
          authorId,
          handOffAt: new Date(handOffAt),
          text: request.body.note,
        });
        await auditChange(tx, request, { kind: 'schedule', id: schedule.id }, 'handoverNoteLeft', {
          noteId: row.noteId,
          handOffAt: row.handOffAt.toISOString(),
        });
        return { status: 201, body: withIsoDates(row) };
      });
    },
  );
}
