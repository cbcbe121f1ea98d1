import { describe, expect, it } from 'vitest';
import { unknownAnswers, validateIntake } from '#domain/launch/intake.ts';
import type { Intake } from '#domain/launch/intake.ts';
import { contradictions } from '#domain/launch/intake-contradictions.ts';
import { readinessView } from '#domain/launch/view.ts';
import { LaunchDriver } from '#test/support/launch-driver.ts';
import { hashOf, idOf, t2Intake } from '#test/support/launches.ts';
import { vigil } from '#test/support/cli.ts';
import { createContext } from './context.ts';
import { betaIntake } from './dev/seed.ts';
import { ProblemError } from './http.ts';
import { emptyIntake, intakeHelp } from './intake-form.ts';
import { UsageError } from './io.ts';
import { createOutput } from './output.ts';
import { peopleIn, readinessText } from './readiness-text.ts';
import { shortEvidence, signOffBody } from './sign-off.ts';

const io = {
  environment: {},
  out: () => undefined,
  err: () => undefined,
  readInput: () => Promise.resolve('{"role":"legal"}'),
  columns: null,
  stopping: new AbortController().signal,
};

describe('the intake form', () => {
  it('is an intake in which nothing is known', async () => {
    const form = emptyIntake();
    expect(validateIntake(form)).toEqual([]);
    expect(unknownAnswers(form as unknown as Intake)).toHaveLength(
      Object.values(form).flatMap((answers) => Object.keys(answers)).length,
    );
    expect((await vigil(['launch', 'form', '--json'])).json()).toEqual(form);
  });

  it('explains every answer', () => {
    const help = intakeHelp();
    for (const [question, answers] of Object.entries(emptyIntake())) {
      for (const field of Object.keys(answers)) expect(help).toContain(`${question}.${field}: `);
    }
  });

  it('is filled in without a contradiction in the development seed', () => {
    const ids = {
      people: { launch_owner: idOf('person', 1), ops_lead: idOf('person', 2) },
      teams: { integrity: idOf('team', 1) },
      services: { 'assistant-abuse': idOf('service', 1) },
      detectors: { offers: idOf('detector', 1) },
    };
    const intake = betaIntake(ids, Date.UTC(2026, 2, 2));
    expect(validateIntake(intake)).toEqual([]);
    expect(unknownAnswers(intake as Intake)).toEqual([]);
    expect(contradictions(intake as Intake)).toEqual([]);
  });
});

describe('the readiness page', () => {
  const { launch, now } = new LaunchDriver(t2Intake);
  const evidenceSet = { revision: launch.evidenceRevision, hash: hashOf(5) };
  const view = { ...readinessView(launch, now), evidenceSet };
  const output = createOutput(io, false);
  const text = (all: boolean) => readinessText(view, output, (id) => `<${id.slice(-4)}>`, all);

  it('says all that blocks, whose it is and when it is due', () => {
    const shown = text(false);
    expect(shown).toMatch(/^not ready: next stage 1 %\n/);
    expect(view.gate.blockers.length).toBeGreaterThan(10);
    for (const { requirementId, reason } of view.gate.blockers) {
      expect(shown).toMatch(new RegExp(`^${requirementId} +${reason.replaceAll('_', ' ')} `, 'm'));
    }
    expect(shown).toContain(`evidence set  ${shortEvidence(evidenceSet)}`);
    expect(shown).toContain(`<${t2Intake.ownership.ownerPersonId.slice(-4)}> (launch owner)`);
    expect(shown).toContain('(nobody yet)');
  });

  it('leaves out what does not block, unless all is asked for', () => {
    const advisory = view.requirements.find(({ blocking }) => !blocking)?.requirementId ?? '';
    const line = new RegExp(`^${advisory} `, 'm');
    expect(advisory).not.toBe('');
    expect(text(false)).not.toMatch(line);
    expect(text(true)).toMatch(line);
  });

  it('names each person once', () => {
    const people = peopleIn(view);
    expect(people).toContain(t2Intake.ownership.ownerPersonId);
    expect(new Set(people).size).toBe(people.length);
  });

  it('says so when there is no intake yet', () => {
    const fresh = new LaunchDriver();
    const empty = { ...readinessView(fresh.launch, fresh.now), evidenceSet };
    expect(readinessText(empty, output, (id) => id, false)).toContain('the intake is not answered');
  });
});

describe('a sign-off', () => {
  const context = createContext(io, { json: false, wait: 0 });
  const current = { revision: 12, hash: hashOf(0xabc) };
  const sign = (evidence: string | undefined, more: object = {}) =>
    signOffBody(
      context,
      { role: 'legal', choice: 'approve', ...(evidence === undefined ? {} : { evidence }), ...more },
      current,
    );

  it('signs for the evidence that was seen', async () => {
    expect(await sign(shortEvidence(current))).toEqual({
      role: 'legal',
      choice: 'approve',
      evidenceRevision: 12,
      evidenceSetHash: current.hash,
    });
    expect(await sign(`12:${current.hash}`, { conditionDue: '2026-01-31T09:00:00Z', note: 'x' })).toMatchObject({
      conditionDueAt: '2026-01-31T09:00:00.000Z',
      note: 'x',
    });
  });

  it.each([`11:${current.hash.slice(0, 12)}`, '12:ffffffff'])('is refused for other evidence: %s', async (evidence) => {
    const refused = await sign(evidence).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect((refused as ProblemError).problem).toMatchObject({ status: 409, code: 'launch.evidence_changed' });
  });

  it.each([undefined, '12', '12:0', '12:XYZ'])('needs to be told which evidence: %s', async (evidence) => {
    await expect(sign(evidence)).rejects.toThrow(UsageError);
  });

  it('can come as a document', async () => {
    expect(await signOffBody(context, { file: '-' }, current)).toEqual({ role: 'legal' });
  });
});
