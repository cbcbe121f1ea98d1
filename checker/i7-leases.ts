import type { Chain, Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { chainsOf, dataOf, nameOf, stepsOf } from './history.ts';
import type { AuditRow, TaskRow } from './rows.ts';

const needs = ['tasks', 'claims', 'decisions'];

/** I7: no item is decided twice, nor shown under two live leases. */
export const decidedOnce: PromiseCheck = {
  promise: 'I7',
  title: 'no item decided twice, nor shown under two live leases',
  needs,
  check(facts) {
    const found = new Findings('I7', needs);
    const ends = knownEnds(facts);
    const chains = new Map(chainsOf(facts, 'case').map((chain) => [chain.id, chain]));
    found.each(
      facts.tasks,
      ({ id }) => `task ${id}`,
      (task) => checkTask(facts, task, chains.get(task.case_id)?.events ?? [], ends, found),
    );
    found.each(chains.values(), nameOf, (chain) => checkCase(chain, found));
    for (const [taskId, decisions] of Map.groupBy(facts.decisions, (row) => row.task_id)) {
      if (decisions.length > 1) found.breach(`task ${taskId}`, `it has ${decisions.length} decisions`);
    }
    return found;
  },
};

/** What is known of how long a lease was to last, by task and token: the answers to claims and renewals say it. */
function knownEnds({ answers }: Facts): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { body, status } of answers) {
    const { id, leaseToken, leaseExpiresAt } = (body ?? {}) as Readonly<Record<string, unknown>>;
    if (status >= 400 || typeof id !== 'string' || typeof leaseExpiresAt !== 'string') continue;
    const key = `${id} ${String(leaseToken)}`;
    ends.set(key, Math.max(ends.get(key) ?? 0, Date.parse(leaseExpiresAt)));
  }
  return ends;
}

/** How far a task has come: its newest claim, when that one ends at the earliest, and how the task was settled. */
interface Progress {
  token: number;
  holder: string | null;
  freeFrom: number;
  settledBy: string | null;
}

function checkTask(
  facts: Facts,
  task: TaskRow,
  events: readonly AuditRow[],
  ends: ReadonlyMap<string, number>,
  found: Findings,
): void {
  found.saw('tasks');
  const name = `task ${task.id}`;
  const now: Progress = { token: 0, holder: null, freeFrom: Number.NEGATIVE_INFINITY, settledBy: null };
  const breach = (what: string, event: AuditRow): void => found.breach(name, what, event.at);
  for (const event of events) {
    // The case's own transitions bear some of the same names.
    if (event.version !== null || dataOf(event, 'taskId') !== task.id) continue;
    if (event.action === 'case.taskClaimed') {
      found.saw('claims');
      for (const what of claimProblems(task, now, event, facts.bounds.slackMs)) breach(what, event);
      now.token = Number(dataOf(event, 'token'));
      now.holder = event.actor_id;
      now.freeFrom = Math.max(event.at + facts.bounds.leaseMs, ends.get(`${task.id} ${now.token}`) ?? 0);
    } else if (event.action === 'case.leaseReleased') {
      if (dataOf(event, 'token') === now.token) now.freeFrom = event.at;
    } else if (event.action === 'case.decided') {
      found.saw('decisions');
      if (now.settledBy !== null) breach('it was decided twice', event);
      now.settledBy = event.reason ?? 'something';
      const isNewest = dataOf(event, 'leaseToken') === now.token && event.actor_id === now.holder;
      if (!isNewest) breach('it was decided by someone without the newest lease', event);
    } else if (event.action === 'case.contentShown') {
      found.saw('exposures');
      if (event.actor_id !== now.holder)
        breach(`its content was shown to ${event.actor_id}, who did not hold it`, event);
    }
  }
  checkRow(task, now, found);
}

function claimProblems(task: TaskRow, now: Progress, event: AuditRow, slackMs: number): string[] {
  const token = Number(dataOf(event, 'token'));
  const by = event.actor_id;
  return [
    ...(token === now.token + 1 ? [] : [`token ${token} followed token ${now.token}`]),
    ...(event.at < now.freeFrom - slackMs ? [`${by} claimed it while the lease of ${now.holder} was live`] : []),
    ...(now.settledBy === null ? [] : ['it was claimed after it was settled']),
    ...(task.excluded.includes(by) ? [`${by} claimed it, who must not have it`] : []),
  ];
}

function checkRow(task: TaskRow, { token, settledBy }: Progress, found: Findings): void {
  const name = `task ${task.id}`;
  if (task.lease_token !== token)
    found.breach(name, `its row has token ${task.lease_token}, the last claim had ${token}`);
  const isDecided = settledBy !== null && settledBy !== 'skip';
  if ((task.status === 'decided') !== isDecided) {
    found.breach(name, `it is ${task.status}, and the trail says ${settledBy ?? 'that nobody decided it'}`);
  }
}

interface CaseState {
  readonly decision: { readonly decisionId: string } | null;
  readonly verdicts: readonly { readonly by: string }[];
}

/** A case keeps its decision, and no person judges it twice. */
function checkCase(chain: Chain, found: Findings): void {
  for (const { before, state, recordedAt } of stepsOf<CaseState>(chain)) {
    const decided = before?.decision ?? null;
    if (decided !== null && decided.decisionId !== state.decision?.decisionId) {
      found.breach(nameOf(chain), `the decision ${decided.decisionId} was replaced`, recordedAt);
    }
    const judges = state.verdicts.map(({ by }) => by);
    if (new Set(judges).size !== judges.length && state.verdicts.length !== before?.verdicts.length) {
      found.breach(nameOf(chain), 'one person judged it twice', recordedAt);
    }
  }
}
