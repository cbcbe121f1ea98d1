import type { Database } from '#db/client.ts';
import { recordTransitions } from '#db/repositories/record.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import { createPagingActivities } from './paging.ts';
import type { PagingDeps } from './paging.ts';
import { createResponderActivities } from './responders.ts';

/** The outside world as the activities see it: each part stands behind a port. */
export type ActivityDeps = PagingDeps;

/** All effects of the product, by the task queue that carries them out. */
export function createActivities(deps: ActivityDeps) {
  return {
    store: { ...createRecordActivity(deps.db), ...createResponderActivities(deps.db) },
    paging: createPagingActivities(deps),
    platform: { noop: async () => undefined },
    detection: { noop: async () => undefined },
    watching: {},
  };
}
export type Activities = ReturnType<typeof createActivities>;

const createRecordActivity = (db: Database) => ({
  recordTransitions: (input: RecordInput): Promise<void> => recordTransitions(db, input),
});
