import type { Person } from '../actor.ts';
import { refused } from '../machine.ts';
import type { Refusal } from '../machine.ts';
import { minuteMs } from '../time.ts';
import { mayReview } from './reviewers.ts';

/**
 * Who may see a task now. The token is a fencing token: it rises with each claim and never falls, and only the holder
 * of the newest one may decide.
 */
export interface Lease {
  readonly owner: string;
  readonly token: number;
  readonly claimedAt: number;
  readonly expiresAt: number;
}

/** The part of a review task that the lease rules read. */
export interface LeasableTask {
  readonly status: 'open' | 'decided' | 'withdrawn';
  readonly harm: string;
  readonly sensitive: boolean;
  readonly excludedPersonIds: readonly string[];
  /** The last lease given, also when it has run out; null before the first. */
  readonly lease: Lease | null;
}

/** What is known of a reviewer at that moment, beside the roles. */
export interface ReviewerStanding {
  readonly queueAllowed: boolean;
  /** Harm codes that the reviewer has chosen not to see. */
  readonly optedOutOf: readonly string[];
  /** False when the exposure budget of sensitive content is used up. */
  readonly exposureLeft: boolean;
}

export interface LeaseTerms {
  readonly lengthMs: number;
  /** However often it is renewed, a lease ends that long after the claim. */
  readonly longestMs: number;
}

/** Long enough to read one case; a reviewer who went away frees the task before its clock is at risk. */
export const defaultLeaseTerms: LeaseTerms = { lengthMs: 10 * minuteMs, longestMs: 60 * minuteMs };

export type LeaseAnswer = { readonly outcome: 'granted'; readonly lease: Lease } | Refusal;

const isLive = (lease: Lease, now: number): boolean => now < lease.expiresAt;

/**
 * Decides a claim. Granted, it raises the fencing token by one, which ends every earlier lease for good.
 *
 * Claiming a task that one holds already answers the same lease again, so that a repeated request is harmless. Refused
 * when someone else's lease is live, when the task is settled, or when the person may not see it: role, queue, harm
 * opt-out, exposure budget, or an earlier part in the case.
 */
export function claim(
  task: LeasableTask,
  person: Person,
  standing: ReviewerStanding,
  terms: LeaseTerms,
  now: number,
): LeaseAnswer {
  const barred = mayHold(task, person, standing);
  if (barred) return barred;
  if (task.lease !== null && isLive(task.lease, now)) {
    return task.lease.owner === person.id ? { outcome: 'granted', lease: task.lease } : refused('task.leased');
  }
  const token = (task.lease?.token ?? 0) + 1;
  return { outcome: 'granted', lease: { owner: person.id, token, claimedAt: now, expiresAt: now + terms.lengthMs } };
}

/**
 * Decides a renewal: the same token, a later end, never past the longest time that a lease can last. A lease that has
 * run out is not renewed, even when nobody took the task; it is claimed again, under a new token.
 */
export function renew(
  task: LeasableTask,
  person: Person,
  standing: ReviewerStanding,
  token: number,
  terms: LeaseTerms,
  now: number,
): LeaseAnswer {
  const barred = mayHold(task, person, standing);
  if (barred) return barred;
  const lease = task.lease;
  if (lease === null || lease.owner !== person.id || lease.token !== token) return refused('task.lease_lost');
  if (!isLive(lease, now)) return refused('task.lease_expired');
  const limit = lease.claimedAt + terms.longestMs;
  if (lease.expiresAt >= limit) return refused('task.lease_limit');
  const expiresAt = Math.max(lease.expiresAt, Math.min(now + terms.lengthMs, limit));
  return { outcome: 'granted', lease: { ...lease, expiresAt } };
}

/**
 * Decides whether this person may decide under this token: null when so, else the refusal.
 *
 * A lease that ran out still decides while its token is the newest: nobody else has been shown the item. Lost rights,
 * an opt-out or a settled task refuse it whatever the token says.
 */
export function mayDecide(
  task: LeasableTask,
  person: Person,
  standing: Pick<ReviewerStanding, 'queueAllowed' | 'optedOutOf'>,
  token: number,
): Refusal | null {
  // Deciding shows nothing new, so a budget that ran out meanwhile does not waste the view.
  const barred = mayHold(task, person, { ...standing, exposureLeft: true });
  if (barred) return barred;
  const lease = task.lease;
  if (lease === null || lease.owner !== person.id || lease.token !== token) return refused('task.lease_lost');
  return null;
}

/** The moment at which another person may claim the task, or null when that is now. */
export const freeAt = (task: LeasableTask, now: number): number | null =>
  task.lease !== null && isLive(task.lease, now) ? task.lease.expiresAt : null;

/** Whether this person may have the task on the screen at all. */
export function mayHold(task: LeasableTask, person: Person, standing: ReviewerStanding): Refusal | null {
  if (task.status !== 'open') return refused('task.settled');
  if (task.excludedPersonIds.includes(person.id)) return refused('task.excluded');
  const fit =
    mayReview(person, task.sensitive) &&
    standing.queueAllowed &&
    !standing.optedOutOf.includes(task.harm) &&
    (standing.exposureLeft || !task.sensitive);
  return fit ? null : refused('task.not_for_you');
}
