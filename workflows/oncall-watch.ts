import * as wf from '@temporalio/workflow';
import { orElse } from './lib/durable.ts';
import { paging, store } from './options.ts';

/** However little is known to be due, it looks this often: somebody may have changed something. */
const lookEveryMs = 10_000;

/**
 * Watches over schedules for a while: tells people that they come on call, teams that nobody will be, and open escalations
 * that maintenance has begun.
 *
 * A Temporal Schedule starts it again and again, and two never overlap, so a run that fails is replaced by the next. What
 * was told stands in Postgres: no run tells it twice. Notices go out beside the looking, so that a phone that does not
 * answer holds up nobody else; those on their way are awaited at the end. `runForMs` 0 looks once.
 */
export async function oncallWatch(runForMs: number): Promise<void> {
  const until = Date.now() + runForMs;
  const sending = new Set<string>();
  const send = async (id: string): Promise<void> => {
    sending.add(id);
    await orElse(paging.sendNotice(id), undefined);
    sending.delete(id);
  };

  for (let isLast = false; ;) {
    const { noticeIds, nextInMs } = await store.watchOncall();
    if (!isLast) for (const id of noticeIds) if (!sending.has(id)) void send(id);
    // A moment at the least: what is due in this instant may not be due by the clock of Postgres.
    const wait = Math.max(200, Math.min(nextInMs ?? lookEveryMs, lookEveryMs));
    isLast ||= Date.now() + wait > until;
    if (!isLast) await wf.sleep(wait);
    else if (await wf.condition(() => sending.size === 0, wait)) return;
  }
}
