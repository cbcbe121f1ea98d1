import type { Draft } from './draft.ts';
import type { Position, Question } from './ladder-parts.ts';

/**
 * Asks who is on a rung now. Two older questions are taken back: the same about the same rung, whose sample would be
 * older, and on arrival the one about a rung that was left before it was answered.
 */
export function askRung(draft: Draft, purpose: 'rung' | 're_page' | 'roster', position: Position): void {
  const { state } = draft;
  const rung = state.policy.rungs[position.rung];
  if (rung === undefined) return;
  const { round, key } = nextRound(draft);
  const { pass, rung: index } = position;
  state.questions = [
    ...state.questions.filter((other) => other.purpose !== purpose || (purpose !== 'rung' && other.rung !== index)),
    { key, round, purpose, pass, rung: index, personIds: [] },
  ];
  draft.effects.push({
    type: 'resolveRung',
    key,
    round,
    purpose,
    pass,
    rung: index,
    targets: rung.targets,
    urgency: state.urgency,
  });
  draft.happened.push({ what: 'rung_asked', because: purpose, pass, rung: index });
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
