import { recordTransitions } from '#db/repositories/record.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import type { Database } from '#db/client.ts';

export interface RecordDeps {
  readonly db: Database;
  /** The keys of the services whose escalations are shown elsewhere as a whole too: changes of the others concern their pages only. */
  readonly mirroredServices?: ReadonlySet<string>;
}

/** Writes versions of an aggregate into its row and its audit chain. Safe to repeat: what is recorded is passed over. */
export const createRecordActivity = ({ db, mirroredServices = new Set() }: RecordDeps) => ({
  recordTransitions: (input: RecordInput): Promise<void> => recordTransitions(db, input, { mirroredServices }),
});
