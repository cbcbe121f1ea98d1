import { row } from '../error-row.ts';
import type { ErrorRow } from '../error-row.ts';

export const intakeErrors = {
  'intake.overloaded': row('More comes in than can be stored now, and nothing of this was. Send it again soon.', 503, {
    retryable: true,
  }),
  'intake.key_unknown': row('The key is unknown or revoked, or its integration is disabled.', 404),
  'intake.unreadable': row(
    'The body is not what this format holds, or its mapping finds nothing in it. Correct the named places.',
    400,
  ),
  'intake.keys_in_use': row('Two keys are live already. Revoke one of them first.', 409),
  'intake.key_taken': row(
    'This key cannot be used here: one like it is live already. Revoke it there, or let Vigil make a new one.',
    409,
  ),
  'intake.rule_over': row('This rule has ended or expired. Make a new one.', 409),
} as const satisfies Record<string, ErrorRow>;
