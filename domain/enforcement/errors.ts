import { row } from '../error-row.ts';
import type { ErrorRow } from '../error-row.ts';

export const enforcementErrors = {
  'enforcement.synthetic': row('A drill is never enforced.', 422),
  'enforcement.duration_unfit': row('This action cannot have that duration. See the action catalogue.', 422),
  'enforcement.target_unfit': row('This action has another kind of target. See the action catalogue.', 422),
  'enforcement.same_person': row('Four eyes: whoever decided cannot approve. Ask a second person.', 403),
  'enforcement.not_awaiting_approval': row('This order does not wait for an approval.', 409),
  'enforcement.approval_expired': row('The time to approve this order has passed. It needs a new decision.', 409),
  'enforcement.not_in_force': row('This order is not in force with an end, so it cannot be made permanent.', 409),
  'enforcement.not_permanent_kind': row('This action does not last, so it cannot be made permanent.', 422),
  'enforcement.already_reversed': row('This order is reversed or about to be.', 409),
  'enforcement.ended': row('This order has ended. It needs a new decision.', 409),
  'enforcement.nothing_to_retry': row('Nothing of this order has failed.', 409),
  'enforcement.stopped': row('The kill switch stops this order. Clear the switch, or reverse the order.', 409),
} as const satisfies Record<string, ErrorRow>;
