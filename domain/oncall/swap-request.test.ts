import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import type { Actor, Person } from '../actor.ts';
import { dayMs } from '../time.ts';
import type { Override } from './schedule.ts';
import { onCallAt } from './segments.ts';
import { proposeSwap, swapMachine, swapShiftsStand } from './swap-request.ts';
import type { SwapEvent, SwapProposal, SwapRequest } from './swap-request.ts';

const now = at('2026-01-05T12:00Z');
const person = (id: string, ...roles: Person['roles']): Person => ({ kind: 'person', id, roles });
const [ann, bob, eve, boss] = [person('A'), person('B'), person('E'), person('M', 'oncall_manager')];
const service: Actor = { kind: 'service', id: 'svc' };

const side = (personId: string, day: string) => ({
  personId,
  layerId: 'lay_0',
  startAt: at(`2026-01-${day}T00:00Z`),
  endAt: at(`2026-01-${day}T00:00Z`) + dayMs,
});
const proposal: SwapProposal = {
  scheduleId: 'sch_1',
  sides: [side('A', '07'), side('B', '08')],
  expiresAt: now + dayMs,
};
const schedule = oneLayer('UTC', { start: '2026-01-05T00:00' });

function proposed(by: Actor = ann): SwapRequest {
  const step = proposeSwap(proposal, by, now);
  if (step.outcome !== 'moved') throw new Error(step.code);
  return step.state;
}

const accept = (by: Actor, shiftsStand = true): SwapEvent => ({ type: 'accept', by, shiftsStand });

describe('proposeSwap', () => {
  it('counts as the consent of whoever proposes, and tells the other', () => {
    const step = proposeSwap(proposal, ann, now);
    expect(step).toMatchObject({ outcome: 'moved', state: { version: 1, status: 'proposed', consentedIds: ['A'] } });
    expect(step).toHaveProperty('effects', [{ key: 'tell:1', type: 'tell', personIds: ['B'], status: 'proposed' }]);
  });

  it('counts as nobody’s consent when an on-call manager proposes', () => {
    expect(proposed(boss)).toMatchObject({ consentedIds: [], proposedById: 'M' });
  });

  it.each([
    ['a service', proposal, service, 'decision.person_required'],
    ['a stranger', proposal, eve, 'oncall.swap_not_party'],
    ['a swap with oneself', { ...proposal, sides: [side('A', '07'), side('A', '08')] }, ann, 'oncall.override_self'],
    ['a shift that has begun', { ...proposal, sides: [side('A', '05'), side('B', '08')] }, ann, 'oncall.swap_period'],
    ['an expiry in the past', { ...proposal, expiresAt: now }, ann, 'oncall.swap_period'],
    [
      'an expiry after the first shift begins',
      { ...proposal, expiresAt: at('2026-01-07T00:00Z') + 1 },
      ann,
      'oncall.swap_period',
    ],
    [
      'a shift that ends before it starts',
      { ...proposal, sides: [{ ...side('A', '07'), endAt: 0 }, side('B', '08')] },
      ann,
      'oncall.swap_period',
    ],
  ] as const)('refuses %s', (_, offer, by, code) => {
    expect(proposeSwap(offer, by, now)).toEqual({ outcome: 'refused', code });
  });
});

