import assert from 'node:assert/strict';
import { canaryMachine } from '#domain/detection/canary-machine.ts';
import { openCanary } from '#domain/detection/canary.ts';
import type { CanaryEffect, CanaryEvent, CanaryRun } from '#domain/detection/canary.ts';
import { minuteMs } from '#domain/time.ts';
import { anyone } from './people.ts';
import type { Random } from './random.ts';
import type { Run, Scenario } from './simulate.ts';

/** A canary whose facts come late, twice, out of order or never, and whose page anybody tries to acknowledge. */
export const canaryScenario: Scenario<CanaryRun, CanaryEvent, CanaryEffect> = {
  name: 'canary',
  machine: canaryMachine,
  start: (random, now) => ({
    state: openCanary(
      {
        canaryId: 'can_1',
        launchId: random.chance(70) ? 'lch_1' : null,
        productId: 'prd_1',
        detectorVersionId: 'dtv_1',
        deadlineMs: 15 * minuteMs,
        requirementId: 'RS-04',
      },
      now,
    ),
    first: { type: 'opened' },
  }),
  message: anyFact,
  perform,
  check: assertCanaryRun,
  messages: 12,
  longestPauseMs: 6 * minuteMs,
};

function anyFact(random: Random, _run: CanaryRun, now: number): CanaryEvent | undefined {
  const at = now - random.int(0, 5_000);
  const roll = random.int(1, 100);
  if (roll <= 18) return { type: 'detected', signalId: `sig_${random.int(1, 2)}`, at };
  if (roll <= 36) return { type: 'caseOpened', caseId: `cse_${random.int(1, 2)}`, at };
  if (roll <= 54) return { type: 'paged', escalationId: 'esc_1', deliveryId: `dlv_${random.int(1, 3)}`, at };
  if (roll <= 70) return { type: 'acknowledged', escalationId: 'esc_1', by: anyone(random), at };
  if (roll <= 73) return { type: 'evidenceReported' };
  return roll <= 76 ? { type: 'drillClosed' } : undefined;
}

function perform(_random: Random, effect: CanaryEffect, now: number): CanaryEvent | undefined {
  if (effect.type === 'injectEvent') return { type: 'injected', eventId: 'evt_1', at: now };
  if (effect.type === 'reportEvidence') return { type: 'evidenceReported' };
  return effect.type === 'closeDrill' ? { type: 'drillClosed' } : undefined;
}

function assertCanaryRun(run: Run<CanaryRun, CanaryEvent, CanaryEffect>): void {
  const effects = run.records.flatMap(({ effects }) => effects);
  const count = (type: CanaryEffect['type']) => effects.filter((effect) => effect.type === type).length;
  const { final } = run;
  assert.equal(final.status, 'done', `a canary rests as ${final.status}`);
  assert.equal(count('injectEvent'), 1, 'injected twice');
  assert.equal(count('reportEvidence'), 1, 'evidence is reported once');
  assert.equal(count('closeDrill'), 1, 'the drill is closed once');
  assert.equal(count('openEscalation'), final.passed ? 0 : 1, 'a miss pages, a pass does not');
  const acknowledgement = run.records.find(({ event }) => event.type === 'acknowledged');
  const inTime = acknowledgement !== undefined && acknowledgement.at < final.deadlineAt;
  assert.equal(final.passed, inTime, 'passed and acknowledged in time must be the same');
  for (const { event } of run.records) {
    if (event.type === 'acknowledged') assert.equal(event.by.kind, 'person', 'a machine acknowledged');
  }
  assert.ok(final.evidenceReported && final.drillClosed, 'done before its work was');
  const minutes = final.minutes ?? Number.NaN;
  assert.ok(
    final.passed ? minutes < 15 : minutes === 15 || acknowledgement !== undefined,
    `measured ${minutes} minutes`,
  );
  const passes = run.records.map(({ state }) => state.passed).filter((passed) => passed !== null);
  assert.equal(new Set(passes).size, 1, 'a judgement was changed');
}
