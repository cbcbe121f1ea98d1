import { ignored } from '../machine.ts';
import type { Step } from '../machine.ts';
import { minuteMs } from '../time.ts';
import { askRung, closeQuestion } from './ask.ts';
import { changeWalk, draftOf, finish } from './draft.ts';
import type { Draft } from './draft.ts';
import type { PageReason, PersonSource, Question } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import type { Answered, Fact, LadderEffect, Of, ResolvedPerson } from './messages.ts';
import { firePending, responderOf, startTurn } from './paging.ts';
import { schedulesOf } from './policy.ts';
import type { Rung } from './policy.ts';
import { arrive, skip } from './walk.ts';

type RungAnswer = Of<Answered, 'rungResolved'>;

/** However often a schedule says it changes hands, it is not asked again sooner. */
const shortestResampleMs = minuteMs;

/** Learns who is on a rung, and pages them. */
export function rungResolved(ladder: Ladder, event: RungAnswer, now: number): Step<Ladder, LadderEffect> {
  const question = ladder.questions.find(({ key }) => key === event.effectKey);
  if (question === undefined) return ignored;
  const draft = draftOf(ladder, now);
  closeQuestion(draft, question);
  const people = onePerPerson(event.people);
  if (question.purpose === 'rung') reachRung(draft, question, event, people);
  else if (question.purpose === 're_page') pageAll(draft, question, notAcked(draft, people), 're_page');
  else pageNewcomers(draft, question, people);
  resampleBy(draft, event.resampleAt);
  return finish(draft);
}

function reachRung(draft: Draft, question: Question, event: RungAnswer, people: readonly ResolvedPerson[]): void {
  const { state, now } = draft;
  const rung = state.policy.rungs[question.rung];
  const full = people.filter((person) => !person.shadow);
  const wantedHours = rung?.conditions?.hours ?? null;
  if (wantedHours !== null && event.hours !== null && event.hours !== wantedHours) {
    leave(draft, question, 'hours');
  } else if (full.length === 0) {
    leave(draft, question, 'nobody');
  } else if (full.every((person) => person.rules.length === 0)) {
    leave(draft, question, 'unreachable');
  } else {
    const untilAt = now + (rung?.ackWithinMs ?? 0);
    changeWalk(draft, { phase: 'waiting', deadlineAt: untilAt, passFoundSomeone: true });
    const { pass, rung: index } = question;
    draft.happened.push({ what: 'rung_waits', pass, rung: index, untilAt, people: full.length });
    pageAll(draft, question, notPagedHere(draft, question, notAcked(draft, people)), 'rung');
  }
}

function leave(draft: Draft, question: Question, reason: 'hours' | 'nobody' | 'unreachable'): void {
  skip(draft, question.rung, reason);
  arrive(draft, question.rung + 1);
}

/** Someone who has come on call since the rung was asked; those who were paged in this walk are not disturbed. */
function pageNewcomers(draft: Draft, question: Question, people: readonly ResolvedPerson[]): void {
  const { walk } = draft.state;
  const newcomers = people.filter(
    (person) => person.rules.length > 0 && responderOf(draft.state, person.personId)?.walk !== walk.number,
  );
  if (newcomers.some((person) => !person.shadow)) {
    const emptyRungs = walk.emptyRungs.filter((rung) => rung !== question.rung);
    changeWalk(draft, { emptyRungs, passFoundSomeone: true });
  }
  pageAll(draft, question, notAcked(draft, newcomers), 'rung');
}

const reasonOf: Readonly<Record<string, PageReason>> = {
  catch_all: 'catch_all',
  ack_timeout: 'ack_timeout',
  added_responder: 'added_responder',
};
const sourceOf: Readonly<Record<string, PersonSource>> = {
  catch_all: { kind: 'catch_all' },
  ack_timeout: { kind: 'person' },
  added_responder: { kind: 'added' },
};

