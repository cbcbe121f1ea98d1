import type { Database } from '#db/client.ts';
import { recordTransitions } from '#db/repositories/record.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import { createPagingActivities } from './paging.ts';
import type { PagingDeps } from './paging.ts';
import { createResponderActivities } from './responders.ts';

/** The outside world as the activities see it: each part stands behind a port. */
export interface ActivityDeps extends PagingDeps {
  readonly now: () => number;
}

/** All effects of the product, by the task queue that carries them out. */
export function createActivities(deps: ActivityDeps) {
  return {
    store: { ...createRecordActivity(deps.db), ...createResponderActivities(deps.db, deps.now) },
    paging: createPagingActivities(deps),
    platform: {},
    detection: {},
    watching: {},
  };
}
export type Activities = ReturnType<typeof createActivities>;

const createRecordActivity = (db: Database) => ({
  recordTransitions: (input: RecordInput): Promise<void> => recordTransitions(db, input),
});
