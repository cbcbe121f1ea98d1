import { row } from '../error-row.ts';
import type { ErrorRow } from '../error-row.ts';

export const caseErrors = {
  'case.no_queue': row('No review queue takes this harm. Create one, so that a person can see the case.', 409),
  'case.no_policy': row(
    'No policy is published for this harm. Publish one, so that there is something to judge by.',
    409,
  ),
  'case.closed': row('This case is closed or merged. Look at its decision, or open a new case for new facts.', 409),
  'case.already_decided': row('This case has its decision. New signals belong into a new case.', 409),
  'case.same_person': row('You have decided on this case before. Another person must decide now.', 403),
  'case.policy_changed': row(
    'You decided under another policy version than the case is pinned to. Read it again.',
    409,
  ),
  'case.already_escalated': row('This case is with senior reviewers already.', 409),
  'case.enforcement_without_violation': row('Only a violation can be enforced. Leave the enforcement out.', 422),
  'case.merge_into_itself': row('A case cannot be merged into itself.', 422),
  'case.merge_of_drill': row('A drill and a real case are never merged.', 409),
  'case.not_a_drill': row('This case is real. Only a decision of a person closes it.', 409),
  'task.settled': row('This task has been decided or withdrawn. Take the next one.', 409),
  'task.unknown': row('This task is not the one that the case waits for.', 409),
  'task.leased': row('Someone else holds this task now. Take the next one.', 409),
  'task.lease_lost': row('Your lease has passed to someone else. Claim a task again.', 409),
  'task.lease_expired': row('Your lease has ended. Claim the task again before you open it.', 409),
  'task.lease_limit': row('You have held this task as long as a lease can last. Decide, or give it back.', 409),
  'task.excluded': row('You may not take this task: you have decided on this case, or passed it on.', 403),
  'task.not_for_you': row('This task needs a role, a queue or a consent that you do not have.', 403),
} as const satisfies Record<string, ErrorRow>;
