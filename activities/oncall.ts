import type { Database } from '#db/client.ts';
import { listOpenNotices } from '#db/repositories/oncall-notices.ts';
import { lookAtSchedules, untilNextLook } from '#db/repositories/schedule-watches.ts';
import { tellOfBegunMaintenance, untilNextMaintenance } from '#db/repositories/services.ts';
import { expireSwapRequests } from '#db/repositories/swap-requests.ts';

/** What there is to send, and how long the watch may sleep. */
export interface WatchResult {
  readonly noticeIds: readonly string[];
  /** Until something is due that is known now, milliseconds; null when nothing is. */
  readonly nextInMs: number | null;
}

/** Rows that one round takes of each kind; what is more waits for the next round, which follows at once. */
const batch = 25;

/** What happens on call without anybody asking: by the clock of Postgres, and each thing once however often it is called. */
export function createOncallActivities(db: Database) {
  return {
    async watchOncall(): Promise<WatchResult> {
      // Maintenance first: a page that it forbids may be due in this moment.
      const begun = await tellOfBegunMaintenance(db, batch);
      const looked = await lookAtSchedules(db, batch);
      const expired = await expireSwapRequests(db, batch);
      const noticeIds = await listOpenNotices(db, batch);
      if ([begun, looked, expired, noticeIds.length].includes(batch)) return { noticeIds, nextInMs: 0 };
      const waits = [await untilNextMaintenance(db), await untilNextLook(db)].filter((wait) => wait !== null);
      return { noticeIds, nextInMs: waits.length === 0 ? null : Math.ceil(Math.min(...waits)) };
    },
  };
}
