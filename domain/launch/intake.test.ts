import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import { contradictions } from './intake-contradictions.ts';
import { intakeQuestions } from './intake-questions.ts';
import { intakeStanding } from './intake-standing.ts';
import { questions, unknownAnswers, validateIntake } from './intake.ts';
import type { Intake } from './intake.ts';

const allUnknown = Object.fromEntries(
  questions.map(([name, { fields }]) => [
    name,
    Object.fromEntries(Object.keys(fields).map((field) => [field, 'unknown'])),
  ]),
) as unknown as Intake;

/** The intake with one answer replaced. */
const with_ = (question: string, field: string, value: unknown): unknown => {
  const answers = t2Intake as unknown as Record<string, Record<string, unknown>>;
  return { ...answers, [question]: { ...answers[question], [field]: value } };
};

describe('the form', () => {
  it('has 30 questions, numbered without a hole', () => {
    expect(Object.values(intakeQuestions).map(({ number }) => number)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  });
});

describe('validateIntake', () => {
  it.each([t0Intake, t2Intake, t3Intake, allUnknown])(
    'accepts a complete intake, unknown answers included',
    (intake) => {
      expect(validateIntake(intake)).toEqual([]);
    },
  );

  it.each([
    ['ability', 'novelty', 'magic', 'not_a_choice'],
    ['ability', 'novelty', 7, 'wrong_type'],
    ['ability', 'descriptionNoteId', 'people can send mail', 'not_an_id'],
    ['surfaces', 'on', 'web', 'wrong_type'],
    ['surfaces', 'on', ['web', 'web'], 'repeated'],
    ['surfaces', 'on', ['web', 'fridge'], 'not_a_choice'],
    ['dates', 'fullAt', 1_780_000_000, 'out_of_range'],
    ['dates', 'fullAt', '2026-06-01', 'wrong_type'],
    ['ownership', 'teamId', t2Intake.ownership.ownerPersonId, 'not_an_id'],
    ['audience', 'minimumAge', 12.5, 'wrong_type'],
    ['audience', 'minimumAge', 99, 'out_of_range'],
    ['volume', 'usersP50', [1, 2, 3], 'too_few'],
    ['volume', 'usersP50', [1, 2, 3, 4, 5], 'too_many'],
    ['volume', 'usersP50', [1, 2, 3, -4], 'out_of_range'],
    ['locales', 'languages', [], 'too_few'],
    ['locales', 'languages', ['English'], 'not_a_choice'],
    ['privateModes', 'encryptedShare', 1.2, 'out_of_range'],
    ['detectors', 'detectorIds', Array.from({ length: 21 }, () => 'x'), 'too_many'],
    ['ownAbuse', 'harms', [], 'too_few'],
    ['ownAbuse', 'harms', ['fraud', 'plat', 'hate', 'io'], 'too_many'],
    ['reportButton', 'on', undefined, 'missing'],
    ['reportButton', 'on', null, 'wrong_type'],
  ])('%s.%s = %j is %s', (question, field, value, code) => {
    expect(validateIntake(with_(question, field, value))).toEqual([{ pointer: `/${question}/${field}`, code }]);
  });

  it('names missing questions, and the place of unexpected names without repeating them', () => {
    const { memory: _, ...withoutMemory } = t2Intake;
    expect(validateIntake(withoutMemory)).toEqual([{ pointer: '/memory', code: 'missing' }]);
    expect(validateIntake({ ...t2Intake, secret: 'text' })).toEqual([{ pointer: '', code: 'unknown_field' }]);
    expect(validateIntake(with_('memory', 'secret', 'text'))).toEqual([{ pointer: '/memory', code: 'unknown_field' }]);
    expect(validateIntake({ ...t2Intake, memory: 'unknown' })).toEqual([{ pointer: '/memory', code: 'wrong_type' }]);
  });

  it('answers anything at all with problems, and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        expect(validateIntake(input).length).toBeGreaterThan(0);
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...questions.map(([name]) => name)), fc.anything(), (name, value) => {
        const problems = validateIntake({ ...t2Intake, [name]: value });
        expect(problems.every(({ pointer }) => pointer.startsWith(`/${name}`))).toBe(true);
        expect(problems).not.toEqual([]);
      }),
    );
  });
});

describe('intakeStanding', () => {
  it('counts every answer, and none open in a complete intake', () => {
    expect(intakeStanding(t2Intake)).toMatchObject({ answers: 54, open: 0, unknown: [], contradictions: [] });
    expect(intakeStanding(t0Intake)).toMatchObject({ open: 0 });
  });

  it('names what is unknown', () => {
    const intake = with_('privacyReview', 'state', 'unknown') as Intake;
    expect(unknownAnswers(intake)).toEqual(['/privacyReview/state']);
    expect(unknownAnswers(allUnknown)).toHaveLength(54);
    expect(intakeStanding(allUnknown)).toMatchObject({ open: 54, contradictions: [] });
  });
});

describe('contradictions', () => {
  it.each<[string, Partial<Intake>]>([
    ['stages_out_of_order', { dates: { ...t2Intake.dates, fullAt: t2Intake.dates.onePercentAt } }],
    ['deputy_is_owner', { ownership: { ...t2Intake.ownership, deputyPersonId: t2Intake.ownership.ownerPersonId } }],
    ['unattended_without_actions', { actions: { kinds: [], unattended: 'yes' } }],
    ['minors_excluded_by_age', { audience: { reach: 'teens_likely', minimumAge: 18, ageSignal: 'none' } }],
    ['minors_allowed_by_age', { audience: { reach: 'vulnerable_excluded', minimumAge: 13, ageSignal: 'none' } }],
    ['forecast_falls', { volume: { ...t2Intake.volume, eventsP90: [9e9, 8e9, 8e9, 8e9] } }],
    ['p50_above_p90', { volume: { ...t2Intake.volume, usersP50: [1, 10, 100, 1e6] } }],
    ['tool_calls_not_logged', { actions: { kinds: ['spend_money'], unattended: 'no' } }],
    ['uploads_not_logged', { inputs: { media: ['text', 'file'] } }],
    ['content_shown_but_not_kept', { reviewerView: { content: 'full', retentionDays: 0 } }],
    ['off_switch_without_holder', { offSwitch: { reach: 'cohort', holders: [] } }],
    ['rated_high_without_mitigation', { mitigations: { kinds: [], refusalShare: 0, ratedHigh: ['cyber'] } }],
    ['voice_without_audio', { likeness: { of: ['realistic_voice'] } }],
  ])('%s is flagged, and alone', (code, change) => {
    const intake: Intake = { ...t2Intake, ...change };
    expect(validateIntake(intake)).toEqual([]);
    expect(contradictions(intake).map((found) => found.code)).toEqual([code]);
  });
});
