import type { Draft } from './draft.ts';
import type { Position, Question } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import type { Target } from './policy.ts';

/** Asks who is on a rung now. An open question of the same kind about the same rung is taken back: its sample is older. */
export function askRung(draft: Draft, purpose: 'rung' | 're_page' | 'roster', position: Position): void {
  const { state } = draft;
  const rung = state.policy.rungs[position.rung];
  if (rung === undefined) return;
  const { round, key } = nextRound(draft);
  const { pass, rung: index } = position;
  const targets =
    purpose === 'rung' ? rung.targets : rung.targets.flatMap((target) => whoHadTheTurn(state, target, position));
  state.questions = [
    ...state.questions.filter((other) => other.purpose !== purpose || other.rung !== index),
    { key, round, purpose, pass, rung: index, personIds: [] },
  ];
  draft.effects.push({ type: 'resolveRung', key, round, purpose, pass, rung: index, targets, urgency: state.urgency });
  draft.happened.push({ what: 'rung_asked', because: purpose, pass, rung: index });
}

/** A round robin is not turned twice for one visit to a rung: whoever had the turn has it still. */
function whoHadTheTurn(ladder: Ladder, target: Target, { pass, rung }: Position): Target[] {
  if (target.kind !== 'round_robin') return [target];
  return ladder.responders
    .filter(
      ({ walk, source, ...at }) =>
        walk === ladder.walk.number &&
        at.pass === pass &&
        at.rung === rung &&
        source.kind === 'round_robin' &&
        source.scheduleId === target.scheduleId,
    )
    .map(({ personId }) => ({ kind: 'person', personId }));
}

/** The ladder leaves a rung before it has learned who is on it. Whoever that is will be paged late, not never. */
export function leaveUnanswered(draft: Draft): void {
  draft.state.questions = draft.state.questions.map((question) =>
    question.purpose === 'rung' ? { ...question, purpose: 'roster' } : question,
  );
}

/** Asks how to reach people who are named and not looked up on a schedule. */
export function askPeople(
  draft: Draft,
  purpose: 'catch_all' | 'ack_timeout' | 'added_responder',
  people: readonly { readonly personId: string; readonly shadow: boolean }[],
): void {
  const { state } = draft;
  const { round, key } = nextRound(draft);
  const { pass, rung } = state.walk;
  const personIds = people.map(({ personId }) => personId);
  state.questions = [...state.questions, { key, round, purpose, pass, rung, personIds }];
  draft.effects.push({ type: 'resolvePeople', key, round, purpose, pass, rung, people, urgency: state.urgency });
  draft.happened.push({ what: 'people_asked', because: purpose, personIds });
}

/** Takes an answered question off the list. */
export function closeQuestion(draft: Draft, question: Question): void {
  draft.state.questions = draft.state.questions.filter((other) => other.key !== question.key);
}

function nextRound(draft: Draft): { round: number; key: string } {
  const round = draft.state.round + 1;
  draft.state.round = round;
  return { round, key: `ask:${round}` };
}
