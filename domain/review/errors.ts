import type { ErrorRow } from '../error-row.ts';

export const caseErrors = {} as const satisfies Record<string, ErrorRow>;