/** Learns how to reach the catch-all, an added responder, or those whose acknowledgement has lapsed, and pages them. */
export function peopleResolved(
  ladder: Ladder,
  event: Of<Answered, 'peopleResolved'>,
  now: number,
): Step<Ladder, LadderEffect> {
  const question = ladder.questions.find(({ key }) => key === event.effectKey);
  if (question === undefined) return ignored;
  const draft = draftOf(ladder, now);
  closeQuestion(draft, question);
  const source = sourceOf[question.purpose] ?? { kind: 'person' };
  const people = onePerPerson(event.people)
    .filter((person) => question.personIds.includes(person.personId))
    .map((person) => ({ ...person, source }));
  for (const personId of question.personIds) {
    if (people.some((person) => person.personId === personId)) continue;
    draft.happened.push({ what: 'person_unreached', personId });
  }
  const wanted = question.purpose === 'ack_timeout' ? notPagedHere(draft, question, people) : people;
  pageAll(draft, question, wanted, reasonOf[question.purpose] ?? 'rung');
  return finish(draft);
}

function pageAll(draft: Draft, question: Question, people: readonly ResolvedPerson[], reason: PageReason): void {
  const { pass, rung, round } = question;
  for (const person of people) {
    startTurn(draft, person, { pass, rung, round, reason });
    if (person.rules.length === 0) draft.happened.push({ what: 'person_unreached', personId: person.personId });
  }
  firePending(draft);
}

/** Who acknowledged in this walk knows, and is left alone while it waits for others. */
const notAcked = (draft: Draft, people: readonly ResolvedPerson[]): ResolvedPerson[] =>
  people.filter((person) => !draft.state.walk.ackedBy.includes(person.personId));

/** Two questions may name the same person for the same place in the same walk; the first answer pages. */
const notPagedHere = (draft: Draft, { pass, rung }: Question, people: readonly ResolvedPerson[]): ResolvedPerson[] =>
  people.filter((person) => {
    const known = responderOf(draft.state, person.personId);
    const here = known?.walk === draft.state.walk.number && known.pass === pass && known.rung === rung;
    return !here || known.shadow !== person.shadow;
  });

/** One entry a person, with all the rules given; a full responder is not a shadow, however often named. */
function onePerPerson(people: readonly ResolvedPerson[]): ResolvedPerson[] {
  const byId = new Map<string, ResolvedPerson>();
  for (const person of people) {
    const known = byId.get(person.personId) ?? person;
    const { source } = known.shadow ? person : known;
    const rules = known === person ? person.rules : [...known.rules, ...person.rules];
    byId.set(person.personId, { ...known, source, shadow: known.shadow && person.shadow, rules });
  }
  return [...byId.values()];
}

/**
 * A schedule was changed: asks again who is on the present rung and on those of this pass that had nobody. A question
 * about the present rung that is still open is taken back: its answer may be of the schedule as it was.
 */
export function rosterChanged(
  ladder: Ladder,
  event: Of<Fact, 'rosterChanged'>,
  now: number,
): Step<Ladder, LadderEffect> {
  const draft = draftOf(ladder, now);
  resample(draft, (rung) => schedulesOf(rung).includes(event.scheduleId));
  const { pass, rung, phase } = ladder.walk;
  if (ladder.status === 'triggered' && phase === 'resolving' && isOnCallIn(ladder.policy.rungs[rung], event.scheduleId))
    askRung(draft, 'rung', { pass, rung });
  return draft.effects.length === 0 ? ignored : finish(draft);
}

/** Whether the rung pages whoever is on call in the schedule; a round robin over its members would be turned again. */
const isOnCallIn = (rung: Rung | undefined, scheduleId: string): boolean =>
  rung?.targets.some((target) => target.kind === 'schedule' && target.scheduleId === scheduleId) ?? false;

/** The rungs of this pass that someone who comes on call now would stand on: the present one and those that had nobody. */
export function rungsToResample(ladder: Ladder, concerns: (rung: Rung) => boolean): number[] {
  const { status, walk, policy } = ladder;
  if (status !== 'triggered' && status !== 'exhausted') return [];
  const present = walk.phase === 'waiting' || walk.phase === 'parked' ? [walk.rung] : [];
  return [...new Set([...walk.emptyRungs, ...present])].filter((index) => {
    const rung = policy.rungs[index];
    return rung !== undefined && concerns(rung);
  });
}

export function resample(draft: Draft, concerns: (rung: Rung) => boolean): void {
  const { pass } = draft.state.walk;
  for (const rung of rungsToResample(draft.state, concerns)) askRung(draft, 'roster', { pass, rung });
}

function resampleBy(draft: Draft, resampleAt: number | null): void {
  if (resampleAt === null) return;
  const at = Math.max(resampleAt, draft.now + shortestResampleMs);
  changeWalk(draft, { resampleAt: Math.min(at, draft.state.walk.resampleAt ?? at) });
}
