import type { ErrorRow } from '../error-row.ts';

export const detectionErrors = {} as const satisfies Record<string, ErrorRow>;
