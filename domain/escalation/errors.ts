import { row } from '../error-row.ts';
import type { ErrorRow } from '../error-row.ts';

export const escalationErrors = {
  'escalation.resolved': row(
    'The escalation is resolved. The detail says when and by whom; a new alert opens a new one.',
    409,
  ),
  'escalation.held': row(
    'Paging is withheld. It begins at rung 1 when the hold ends; until then acknowledge or resolve.',
    409,
  ),
  'escalation.paging_withheld': row(
    'Nobody is paged while it is snoozed or held. Wake it first, then add people.',
    409,
  ),
  'escalation.not_acknowledged': row('It is not acknowledged, so there is nothing to take back.', 409),
  'escalation.already_escalated': row(
    'It has escalated since the page that you answered. Look at it again and repeat.',
    409,
  ),
  'escalation.stale_reply': row('It was paged anew since what you saw. Look at it again and repeat.', 409),
  'escalation.unknown_page': row('This escalation knows no such page. Answer a newer one or name none.', 409),
  'escalation.shadow_cannot_stop': row(
    'You are a shadow here: you are paged to learn, and cannot stop it. Ask a responder.',
    403,
  ),
  'escalation.snooze_in_past': row('The snooze must end in the future.', 422),
  'escalation.snooze_too_long': row('A snooze ends at most 7 days from now. Choose an earlier end.', 422),
  'escalation.responder_exists': row('This person is being paged already.', 409),
  'escalation.too_many_responders': row('It has as many responders as one escalation can hold.', 409),
  'escalation.no_own_pages': row('No further page to you is waiting, so there is none to stop.', 409),
  'escalation.policy_already_current': row('It follows this version of the policy already.', 409),
  'page_link.unknown': row(
    'This link is not known: it may have been cut short. Open the one in the newest page that you got.',
    404,
  ),
  'page_link.expired': row(
    'This link is over 60 minutes old and works no more. Open the one in the newest page that you got.',
    410,
  ),
  'page_link.not_from_page': row('Open the link and press the button on its page: nothing else acknowledges.', 403),
  'page_link.undo_over': row(
    'There is nothing that this link can take back any more. Use the command line, or tell a colleague.',
    409,
  ),
  'escalation.policy_invalid': row('The escalation policy has problems. Correct the named fields.', 422),
} as const satisfies Record<string, ErrorRow>;
