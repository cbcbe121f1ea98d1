import type { ErrorRow } from '../error-row.ts';
import { row } from '../error-row.ts';

export const oncallErrors = {
  'oncall.zone_unknown': row('Name a time zone of the IANA database, spelled as there: Europe/London.', 422),
  'oncall.schedule_invalid': row('The schedule cannot be used as it is. Correct what the pointers name.', 422),
  'oncall.override_invalid': row('The override cannot be used as it is. Correct what the pointers name.', 422),
  'oncall.override_self': row('A person cannot stand in for themselves. Name another person.', 422),
  'oncall.override_conflict': row(
    'Another override already says something about this person in this time. Change that one.',
    409,
  ),
  'oncall.temporary_schedule_conflict': row(
    'Another temporary schedule already decides in this time. Change or remove that one.',
    409,
  ),
  'oncall.mark_conflict': row('Another mark already says this about the person in this time.', 409),
  'oncall.period_over': row('This lies in the past. Only what is still to come can be changed.', 422),
  'oncall.not_going_off': row(
    'You hand over nothing here: a note to the next shift is written by who is on call or has just been.',
    409,
  ),
  'oncall.rules_invalid': row(
    'The notification rules cannot be used as they are. Correct what the pointers name.',
    422,
  ),
  'oncall.swap_period': row(
    'Each shift of a swap must end after it starts and lie ahead; the request must expire before both.',
    422,
  ),
  'oncall.swap_not_party': row(
    'Only the two people of a swap decide on it; an on-call manager may propose it for them.',
    403,
  ),
  'oncall.swap_already_agreed': row('You agreed to this swap already. It waits for the other person.', 409),
  'oncall.swap_shift_moved': row(
    'One of the two shifts is no longer where the request says. Propose the swap again.',
    409,
  ),
  'oncall.swap_closed': row('This swap request is closed. Propose a new one.', 409),
  'contact.needs_no_proof': row('Contact methods of this channel are used without a code. Send a test instead.', 422),
  'contact.too_many': row(
    'This contact method, or its owner, had as many codes and tests as may be sent for now. Wait ten minutes.',
    429,
    { retryable: true },
  ),
  'contact.code_over': row(
    'There is no code to type back: none was sent, it is over ten minutes old, or it was tried too often. Ask for another.',
    410,
  ),
  'contact.code_wrong': row('That is not the code. Look at the newest message and try again.', 422),
} as const satisfies Record<string, ErrorRow>;
