import type { ErrorRow } from '../error-row.ts';
import { row } from '../error-row.ts';

export const intakeErrors = {
  'intake.unreadable': row(
    'The body is not what this format holds, or its mapping finds nothing in it. Correct the named places.',
    400,
  ),
} as const satisfies Record<string, ErrorRow>;
