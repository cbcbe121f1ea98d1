import { eq } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { notes } from '../schema/index.ts';

/** Keeps free text where it can be erased, and hands out the id that workflows and audit events may hold. */
export async function insertNote(
  db: Queryable,
  authorId: string,
  body: string,
  id: string = newId('note'),
): Promise<string> {
  await db.insert(notes).values({ id, authorId, body });
  return id;
}

export async function findNote(db: Queryable, id: string) {
  const [row] = await db.select().from(notes).where(eq(notes.id, id));
  return row ?? null;
}
