import { openCase } from '#domain/review/case.ts';
import type { CaseEffect, CaseEvent, EnforcementOutcome, ReviewCase } from '#domain/review/case.ts';
import { caseMachine } from '#domain/review/machine.ts';
import { defaultSlaClocks } from '#domain/review/sla.ts';
import { hourMs } from '#domain/time.ts';
import { assertCaseRun } from './case-invariants.ts';
import { anyone } from './people.ts';
import type { Random } from './random.ts';
import type { Scenario } from './simulate.ts';

/** Tasks that the queue holds, known to reviewers before the case has heard of them. Fresh for each run. */
let queue: string[] = [];
let decisions = 0;

/** A case among signals, reviewers, impostors and an order that may fail, each at any moment. */
export const caseScenario: Scenario<ReviewCase, CaseEvent, CaseEffect> = {
  name: 'case',
  machine: caseMachine,
  start(random, now) {
    queue = [];
    decisions = 0;
    return { state: openCase(anyInput(random), now), first: { type: 'opened' } };
  },
  message: anyMessage,
  perform,
  check: assertCaseRun,
  messages: 24,
  longestPauseMs: 20 * hourMs,
};

function anyInput(random: Random): Parameters<typeof openCase>[0] {
  const synthetic = random.chance(15);
  return {
    caseId: 'cse_1',
    productId: 'prd_1',
    teamId: 'tea_1',
    accountRef: 'acct-hash',
    harm: 'fraud',
    severity: random.pick([1, 2, 3, 4]),
    sensitive: random.chance(30),
    synthetic,
    canaryId: synthetic ? 'can_1' : null,
    launchId: random.chance(50) ? 'lch_1' : null,
    policyVersionId: 'plv_1',
    detectorVersionIds: ['dtv_1'],
    clocks: defaultSlaClocks,
    doubleReview: random.chance(50),
    skipLimit: random.int(1, 3),
  };
}

function anyMessage(random: Random, state: ReviewCase): CaseEvent | undefined {
  if (state.orderId !== null && random.chance(50)) return orderNews(random, state.orderId);
  const roll = random.int(1, 100);
  if (roll <= 12) return signal(random);
  if (roll <= 20) return { type: 'taskClaimed', taskId: anyTask(random, state) };
  if (roll <= 24) return { type: 'escalate', by: anyone(random) };
  if (roll <= 26) return merge(random);
  if (roll <= 28) return { type: 'drillClosed' };
  if (roll <= 31) return orderNews(random, 'enf_foreign');
  if (roll <= 75) return decision(random, state);
  return undefined;
}

const signal = (random: Random): CaseEvent => ({
  type: 'signalAdded',
  severity: random.chance(10) ? 1 : random.pick([2, 3, 4]),
  detectorVersionId: `dtv_${random.int(1, 30)}`,
});

const merge = (random: Random): CaseEvent => ({
  type: 'merge',
  into: random.chance(10) ? 'cse_1' : 'cse_2',
  intoSynthetic: random.chance(10),
  by: anyone(random),
});

const outcomes: readonly EnforcementOutcome[] = [
  'applied',
  'failed',
  'failed',
  'refused',
  'approval_expired',
  'cancelled',
];
const orderNews = (random: Random, orderId: string): CaseEvent => ({
  type: 'enforcementSettled',
  orderId,
  outcome: random.pick(outcomes),
});

/** Mostly the task that is open now; sometimes an older or an unknown one. */
function anyTask(random: Random, state: ReviewCase): string {
  if (random.chance(3)) return 'rtk_foreign';
  if (random.chance(12) && queue.length > 0) return random.pick(queue);
  return state.task?.taskId ?? queue.at(-1) ?? 'rtk_foreign';
}

function decision(random: Random, state: ReviewCase): CaseEvent {
  const roll = random.int(1, 100);
  const verdict = roll <= 45 ? 'violation' : roll <= 70 ? 'no_violation' : roll <= 90 ? 'skip' : 'escalate';
  const enforce = random.chance(verdict === 'violation' ? 70 : 2);
  return {
    type: 'decisionRecorded',
    decisionId: random.chance(4) && decisions > 0 ? `dec_${random.int(1, decisions)}` : `dec_${++decisions}`,
    taskId: anyTask(random, state),
    verdict,
    policyVersionId: random.chance(4) ? 'plv_2' : 'plv_1',
    enforcement: enforce
      ? { action: random.pick(['suspend_account', 'limit_sending']), durationMs: random.pick([24 * hourMs, null, -1]) }
      : null,
    by: anyone(random),
  };
}

function perform(_random: Random, effect: CaseEffect): CaseEvent | undefined {
  if (effect.type === 'createTask') {
    const taskId = `rtk_${effect.round}`;
    if (!queue.includes(taskId)) queue.push(taskId);
    return { type: 'taskCreated', effectKey: effect.key, taskId };
  }
  return effect.type === 'openEnforcement' ? { type: 'enforcementOpened', orderId: 'enf_1' } : undefined;
}
