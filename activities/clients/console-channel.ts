import type { Logger } from 'pino';
import { wireTitle } from './pager-channels.ts';
import type { PagerChannel } from './pager-channels.ts';

/**
 * Pages by a line of the worker's log: for development, and as a last trace where nothing else is configured. The line
 * has no acknowledgement link, which is a secret; the escalation's id is enough to acknowledge by the command line.
 */
export function createConsoleChannel(logger: Pick<Logger, 'warn'>): PagerChannel {
  return {
    name: 'console',
    carriesLink: false,
    send(message) {
      const { deliveryId, escalationId, kind, severity, possibleDuplicate } = message;
      logger.warn({ deliveryId, escalationId, kind, severity, possibleDuplicate }, `page: ${wireTitle(message)}`);
      return Promise.resolve({ outcome: 'sent' });
    },
  };
}
