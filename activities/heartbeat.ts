import { Context } from '@temporalio/activity';
import { secondMs } from '#domain/time.ts';

const everyMs = secondMs;

/**
 * Beats for as long as the work goes on, so that the server notices within seconds that this process died, and not only
 * when the time for the whole work is over.
 */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
