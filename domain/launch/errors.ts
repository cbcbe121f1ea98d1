import { row } from '../error-row.ts';
import type { ErrorRow } from '../error-row.ts';

export const launchErrors = {
  'launch.closed': row('This launch is sustained or aborted. Nothing in it changes any more.', 409),
  'launch.role_required': row(
    'This takes a role that you do not hold. The detail names the roles that may do it.',
    403,
  ),
  'launch.same_person': row('You did the first half of this. A second person must do the other.', 403),
  'launch.too_many_roles': row('A person fills at most two roles in one launch. Ask someone else of this role.', 403),
  'launch.note_required': row('This must be given in writing. Write a note and name its id.', 422),
  'launch.intake_missing': row('The intake was not answered yet. Answer it first.', 409),
  'launch.intake_invalid': row('The intake has problems. Correct the named fields.', 422),
  'launch.tier_unchanged': row('The launch has this tier already.', 409),
  'launch.tier_floor': row(
    'The answers set a floor for the tier, and this lies below it. Correct the answers if they are wrong.',
    409,
  ),
  'launch.unknown_requirement': row('This launch has no such requirement.', 404),
  'launch.evidence_not_asked': row(
    'This requirement is not shown by evidence. The catalogue says how it is verified.',
    409,
  ),
  'launch.evidence_invalid': row(
    'Evidence needs a SHA-256 hash in lower-case hex and an end within the recertification period.',
    422,
  ),
  'launch.check_not_reportable': row('No result from outside is taken for this requirement.', 409),
  'launch.result_invalid': row(
    'A result needs numbers, a population and window that are not negative, and the hash of its evidence.',
    422,
  ),
  'launch.nothing_to_run': row(
    'None of the requirements is measured by Vigil, and no analysis is waiting. Report results instead.',
    409,
  ),
  'launch.own_evidence': row('You collected evidence that this signs for. Another person of this role must sign.', 403),
  'launch.evidence_changed': row(
    'The evidence changed since you saw it. Look at it again and sign what is there now.',
    409,
  ),
  'launch.sign_off_not_asked': row('This requirement takes no sign-off.', 409),
  'launch.condition_invalid': row('A condition needs a date in the future, at most 90 days away.', 422),
  'launch.too_many_conditions': row('Ten conditions are open. Meet one, or object instead.', 409),
  'launch.unknown_condition': row('This launch has no such open condition.', 404),
  'launch.no_objection': row('This role has no objection that could be overruled.', 409),
  'launch.unwaivable': row('This requirement cannot be waived in this tier, nor be called not applicable.', 409),
  'launch.waiver_not_needed': row('This requirement blocks nothing in this tier, so there is nothing to waive.', 409),
  'launch.waiver_pending': row('A request for this requirement is waiting for its decision.', 409),
  'launch.waiver_too_long': row(
    'The tier allows no waiver of that length. The detail says how many days it does.',
    422,
  ),
  'launch.waiver_limit': row('The launch has as many open waivers as its tier allows.', 409),
  'launch.waiver_renewals_spent': row(
    'This waiver was renewed as often as the tier allows. Fulfil the requirement.',
    409,
  ),
  'launch.unknown_waiver': row('This launch has no such waiver or request.', 404),
  'launch.too_many_claims': row(
    'Five requirements are called not applicable, which is the most. Correct the answers of the intake instead.',
    409,
  ),
  'launch.no_claim': row('Nobody has asked to call this requirement not applicable.', 409),
  'launch.stage_order': row(
    'Stages open in order: 1, 10, 50, 100 %, then sustained. The detail names the next one.',
    409,
  ),
  'launch.on_hold': row('The launch is on hold. A person must release it first; the detail says why it is held.', 409),
  'launch.soak_running': row('The stage has not run long enough. The detail says when it has.', 409),
  'launch.analysis_not_ready': row('The analysis of this stage is missing, too old, or says hold.', 409),
  'launch.gate_closed': row('The gate is closed. The detail lists what blocks, whose it is and when it is due.', 409),
  'launch.not_on_hold': row('The launch is not on hold for this reason.', 409),
  'launch.hold_changed': row('More came to this hold since you saw it. Look at it again and repeat.', 409),
} as const satisfies Record<string, ErrorRow>;
