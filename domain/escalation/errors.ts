import type { ErrorRow } from '../error-row.ts';

export const escalationErrors = {} as const satisfies Record<string, ErrorRow>;
