import { createCanaryActivities } from './canaries.ts';
import { createCaseActivities } from './cases.ts';
import { createDetectionActivities } from './detection.ts';
import type { DetectionDeps } from './detection.ts';
import { createHeartbeatActivities } from './heartbeats.ts';
import { createLaunchActivities, createLaunchMeasurements, createRehearsal } from './launch.ts';
import { createNoticeActivities } from './notices.ts';
import { createOncallActivities } from './oncall.ts';
import { createOrderActivities } from './orders.ts';
import { createPagingActivities } from './paging.ts';
import type { PagingDeps } from './paging.ts';
import { createPlatformActivities } from './platform.ts';
import type { PlatformDeps } from './platform.ts';
import { createRecordActivity } from './record.ts';
import { createResponderActivities } from './responders.ts';
import { createMirrorActivities } from './status-mirror.ts';
import type { MirrorDeps } from './status-mirror.ts';

/** The outside world as the activities see it: each part stands behind a port. */
export type ActivityDeps = PagingDeps & PlatformDeps & DetectionDeps & MirrorDeps;

/** All effects of the product, by the kind of resource that they need: each kind has a task queue of its own. */
export function createActivities(deps: ActivityDeps) {
  const { db } = deps;
  return {
    store: {
      ...createRecordActivity(deps),
      ...createResponderActivities(deps),
      ...createCaseActivities(db),
      ...createOrderActivities(db),
      ...createCanaryActivities(db),
      ...createHeartbeatActivities(db),
      ...createLaunchActivities(db),
      ...createOncallActivities(db),
    },
    paging: { ...createPagingActivities(deps), ...createNoticeActivities(deps) },
    mirroring: createMirrorActivities(deps),
    platform: { ...createPlatformActivities(deps), ...createRehearsal(db, deps.enforcementApi) },
    detection: { ...createDetectionActivities(deps), ...createLaunchMeasurements(db, deps.sweepEveryMs) },
  };
}
export type Activities = ReturnType<typeof createActivities>;
