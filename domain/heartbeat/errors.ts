import { row } from '../error-row.ts';
import type { ErrorRow } from '../error-row.ts';

export const heartbeatErrors = {
  'heartbeat.closed': row('The monitor is closed. Create another one under a new key.', 409),
  'heartbeat.paused': row('The monitor is paused already.', 409),
  'heartbeat.not_paused': row('The monitor is not paused, so there is nothing to resume.', 409),
} as const satisfies Record<string, ErrorRow>;
