import type { ErrorRow } from '../error-row.ts';

export const enforcementErrors = {} as const satisfies Record<string, ErrorRow>;
