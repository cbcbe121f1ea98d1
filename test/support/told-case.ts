import type { Actor, Role } from '#domain/actor.ts';
import { openCase } from '#domain/review/case.ts';
import type { CaseEffect, CaseEvent, CaseInput, ReviewCase } from '#domain/review/case.ts';
import { caseMachine } from '#domain/review/machine.ts';
import { defaultSlaClocks } from '#domain/review/sla.ts';
import { hourMs } from '#domain/time.ts';
import { Told } from './told.ts';

export const t0 = Date.UTC(2026, 2, 1);

export const caseInput = (more: Partial<CaseInput> = {}): CaseInput => ({
  caseId: 'cse_1',
  productId: 'prd_1',
  teamId: 'tea_1',
  accountRef: 'acct-hash',
  harm: 'fraud',
  severity: 2,
  sensitive: false,
  synthetic: false,
  canaryId: null,
  launchId: null,
  policyVersionId: 'plv_1',
  detectorVersionIds: ['dtv_1'],
  clocks: defaultSlaClocks,
  doubleReview: false,
  skipLimit: 3,
  ...more,
});

export const person = (id: string, ...roles: Role[]): Actor => ({
  kind: 'person',
  id,
  roles: roles.length > 0 ? roles : ['reviewer'],
});

type Decided = Extract<CaseEvent, { type: 'decisionRecorded' }>;

/** A violation to be answered by a day's suspension, judged by `per_a`, unless a test says otherwise. */
export const decision = (taskId: string, more: Partial<Decided> = {}): Decided => ({
  type: 'decisionRecorded',
  decisionId: `dec_${taskId}`,
  taskId,
  verdict: 'violation',
  policyVersionId: 'plv_1',
  enforcement: { action: 'suspend_account', durationMs: 24 * hourMs },
  by: person('per_a'),
  ...more,
});

/** A case that was opened. */
export class ToldCase extends Told<ReviewCase, CaseEvent, CaseEffect> {
  constructor(more: Partial<CaseInput> = {}) {
    super(caseMachine, openCase(caseInput(more), t0), t0);
    this.hear({ type: 'opened' });
  }

  /** The queue names the task that the case waits for. */
  task(taskId: string): this {
    return this.hear({ type: 'taskCreated', effectKey: `task:${this.state.lastRound}`, taskId });
  }
}