describe('swapMachine', () => {
  it('makes two overrides of the consent of both, and they swap the shifts', () => {
    const step = swapMachine.transition(proposed(), accept(bob), now + 1);
    if (step.outcome !== 'moved') throw new Error('not moved');
    expect(step.state).toMatchObject({
      status: 'accepted',
      version: 2,
      consentedIds: ['A', 'B'],
      decidedById: 'B',
      decidedAt: now + 1,
    });
    const [written, told] = step.effects;
    expect(told).toEqual({ key: 'tell:2', type: 'tell', personIds: ['A'], status: 'accepted' });
    if (written?.type !== 'create_overrides') throw new Error('no overrides');

    const overrides = written.overrides.map((draft, index): Override => ({ id: `ovr_${index}`, ...draft }));
    const swapped = { ...schedule, overrides };
    const days = ['06', '07', '08', '09'].map((day) => at(`2026-01-${day}T12:00Z`));
    expect(days.map((day) => onCallAt(schedule, day).onCall.join())).toEqual(['B', 'A', 'B', 'A']);
    expect(days.map((day) => onCallAt(swapped, day).onCall.join())).toEqual(['B', 'B', 'A', 'A']);
  });

  it('needs both when a manager proposed', () => {
    const first = swapMachine.transition(proposed(boss), accept(bob), now + 1);
    expect(first).toMatchObject({ outcome: 'moved', effects: [], state: { status: 'proposed', consentedIds: ['B'] } });
    if (first.outcome !== 'moved') throw new Error('not moved');
    expect(swapMachine.transition(first.state, accept(bob), now + 2)).toMatchObject({
      code: 'oncall.swap_already_agreed',
    });
    expect(swapMachine.transition(first.state, accept(ann), now + 2)).toMatchObject({ state: { status: 'accepted' } });
  });

  it.each([
    ['the other declines', proposed(), { type: 'decline', by: bob }, 'declined', ['A']],
    ['one declines what a manager proposed', proposed(boss), { type: 'decline', by: ann }, 'declined', ['B', 'M']],
    ['the proposer withdraws', proposed(), { type: 'withdraw', by: ann }, 'withdrawn', ['B']],
    ['the manager withdraws', proposed(boss), { type: 'withdraw', by: boss }, 'withdrawn', ['A', 'B']],
  ] as const)('closes without overrides when %s', (_, state, event, status, told) => {
    expect(swapMachine.transition(state, event, now + 1)).toMatchObject({
      outcome: 'moved',
      state: { status, version: 2 },
      effects: [{ type: 'tell', personIds: told, status }],
    });
  });

  it.each([
    ['a service', accept(service), 'decision.person_required'],
    ['a stranger', accept(eve), 'oncall.swap_not_party'],
    ['a manager who is no party', accept(boss), 'oncall.swap_not_party'],
    ['the proposer again', accept(ann), 'oncall.swap_already_agreed'],
    ['a shift that moved meanwhile', accept(bob, false), 'oncall.swap_shift_moved'],
    ['a withdrawal by the other', { type: 'withdraw', by: bob }, 'oncall.swap_not_party'],
    ['a stranger who declines', { type: 'decline', by: eve }, 'oncall.swap_not_party'],
  ] as const)('refuses %s', (_, event, code) => {
    expect(swapMachine.transition(proposed(), event, now + 1)).toMatchObject({ outcome: 'refused', code });
  });

  it('expires exactly when due, and refuses whoever comes then, though the timer is late', () => {
    const state = proposed();
    expect(swapMachine.nextDue(state)).toBe(proposal.expiresAt);
    expect(swapMachine.transition(state, { type: 'due' }, proposal.expiresAt - 1)).toEqual({ outcome: 'ignored' });
    expect(swapMachine.transition(state, accept(bob), proposal.expiresAt)).toMatchObject({
      code: 'oncall.swap_closed',
    });
    expect(swapMachine.transition(state, { type: 'due' }, proposal.expiresAt)).toMatchObject({
      state: { status: 'expired', decidedById: null },
      effects: [{ personIds: ['A', 'B'], status: 'expired' }],
    });
  });

  it('makes overrides only by the consent of both, at most once, and stays closed', () => {
    const events: fc.Arbitrary<SwapEvent> = fc.oneof(
      fc.record({
        type: fc.constant('accept' as const),
        by: fc.constantFrom<Actor>(ann, bob, eve, boss, service),
        shiftsStand: fc.boolean(),
      }),
      fc.record({ type: fc.constantFrom('decline', 'withdraw'), by: fc.constantFrom<Actor>(ann, bob, eve, boss) }),
      fc.constant({ type: 'due' as const }),
    );
    const steps = fc.array(fc.tuple(events, fc.integer({ min: 0, max: dayMs / 6 })), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(ann, bob, boss), steps, (proposer, later) => {
        let state = proposed(proposer);
        let time = now;
        const consents = new Set(state.consentedIds);
        const keys = new Set<string>();
        for (const [event, waitMs] of later) {
          time += waitMs;
          const step = swapMachine.transition(state, event, time);
          if (swapMachine.isFinal(state)) expect(step.outcome).not.toBe('moved');
          if (step.outcome !== 'moved') continue;
          expect(step.state.version).toBe(state.version + 1);
          if (event.type === 'accept') consents.add(event.by.id);
          for (const effect of step.effects) {
            expect(keys.has(effect.key)).toBe(false);
            keys.add(effect.key);
          }
          const isWritten = step.effects.some((effect) => effect.type === 'create_overrides');
          expect(isWritten).toBe(step.state.status === 'accepted');
          if (isWritten) expect([...consents].sort()).toEqual(['A', 'B']);
          expect(JSON.parse(JSON.stringify(step.state))).toEqual(step.state);
          state = step.state;
        }
        expect(swapMachine.nextDue(state) === null).toBe(swapMachine.isFinal(state));
      }),
    );
  });
});

describe('swapShiftsStand', () => {
  it.each([
    ['as proposed', proposal.sides, true],
    ['with one on another day', [side('A', '08'), side('B', '08')], false],
    ['longer than the shift', [{ ...side('A', '07'), endAt: at('2026-01-08T00:00Z') + 1 }, side('B', '08')], false],
    ['on another layer', [{ ...side('A', '07'), layerId: 'lay_9' }, side('B', '08')], false],
    ['on any layer', [{ ...side('A', '07'), layerId: null }, side('B', '08')], true],
  ] as const)('%s: %s', (_, sides, expected) => {
    expect(swapShiftsStand(schedule, sides)).toBe(expected);
  });
});
