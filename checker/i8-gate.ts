import { appliesTo, blocksIn, catalogue, signOffsOf } from './catalogue-v1.ts';
import type { Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { chainsOf, nameOf, stepsOf } from './history.ts';
import type { Step } from './history.ts';
import type { Launch } from './launch-state.ts';
import { standingOf } from './requirement-standing.ts';
import type { RequirementRow } from './rows.ts';

const needs = ['stages opened', 'blocking requirements', 'requirement rows'];

/** I8: a launch is ready only if each blocking check passed on measured, unexpired proof, or is validly let go and shown so. */
export const openedOnProof: PromiseCheck = {
  promise: 'I8',
  title:
    'a launch is ready only if each blocking check passed on measured, unexpired evidence or a valid waiver shown as such',
  needs,
  check(facts) {
    const found = new Findings('I8', needs);
    found.each(chainsOf(facts, 'launch'), nameOf, (chain) => {
      const steps = stepsOf<Launch>(chain);
      for (const step of steps) checkStep(nameOf(chain), step, found);
      const last = steps.at(-1);
      if (last !== undefined) checkRows(facts, chain.id, last, found);
    });
    return found;
  },
};

/** A stage opens by a person's advance alone, and only on what the state just before it shows. */
function checkStep(name: string, step: Step<Launch>, found: Findings): void {
  const { event, before, state, at, recordedAt } = step;
  const opened = state.openings.length - (before?.openings.length ?? 0);
  const isSustained = state.phase === 'sustained' && before?.phase !== 'sustained';
  if (opened === 0 && !isSustained) return;
  found.saw('stages opened');
  if (event.type !== 'advanceStage' || opened > 1 || before === null) {
    found.breach(name, `${event.type} opened a stage`, recordedAt);
    return;
  }
  const stage = isSustained ? 'sustained' : `${state.openings.at(-1)?.percent} %`;
  const breach = (what: string): void => found.breach(name, `${stage} was opened although ${what}`, recordedAt);
  if (before.catalogueVersion !== 'v1') breach(`the checker does not know catalogue ${before.catalogueVersion}`);
  if (before.heldSinceAt !== null) breach('the launch was on hold');
  for (const what of signOffProblems(before)) breach(what);
  for (const { id, dueAt } of before.conditions) if (dueAt <= at) breach(`${id} was overdue`);
  const shown = standings(before, at, breach, found);
  if (shown.passed === 0) breach('nothing was measured');
  const opening = state.openings.at(-1);
  if (opened === 1 && opening !== undefined) {
    if (opening.passed !== shown.passed)
      breach(`it shows ${opening.passed} passed checks and ${shown.passed} had passed`);
    if (!sameSet(opening.waived, shown.waived)) breach('it does not show what was waived');
    if (!sameSet(opening.notApplicable, shown.notApplicable)) breach('it does not show what was called not applicable');
  }
}

interface Shown {
  readonly passed: number;
  readonly waived: readonly string[];
  readonly notApplicable: readonly string[];
}

function standings(launch: Launch, at: number, breach: (what: string) => void, found: Findings): Shown {
  const tier = launch.tier ?? '';
  const waived: string[] = [];
  const notApplicable: string[] = [];
  let passed = 0;
  for (const [id, requirement] of catalogue) {
    if (!appliesTo(requirement, launch.capabilities) || !blocksIn(requirement, tier)) continue;
    found.saw('blocking requirements');
    const state = launch.requirements[id];
    const standing = state === undefined ? { blocked: 'it was never asked for' } : standingOf(id, state, tier, at);
    if (standing === 'pass') passed += 1;
    else if (standing === 'waived') waived.push(id);
    else if (standing === 'not_applicable') notApplicable.push(id);
    else breach(`${id}: ${standing.blocked}`);
  }
  return { passed, waived, notApplicable };
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((entry) => b.includes(entry));

/** Every role that the tier asks for approved the present evidence, and no objection of any role stands. */
function signOffProblems({ tier, signOffs, evidenceRevision }: Launch): string[] {
  const problems: string[] = [];
  const isOverruled = (role: string): boolean => signOffs[role]?.overruled?.revision === evidenceRevision;
  for (const role of signOffsOf[tier ?? ''] ?? []) {
    const given = signOffs[role];
    const approves = given !== undefined && given.choice.startsWith('approve') && given.revision === evidenceRevision;
    if (!approves && !(given?.choice === 'object' && isOverruled(role))) problems.push(`${role} had not approved`);
  }
  for (const [role, { choice }] of Object.entries(signOffs)) {
    if (choice === 'object' && !isOverruled(role)) problems.push(`${role} objected`);
  }
  if (signOffsOf[tier ?? ''] === undefined) problems.push('it had no tier');
  return problems;
}

/** The list that people see shows each requirement as it stood when the launch last moved: waived is never shown as passed. */
function checkRows(facts: Facts, launchId: string, { state, at, recordedAt }: Step<Launch>, found: Findings): void {
  const { tier } = state;
  if (tier === null) return;
  const rows = facts.requirements.filter((row) => row.launch_id === launchId);
  for (const row of rows) {
    found.saw('requirement rows');
    const what = rowProblem(row, state, tier, at);
    if (what !== null) found.breach(`launch ${launchId}`, `${row.requirement_id} ${what}`, recordedAt);
  }
  for (const [id, requirement] of catalogue) {
    if (!appliesTo(requirement, state.capabilities) || rows.some((row) => row.requirement_id === id)) continue;
    found.breach(`launch ${launchId}`, `${id} applies and is not listed`, recordedAt);
  }
}

function rowProblem(row: RequirementRow, launch: Launch, tier: string, at: number): string | null {
  const requirement = catalogue.get(row.requirement_id);
  const state = launch.requirements[row.requirement_id];
  if (requirement === undefined || state === undefined) return 'is listed and does not apply';
  if (row.blocking !== blocksIn(requirement, tier)) return `is listed as ${row.blocking ? '' : 'not '}blocking`;
  const standing = standingOf(row.requirement_id, state, tier, at);
  const good = ['pass', 'waived', 'not_applicable'];
  if (typeof standing === 'string') return row.state === standing ? null : `is ${standing} and listed as ${row.state}`;
  return good.includes(row.state) ? `is listed as ${row.state} although ${standing.blocked}` : null;
}
