import { z } from 'zod';
import { newId } from '#db/ids.ts';
import { findNote, insertNote } from '#db/repositories/notes.ts';
import { mayReadAll } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, note, outInstant, readProblems, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const noteSchema = z
  .object({ id: z.string(), authorId: z.string(), body: z.string(), createdAt: outInstant })
  .meta({ id: 'Note' });

/** Notes: the free text that people write. Intakes, workflows and audit events name a note and never hold its text. */
export function registerNotes(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/notes',
    {
      config: { access: 'any' },
      schema: {
        headers: idempotencyHeaders,
        body: z.object({ body: note }).strict(),
        response: { 201: z.object({ id: z.string() }), ...createProblems },
      },
    },
    async (request, reply) =>
      // The text is not kept a second time as an answer.
      once(deps, request, reply, async (tx) => {
        const id = await insertNote(tx, personOf(request).id, request.body.body, newId('note'));
        return { status: 201, body: { id } };
      }),
  );

  app.get(
    '/v1/notes/:noteId',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ noteId: idOf('note') }),
        response: {
          200: noteSchema.describe('For its author and for those who may read everything.'),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const row = found(await findNote(deps.db, request.params.noteId));
      const principal = principalOf(request);
      return withIsoDates(found(row.authorId === principal.id || mayReadAll(principal) ? row : null));
    },
  );
}
