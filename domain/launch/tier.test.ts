import { describe, expect, it } from 'vitest';
import { t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import { capabilitiesOf, inScopeHarms } from './capabilities.ts';
import { dutiesByTier, requiredLevel } from './duties.ts';
import type { Percent } from './duties.ts';
import { questions } from './intake.ts';
import type { Intake } from './intake.ts';
import { computeTier, factorNames, tierOfScore, tierRank } from './tier.ts';
import type { FactorName, FloorReason, Tier } from './tier.ts';

describe('tierOfScore', () => {
  it.each<[number, Tier]>([
    [0, 'T3'],
    [4, 'T3'],
    [5, 'T2'],
    [8, 'T2'],
    [9, 'T1'],
    [12, 'T1'],
    [13, 'T0'],
    [18, 'T0'],
  ])('%i → %s', (score, tier) => {
    expect(tierOfScore(score)).toBe(tier);
  });
});

describe('factors', () => {
  const noHarm: Partial<Intake> = {
    contact: { kinds: [] },
    ownAbuse: { harms: ['sexual'], descriptionNoteId: 'none' },
  };
  const harm = (name: 'sexual' | 'plat' | 'cyber' | 'cbrn'): Partial<Intake> => ({
    ...noHarm,
    ownAbuse: { harms: [name], descriptionNoteId: 'none' },
  });
  const users = (access: 'staff' | 'allow_list' | 'public', full: number): Partial<Intake> => ({
    volume: {
      access,
      usersP50: [0, 0, 0, 0],
      usersP90: [0, 0, 0, full],
      eventsP50: [0, 0, 0, 0],
      eventsP90: [0, 0, 0, 0],
    },
  });
  const novelty = (name: Intake['ability']['novelty']): Partial<Intake> => ({
    ability: { novelty: name, descriptionNoteId: 'none' },
  });
  const signIn = (level: Intake['signIn']['level']): Partial<Intake> => ({ signIn: { level, verification: 'none' } });
  const audience = (reach: Intake['audience']['reach']): Partial<Intake> => ({
    audience: { reach, minimumAge: 18, ageSignal: 'none' },
  });
  const logging = (completeness: Intake['logging']['completeness']): Partial<Intake> => ({
    logging: { events: [], completeness },
  });

  it.each<[FactorName, number, Partial<Intake>]>([
    ['A', 0, harm('sexual')],
    ['A', 1, harm('plat')],
    ['A', 2, harm('cyber')],
    ['A', 3, harm('cbrn')],
    ['A', 3, { ...noHarm, inputs: { media: ['image'] } }],
    ['A', 3, { ...noHarm, topics: { invited: ['crisis'] } }],
    ['B', 0, users('staff', 5e6)],
    ['B', 1, users('allow_list', 1_000)],
    ['B', 2, users('allow_list', 1_001)],
    ['B', 2, users('public', 1_000_000)],
    ['B', 3, users('public', 1_000_001)],
    ['B', 3, { ...users('public', 10), ...signIn('none') }],
    ['B', 3, users('unknown' as 'public', 10)],
    ['C', 0, novelty('configuration')],
    ['C', 1, novelty('new_surface')],
    ['C', 2, novelty('new_modality')],
    ['C', 2, novelty('new_tool')],
    ['C', 3, novelty('autonomous_action')],
    ['C', 3, novelty('new_model_class')],
    ['C', 3, novelty('unknown')],
    ['D', 0, signIn('verified_business')],
    ['D', 1, signIn('paid_login')],
    ['D', 2, signIn('free_login')],
    ['D', 3, signIn('none')],
    ['D', 3, signIn('resold_api')],
    ['E', 0, audience('vulnerable_excluded')],
    ['E', 1, audience('general_public')],
    ['E', 2, audience('teens_likely')],
    ['E', 3, audience('minors_intended')],
    ['E', 3, { ...audience('general_public'), topics: { invited: ['crisis'] } }],
    ['F', 0, logging('full')],
    ['F', 1, logging('gaps')],
    ['F', 2, logging('delayed')],
    ['F', 3, logging('none')],
    ['F', 1, { privateModes: { zeroRetentionShare: 0, encryptedShare: 0.1 } }],
    ['F', 3, { privateModes: { zeroRetentionShare: 1, encryptedShare: 0 } }],
    ['F', 3, { reviewerView: { content: 'none', retentionDays: 30 } }],
    ['F', 3, { actions: { kinds: ['irreversible'], unattended: 'no' } }],
  ])('%s = %i for %j', (factor, value, change) => {
    expect(computeTier({ ...t2Intake, ...change }).factors[factor]).toBe(value);
  });
});

describe('floors', () => {
  it.each<[FloorReason, Tier, Partial<Intake>]>([
    ['minors_intended', 'T0', { audience: { reach: 'minors_intended', minimumAge: 18, ageSignal: 'none' } }],
    ['likeness_of_real_people', 'T0', { likeness: { of: ['realistic_people'] } }],
    ['capability_rated_high', 'T0', { mitigations: { kinds: [], refusalShare: 0, ratedHigh: ['cyber'] } }],
    ['unattended_on_third_party_systems', 'T0', { actions: { kinds: ['third_party_systems'], unattended: 'yes' } }],
    ['fine_tuning', 'T1', { customisation: { kinds: ['fine_tuning'] } }],
    ['voice', 'T1', { outputs: { media: ['audio'] } }],
    ['zero_retention', 'T1', { privateModes: { zeroRetentionShare: 0.01, encryptedShare: 0 } }],
  ])('%s → at least %s', (reason, floor, change) => {
    const computed = computeTier({ ...t3Intake, ...change });
    expect(computed.floorReasons).toContain(reason);
    expect(computed.floor).toBe(floor);
    expect(tierRank(computed.tier)).toBeLessThanOrEqual(tierRank(floor));
  });

  it('acts on third-party systems with a person in between have no floor', () => {
    const actions = { kinds: ['third_party_systems'], unattended: 'no' } as const;
    expect(computeTier({ ...t3Intake, actions }).floorReasons).toEqual([]);
  });
});

describe('computeTier', () => {
  it('is T3, T2 and T0 for the three examples', () => {
    expect(computeTier(t3Intake)).toMatchObject({ score: 4, floor: 'T3', tier: 'T3' });
    expect(computeTier(t2Intake)).toMatchObject({ score: 8, floor: 'T3', tier: 'T2' });
    expect(computeTier(t0Intake)).toMatchObject({ floor: 'T0', tier: 'T0' });
  });

  it('never gets milder, in tier or any factor, nor smaller in scope, when an answer becomes unknown', () => {
    for (const intake of [t0Intake, t2Intake, t3Intake]) {
      const known = computeTier(intake);
      for (const [question, { fields }] of questions) {
        for (const field of Object.keys(fields)) {
          const answers = intake as unknown as Record<string, Record<string, unknown>>;
          const asked = { ...answers, [question]: { ...answers[question], [field]: 'unknown' } } as unknown as Intake;
          const computed = computeTier(asked);
          expect(tierRank(computed.tier), `${question}.${field}`).toBeLessThanOrEqual(tierRank(known.tier));
          for (const name of factorNames) {
            expect(computed.factors[name], `${name} ${question}.${field}`).toBeGreaterThanOrEqual(known.factors[name]);
          }
          expect(capabilitiesOf(asked), `${question}.${field}`).toEqual(
            expect.arrayContaining([...capabilitiesOf(intake)]),
          );
          expect(inScopeHarms(asked), `${question}.${field}`).toEqual(
            expect.arrayContaining([...inScopeHarms(intake)]),
          );
        }
      }
    }
  });
});

describe('duties', () => {
  const hours = 3_600_000;
  it.each<
    [Tier, number, number, number, number, number, readonly number[], number, number, number, number | null, number]
  >([
    ['T0', 45, 10, 1, 5, 30, [48, 72, 72], 90, 14, 2, 2, 1],
    ['T1', 30, 7, 4, 15, 21, [24, 48, 48], 180, 30, 4, 4, 1],
    ['T2', 15, 4, 24, 60, 14, [24, 24, 24], 365, 60, 6, 6, 2],
    ['T3', 5, 2, 168, 1_440, 7, [4, 4, 4], 730, 90, 0, null, 2],
  ])(
    '%s: %i working days, %i sign-offs, canary every %i h, delay %i min, watch %i d',
    (
      tier,
      lead,
      signOffs,
      canaryHours,
      delayMinutes,
      watchDays,
      soak,
      recertifyDays,
      waiverDays,
      _,
      openMax,
      renewals,
    ) => {
      const duties = dutiesByTier[tier];
      expect(duties.leadWorkingDays).toBe(lead);
      expect(duties.signOffs).toHaveLength(signOffs);
      expect(duties.signOffs).toEqual(expect.arrayContaining(['launch_owner', 'protection_scientist']));
      expect(duties.canaryCadenceMs).toBe(canaryHours * hours);
      expect(duties.dataDelayMs).toBe(delayMinutes * 60_000);
      expect(([1, 10, 50] as const).map((percent) => duties.soakMs[percent] / hours)).toEqual(soak);
      expect(duties.soakMs[100]).toBe(watchDays * 24 * hours);
      expect(duties.recertifyMs).toBe(recertifyDays * 24 * hours);
      expect(duties.waiver).toEqual({ maxDays: waiverDays, openMax, renewals });
    },
  );

  it.each<[Tier, 1 | 2 | 3 | 4, Percent, string | null]>([
    ['T0', 1, 50, 'M4'],
    ['T0', 1, 10, 'M3'],
    ['T1', 1, 50, 'M4'],
    ['T1', 2, 50, 'M3'],
    ['T1', 2, 1, 'M2'],
    ['T2', 2, 100, 'M3'],
    ['T3', 2, 50, 'M2'],
    ['T3', 1, 1, 'M1'],
    ['T0', 3, 50, null],
  ])('%s severity %i at %i %% asks for %s', (tier, severity, percent, level) => {
    expect(requiredLevel(tier, severity, percent)).toBe(level);
  });
});
