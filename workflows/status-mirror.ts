import * as wf from '@temporalio/workflow';
import { hourMs, minuteMs, secondMs } from '#domain/time.ts';
import { statusChanged } from './contract.ts';
import { mirroring } from './options.ts';

/** How long it is tried after the last change; then it is given up, and the row says so. */
const patienceMs = 6 * hourMs;
const longestWaitMs = 10 * minuteMs;

/**
 * Shows how an escalation stands wherever it is shown: the messages of its pages, and another pager beside Vigil.
 *
 * One run per escalation at a time, so an older state never overtakes a newer one. Each attempt reads how things stand now;
 * changes that come meanwhile lead to one more attempt, however many they are. What cannot be shown is tried ever more
 * rarely, and at once after the next change, but never sooner than the other side has asked for.
 */
export async function statusMirror(escalationId: string): Promise<void> {
  let isNews = true;
  wf.setHandler(statusChanged, () => {
    isNews = true;
  });
  let failures = 0;
  let triedSince = Date.now();
  for (;;) {
    if (isNews) {
      failures = 0;
      triedSince = Date.now();
    }
    isNews = false;
    const isLast = Date.now() - triedSince >= patienceMs;
    const { retryAfterMs } = await mirroring.showStatus(escalationId, isLast);
    // The handler may have been called meanwhile, which the compiler does not see.
    const hasNews = () => isNews;
    if (retryAfterMs === null || isLast) {
      if (!hasNews()) return;
    } else {
      const waitMs = Math.min(secondMs * 2 ** failures++, longestWaitMs);
      if (retryAfterMs > 0) await wf.sleep(retryAfterMs);
      if (retryAfterMs < waitMs) await wf.condition(hasNews, waitMs - retryAfterMs);
    }
    if (wf.workflowInfo().continueAsNewSuggested) await wf.continueAsNew<typeof statusMirror>(escalationId);
  }
}
