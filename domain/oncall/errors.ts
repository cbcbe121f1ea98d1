import type { ErrorRow } from '../error-row.ts';

export const oncallErrors = {} as const satisfies Record<string, ErrorRow>;
