import { and, desc, eq, gt, lte } from 'drizzle-orm';
import { dayMs } from '#domain/time.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { handoverNotes, notes } from '../schema/index.ts';
import { insertNote } from './notes.ts';

export type HandoverNoteRow = typeof handoverNotes.$inferSelect;

/** Keeps the text as a note. */
export async function insertHandoverNote(
  tx: Transaction,
  note: { scheduleId: string; authorId: string; handOffAt: Date; text: string },
): Promise<HandoverNoteRow> {
  const { text, ...rest } = note;
  const noteId = await insertNote(tx, note.authorId, text);
  const [row] = await tx
    .insert(handoverNotes)
    .values({ id: newId('handoverNote'), noteId, ...rest })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

/** Older notes are of no use to who is on call. */
const freshForMs = 14 * dayMs;

/** What the shifts before left to who is on call at `at`: the newest five notes of two weeks, with their texts. */
export async function handoverNotesFor(db: Queryable, scheduleId: string, at: number) {
  return db
    .select({
      id: handoverNotes.id,
      authorId: handoverNotes.authorId,
      text: notes.body,
      handOffAt: handoverNotes.handOffAt,
      createdAt: handoverNotes.createdAt,
    })
    .from(handoverNotes)
    .innerJoin(notes, eq(notes.id, handoverNotes.noteId))
    .where(
      and(
        eq(handoverNotes.scheduleId, scheduleId),
        lte(handoverNotes.createdAt, new Date(at)),
        gt(handoverNotes.createdAt, new Date(at - freshForMs)),
      ),
    )
    .orderBy(desc(handoverNotes.createdAt), desc(handoverNotes.id))
    .limit(5);
}
