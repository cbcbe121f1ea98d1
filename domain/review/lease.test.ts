import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person } from '../actor.ts';
import { minuteMs } from '../time.ts';
import { claim, defaultLeaseTerms, freeAt, mayDecide, renew } from './lease.ts';
import type { LeasableTask, Lease, LeaseAnswer, ReviewerStanding } from './lease.ts';

const reviewer = (id: string): Person => ({ kind: 'person', id, roles: ['reviewer'] });
const task = (more: Partial<LeasableTask> = {}): LeasableTask => ({
  status: 'open',
  harm: 'fraud',
  sensitive: false,
  excludedPersonIds: [],
  lease: null,
  ...more,
});
const fit: ReviewerStanding = { queueAllowed: true, optedOutOf: [], exposureLeft: true };
const terms = defaultLeaseTerms;
const a = reviewer('per_a');
const b = reviewer('per_b');

const granted = (answer: LeaseAnswer): Lease => {
  if (answer.outcome !== 'granted') throw new Error(answer.code);
  return answer.lease;
};
const code = (answer: LeaseAnswer | null) => (answer?.outcome === 'refused' ? answer.code : null);

describe('claiming', () => {
  it('gives one lease; a repeated claim gets the same one', () => {
    const lease = granted(claim(task(), a, fit, terms, 0));
    expect(lease).toEqual({ owner: 'per_a', token: 1, claimedAt: 0, expiresAt: terms.lengthMs });
    expect(granted(claim(task({ lease }), a, fit, terms, 5))).toEqual(lease);
    expect(code(claim(task({ lease }), b, fit, terms, 5))).toBe('task.leased');
    expect(freeAt(task({ lease }), 5)).toBe(terms.lengthMs);
  });

  it('passes on at the instant the lease ends, under a higher token', () => {
    const lease = granted(claim(task(), a, fit, terms, 0));
    expect(code(claim(task({ lease }), b, fit, terms, terms.lengthMs - 1))).toBe('task.leased');
    const next = granted(claim(task({ lease }), b, fit, terms, terms.lengthMs));
    expect(next).toMatchObject({ owner: 'per_b', token: 2 });
    expect(freeAt(task({ lease }), terms.lengthMs)).toBeNull();
  });

  it.each([
    ['a settled task', task({ status: 'decided' }), fit, 'task.settled'],
    ['somebody excluded', task({ excludedPersonIds: ['per_a'] }), fit, 'task.excluded'],
    ['a queue that is not theirs', task(), { ...fit, queueAllowed: false }, 'task.not_for_you'],
    ['an opted-out harm', task(), { ...fit, optedOutOf: ['fraud'] }, 'task.not_for_you'],
    ['sensitive harm without the role', task({ sensitive: true }), fit, 'task.not_for_you'],
  ] as const)('is refused for %s', (_why, subject, standing, expected) => {
    expect(code(claim(subject, a, standing, terms, 0))).toBe(expected);
  });

  it('keeps a used-up exposure budget from sensitive tasks only', () => {
    const sensitive: Person = { kind: 'person', id: 'per_s', roles: ['sensitive_reviewer'] };
    const spent = { ...fit, exposureLeft: false };
    expect(code(claim(task({ sensitive: true }), sensitive, spent, terms, 0))).toBe('task.not_for_you');
    expect(claim(task(), sensitive, spent, terms, 0).outcome).toBe('granted');
  });
});

describe('renewing', () => {
  const lease = granted(claim(task(), a, fit, terms, 0));

  it('moves the end, never past the longest time of one lease', () => {
    let held = granted(renew(task({ lease }), a, fit, 1, terms, 5 * minuteMs));
    expect(held.expiresAt).toBe(15 * minuteMs);
    for (let at = 10; at <= 50; at += 5) held = granted(renew(task({ lease: held }), a, fit, 1, terms, at * minuteMs));
    expect(held.expiresAt).toBe(terms.longestMs);
    expect(code(renew(task({ lease: held }), a, fit, 1, terms, 59 * minuteMs))).toBe('task.lease_limit');
  });

  it('is refused to others, to old tokens, after the end, and after a right was lost', () => {
    expect(code(renew(task({ lease }), b, fit, 1, terms, 1))).toBe('task.lease_lost');
    expect(code(renew(task({ lease: { ...lease, token: 2 } }), a, fit, 1, terms, 1))).toBe('task.lease_lost');
    expect(code(renew(task({ lease }), a, fit, 1, terms, terms.lengthMs))).toBe('task.lease_expired');
    expect(code(renew(task({ lease }), a, { ...fit, optedOutOf: ['fraud'] }, 1, terms, 1))).toBe('task.not_for_you');
  });
});

describe('deciding under a lease', () => {
  const lease = granted(claim(task(), a, fit, terms, 0));

  it('is for the newest token alone', () => {
    expect(mayDecide(task({ lease }), a, fit, 1)).toBeNull();
    const passed = { owner: 'per_b', token: 2, claimedAt: terms.lengthMs, expiresAt: 2 * terms.lengthMs };
    expect(code(mayDecide(task({ lease: passed }), a, fit, 1))).toBe('task.lease_lost');
    expect(code(mayDecide(task(), a, fit, 1))).toBe('task.lease_lost');
    expect(code(mayDecide(task({ lease, status: 'decided' }), a, fit, 1))).toBe('task.settled');
  });

  it('is refused when the reviewer may not see the harm any more', () => {
    expect(code(mayDecide(task({ lease }), a, { queueAllowed: false, optedOutOf: [] }, 1))).toBe('task.not_for_you');
  });
});

it('never has two live leases, and tokens only rise, whoever claims and renews when', () => {
  const moves = fc.array(
    fc.record({ who: fc.constantFrom(a, b, reviewer('per_c')), renews: fc.boolean(), waitMs: fc.nat(12 * minuteMs) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(moves, (sequence) => {
      let now = 0;
      let lease: Lease | null = null;
      for (const { who, renews, waitMs } of sequence) {
        now += waitMs;
        const before: Lease | null = lease;
        const token: number = before?.token ?? 0;
        const answer: LeaseAnswer = renews
          ? renew(task({ lease }), who, fit, token, terms, now)
          : claim(task({ lease }), who, fit, terms, now);
        if (answer.outcome === 'refused') continue;
        if (before !== null && now < before.expiresAt) expect(answer.lease.owner).toBe(before.owner);
        if (before !== null && answer.lease.owner !== before.owner) expect(answer.lease.token).toBeGreaterThan(token);
        expect(answer.lease.token).toBeGreaterThanOrEqual(token);
        expect(answer.lease.expiresAt - answer.lease.claimedAt).toBeLessThanOrEqual(terms.longestMs);
        lease = answer.lease;
      }
    }),
  );
});
