import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import { judge } from '#domain/launch/check-result.ts';
import { checkState } from '#domain/launch/check.ts';
import { dutiesByTier } from '#domain/launch/duties.ts';
import { evaluateGate } from '#domain/launch/gate.ts';
import type { Gate } from '#domain/launch/gate.ts';
import type { Requirement } from '#domain/launch/catalogue.ts';
import type { Intake } from '#domain/launch/intake.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { launchMachine } from '#domain/launch/machine.ts';
import { requirementsOf } from '#domain/launch/requirements.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import type { LaunchRole } from '#domain/launch/roles.ts';
import { stageMetrics } from '#domain/launch/stage-analysis.ts';
import type { StageMetric } from '#domain/launch/stage-analysis.ts';
import type { Tier } from '#domain/launch/tier.ts';
import type { Step } from '#domain/machine.ts';
import { dayMs } from '#domain/time.ts';
import { hashOf, idOf, newLaunch, personOf, startAt } from './launches.ts';

/** A result that meets everything that the catalogue asks of the measurement in that tier. */
export function goodResult({ verify }: Requirement, tier: Tier, proof = 7): CheckResult {
  if (verify.probe === null) throw new Error('not a probe');
  const { threshold, minPopulation, minWindowMs } = verify.probe.measure;
  const result: CheckResult = {
    status: 'pass',
    observed: threshold[tier],
    threshold: threshold[tier],
    population: minPopulation[tier],
    windowMs: minWindowMs[tier],
    evidenceHash: hashOf(proof),
  };
  if (judge(verify.probe.measure, tier, result).status !== 'pass') throw new Error('not good');
  return result;
}

export const goodMeasurements = Object.fromEntries(
  stageMetrics.map((metric) => [
    metric,
    { status: 'pass', observed: 1, threshold: 1, population: 10, windowMs: dayMs, evidenceHash: hashOf(3) },
  ]),
) as Record<StageMetric, CheckResult>;

/** Moves one launch along, with its clock and everything it asked to be done. */
export class LaunchDriver {
  launch: Launch = newLaunch();
  now = startAt;
  effects: LaunchEffect[] = [];

  constructor(intake?: Intake) {
    this.do({ type: 'opened' });
    if (intake !== undefined) this.do({ type: 'answerIntake', intake, by: personOf('launch_owner') });
  }

  /** Applies an event whatever comes of it. */
  try(event: LaunchEvent): Step<Launch, LaunchEffect> {
    const step = launchMachine.transition(this.launch, event, this.now);
    if (step.outcome === 'moved') {
      this.launch = step.state;
      this.effects.push(...step.effects);
    }
    return step;
  }

  /** Applies an event that has to move the launch, and gives the effects it led to. */
  do(event: LaunchEvent): readonly LaunchEffect[] {
    const step = this.try(event);
    if (step.outcome !== 'moved') throw new Error(`${event.type} was ${JSON.stringify(step)}`);
    return step.effects;
  }

  /** The code that an event is refused with; `ignored` or `moved` when it is not. */
  code(event: LaunchEvent): string {
    const step = this.try(event);
    return step.outcome === 'refused' ? step.code : step.outcome;
  }

  /** Lets time pass; everything that falls due happens at its time. Gives the effects of it. */
  pass(ms: number): readonly LaunchEffect[] {
    const end = this.now + ms;
    const effects: LaunchEffect[] = [];
    for (
      let due = launchMachine.nextDue(this.launch);
      due !== null && due <= end;
      due = launchMachine.nextDue(this.launch)
    ) {
      this.now = Math.max(this.now, due);
      effects.push(...this.do({ type: 'due' }));
    }
    this.now = end;
    return effects;
  }

  get tier(): Tier {
    if (this.launch.tier === null) throw new Error('no tier yet');
    return this.launch.tier;
  }

  get gate(): Gate {
    return evaluateGate(this.launch, this.now);
  }

  requirement(id: string): Requirement {
    const found = requirementsOf(this.launch).find((requirement) => requirement.id === id);
    if (found === undefined) throw new Error(`no requirement ${id}`);
    return found;
  }

  state(id: string): string {
    const state = this.launch.requirements[id];
    if (state === undefined) throw new Error(`no requirement ${id}`);
    return checkState(this.requirement(id), state, this.tier, this.now);
  }

  /** Supplies everything that the requirement is verified by. */
  fulfil(id: string, proof = 7): void {
    const { verify } = this.requirement(id);
    if (verify.probe !== null) this.measure(id, goodResult(this.requirement(id), this.tier, proof));
    if (verify.evidence) this.attach(id, proof);
    if (verify.signOff !== null) {
      this.do({
        type: 'signRequirement',
        requirementId: id,
        choice: 'approve',
        revision: this.launch.requirements[id]?.revision ?? -1,
        noteId: null,
        by: personOf(verify.signOff, true),
      });
    }
  }

  measure(id: string, result: CheckResult): void {
    const runKey = this.launch.requirements[id]?.runKey ?? null;
    if (runKey !== null) this.do({ type: 'checkCompleted', effectKey: runKey, requirementId: id, result });
    else
      this.do({ type: 'reportCheck', requirementId: id, result, by: { kind: 'service', id: idOf('integration', 1) } });
  }

  attach(id: string, proof = 7): void {
    this.do({
      type: 'attachEvidence',
      requirementId: id,
      evidenceId: idOf('evidence', proof),
      evidenceHash: hashOf(proof),
      validUntilAt: this.now + dutiesByTier[this.tier].recertifyMs,
      collectedBy: personOf('investigator', true).id,
      by: personOf('investigator', true),
    });
  }

  fulfilAll(except: readonly string[] = []): void {
    for (const { id } of requirementsOf(this.launch)) {
      if (!except.includes(id) && this.state(id) !== 'pass') this.fulfil(id);
    }
  }

  sign(
    role: LaunchRole,
    choice: 'approve' | 'object' | 'abstain' = 'approve',
    by = personOf(role),
  ): Step<Launch, LaunchEffect> {
    return this.try({
      type: 'signOff',
      role,
      choice,
      evidenceRevision: this.launch.evidenceRevision,
      evidenceSetHash: hashOf(99),
      noteId: choice === 'object' ? idOf('note', 5) : null,
      conditionDueAt: null,
      by,
    });
  }

  signAll(): void {
    for (const role of launchRoles) {
      if (dutiesByTier[this.tier].signOffs.includes(role)) this.sign(role);
    }
  }

  /** Answers the analysis that is awaited. */
  analyse(measurements: Partial<Record<StageMetric, CheckResult>> = goodMeasurements): readonly LaunchEffect[] {
    const effectKey = this.launch.stage?.analysisKey ?? '';
    return this.do({ type: 'stageAnalysed', effectKey, measurements });
  }

  advance(to: 1 | 10 | 50 | 100 | 'sustained'): Step<Launch, LaunchEffect> {
    return this.try({ type: 'advanceStage', to, by: personOf('launch_owner') });
  }

  /** Everything fulfilled and signed: ready for 1 %. */
  static ready(intake: Intake): LaunchDriver {
    const driver = new LaunchDriver(intake);
    driver.fulfilAll();
    driver.signAll();
    return driver;
  }
}
