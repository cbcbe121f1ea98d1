import { secondMs } from '#domain/time.ts';
import type { PersonKey } from '../setup.ts';
import type { Truth } from './traffic.ts';
import { expectThat, idOf, until } from './world.ts';
import type { World } from './world.ts';

export interface Task {
  readonly id: string;
  readonly caseId: string;
  readonly leaseToken: number;
}
interface OpenedTask extends Task {
  readonly case: { readonly accountRef: string; readonly harm: string; readonly synthetic: boolean };
  readonly policy: { readonly policyVersionId: string; readonly body: string };
}
interface Shown {
  readonly items: readonly { readonly text: string | null }[];
}

export interface Reviewed {
  readonly decided: number;
  readonly violations: number;
  readonly suspended: readonly string[];
}

/** How long a suspension lasts in the story: long enough to be seen, short enough to see it lifted. */
export const suspensionMs = 8 * secondMs;

/**
 * Step 3: reviewers claim case after case under a lease, see content and policy, and decide by what the corpus says.
 * Their first violations order a suspension each, up to `suspensions`.
 */
export async function review(
  world: World,
  who: PersonKey,
  truth: Truth,
  options: { readonly decisions: number; readonly suspensions: number },
): Promise<Reviewed> {
  const queueId = idOf(world, 'queues', 'outreach');
  const suspended: string[] = [];
  let violations = 0;
  let decided = 0;
  while (decided < options.decisions) {
    const task = await until(`${who} gets a task`, () =>
      world.as(who).post<Task | null>(`/v1/review-queues/${queueId}/claims`),
    );
    const opened = await world.as(who).get<OpenedTask>(`/v1/review-tasks/${task.id}`);
    expectThat(opened.policy.body.length > 0, 'the pinned policy is shown');
    const shown = await world
      .as(who)
      .post<Shown>(`/v1/review-tasks/${task.id}/reveals`, { leaseToken: task.leaseToken });
    const isViolation = verdictOf(opened, shown, truth);
    const enforce = isViolation && !opened.case.synthetic && suspended.length < options.suspensions;
    await world.as(who).post(`/v1/review-tasks/${task.id}/decisions`, {
      leaseToken: task.leaseToken,
      verdict: isViolation ? 'violation' : 'no_violation',
      policyVersionId: opened.policy.policyVersionId,
      enforcement: enforce ? { action: 'suspend_account', durationMs: suspensionMs } : null,
    });
    decided++;
    if (isViolation) violations++;
    if (enforce) suspended.push(opened.case.accountRef);
  }
  return { decided, violations, suspended };
}

/** Decides cases until one of them orders a suspension, and names its account. */
export async function reviewUntilSuspended(world: World, who: PersonKey, truth: Truth): Promise<string> {
  for (let decisions = 0; decisions < 40; decisions++) {
    const { suspended } = await review(world, who, truth, { decisions: 1, suspensions: 1 });
    if (suspended[0] !== undefined) return suspended[0];
  }
  throw new Error('forty cases in a row were no violation');
}

/** The sensitive reviewer judges the announced violence; a responder's page said nothing of its content. */
export async function decideSensitive(world: World): Promise<string> {
  const who = 'sensitive-reviewer';
  const queueId = idOf(world, 'queues', 'sensitive');
  const task = await until('a sensitive task', () =>
    world.as(who).post<Task | null>(`/v1/review-queues/${queueId}/claims`),
  );
  const opened = await world.as(who).get<OpenedTask>(`/v1/review-tasks/${task.id}`);
  await world.as(who).post(`/v1/review-tasks/${task.id}/reveals`, { leaseToken: task.leaseToken });
  await world.as(who).post(`/v1/review-tasks/${task.id}/decisions`, {
    leaseToken: task.leaseToken,
    verdict: 'violation',
    policyVersionId: opened.policy.policyVersionId,
    enforcement: { action: 'suspend_account', durationMs: suspensionMs },
  });
  return task.caseId;
}

/** What most of the shown content is; where none was shown (a finding over a window), what most of the account is. */
function verdictOf(opened: OpenedTask, shown: Shown, truth: Truth): boolean {
  const labels = shown.items
    .flatMap(({ text }) => (text === null ? [] : [truth.ofText(text)]))
    .filter((label) => label !== null);
  if (labels.length === 0) return truth.ofAccount(opened.case.accountRef) === 'spam';
  return labels.filter((label) => label === 'spam').length * 2 >= labels.length;
}
