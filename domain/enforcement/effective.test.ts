import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionNames, durationFits, fourEyesReasons, longestDurationMs } from './actions.ts';
import { effectiveRestriction } from './effective.ts';
import type { TakenAction } from './effective.ts';

const taken = (orderId: string, more: Partial<TakenAction> = {}): TakenAction => ({
  orderId,
  action: 'suspend_account',
  appliedAt: 0,
  endsAt: 100,
  voidedAt: null,
  ...more,
});

describe('the effective restriction', () => {
  it('is the strongest of those that hold', () => {
    const limited = taken('enf_1', { action: 'limit_sending', endsAt: null });
    const suspended = taken('enf_2');
    expect(effectiveRestriction([limited, suspended], 50)?.orderId).toBe('enf_2');
    expect(effectiveRestriction([limited, suspended], 100)?.orderId).toBe('enf_1');
  });

  it('of two equals is the one that ends later, and outlives the reversal of the other', () => {
    const older = taken('enf_1', { endsAt: null });
    const newer = taken('enf_2', { appliedAt: 10 });
    expect(effectiveRestriction([newer, older], 50)?.orderId).toBe('enf_1');
    expect(effectiveRestriction([newer, { ...older, voidedAt: 40 }], 50)?.orderId).toBe('enf_2');
  });

  it('is nothing before an application, after the end, or for a warning', () => {
    expect(effectiveRestriction([taken('enf_1', { appliedAt: 60 })], 50)).toBeNull();
    expect(effectiveRestriction([taken('enf_1')], 100)).toBeNull();
    expect(effectiveRestriction([taken('enf_1', { action: 'warn_account', endsAt: null })], 50)).toBeNull();
    expect(effectiveRestriction([], 50)).toBeNull();
  });

  it('does not depend on the order of the actions, and is never weakened by one more', () => {
    const action = fc.record({
      orderId: fc.uuid(),
      action: fc.constantFrom(...actionNames.filter((name) => name.endsWith('_account') || name === 'limit_sending')),
      appliedAt: fc.nat(100),
      endsAt: fc.option(fc.nat(200), { nil: null }),
      voidedAt: fc.option(fc.nat(200), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(action), action, fc.nat(200), (list, more, now) => {
        const strength = (chosen: TakenAction | null) => (chosen === null ? null : [chosen.action, chosen.endsAt]);
        expect(strength(effectiveRestriction(list.toReversed(), now))).toEqual(
          strength(effectiveRestriction(list, now)),
        );
        if (effectiveRestriction(list, now) !== null) expect(effectiveRestriction([...list, more], now)).not.toBeNull();
      }),
    );
  });
});

describe('the action catalogue', () => {
  it.each([
    ['suspend_account', 1, true],
    ['suspend_account', null, true],
    ['suspend_account', longestDurationMs, true],
    ['suspend_account', longestDurationMs + 1, false],
    ['suspend_account', 0, false],
    ['suspend_account', 1.5, false],
    ['suspend_account', Number.NaN, false],
    ['warn_account', 1, false],
    ['warn_account', null, true],
    ['terminate_account', 1, false],
  ] as const)('%s for %s ms fits: %s', (action, durationMs, fits) => {
    expect(durationFits(action, durationMs)).toBe(fits);
  });

  it.each([
    ['suspend_account', 1_000, false, []],
    ['suspend_account', null, false, ['permanent']],
    ['terminate_account', null, false, ['irreversible']],
    ['warn_account', null, false, []],
    ['warn_account', null, true, ['protected_subject']],
    ['suspend_account', null, true, ['permanent', 'protected_subject']],
  ] as const)('%s for %s ms, protected %s, needs four eyes because %j', (action, durationMs, protectedSubject, why) => {
    expect(fourEyesReasons({ action, durationMs, protectedSubject })).toEqual(why);
  });
});
