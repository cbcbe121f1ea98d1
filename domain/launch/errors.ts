import type { ErrorRow } from '../error-row.ts';

export const launchErrors = {} as const satisfies Record<string, ErrorRow>;
