import assert from 'node:assert/strict';
import type { LadderEffect, LadderEvent, Of, ResolveRung } from '#domain/escalation/messages.ts';
import type { LadderRecord, LadderRun } from './escalation-invariants.ts';

/** What the outside knows of one visit to a rung. */
interface Visit {
  readonly asked: ResolveRung;
  readonly askedAt: number;
  readonly ackWithinMs: number;
  answer: { readonly at: number; readonly event: Of<LadderEvent, 'rungResolved'>; readonly leftAtOnce: boolean } | null;
}

/**
 * I5: the ladder comes to a rung only at the start of a walk, because a person wants it, because the rung before had
 * nobody, or because the rung before was asked and its whole time has passed. Positions never go back, and no walk makes
 * more passes than the policy's repeats, but for those that were forced. A low urgency goes on only while nobody was told.
 */
export function assertRungOrder(run: LadderRun): void {
  let visit: Visit | null = null;
  let told = 0;
  let passes = 0;
  const counted = new Map<string, { walk: number; out: boolean }>();
  for (const record of run.records) {
    const { at, event, before, state } = record;
    if (event.type === 'rungResolved' && visit !== null && visit.asked.key === event.effectKey) {
      visit.answer = {
        at,
        event,
        leftAtOnce: isLeftAtOnce(visit, event, before.policy.rungs[visit.asked.rung]?.conditions?.hours ?? null),
      };
    }
    if (event.type === 'moveToCurrentPolicy') passes = 0;
    for (const one of state.happened) {
      if (one.what === 'paged' && !one.shadow && !['added', 'catch_all'].includes(one.source.kind)) {
        counted.set(one.key, { walk: state.walk.number, out: false });
      }
      if (one.what === 'page_settled') {
        const page = counted.get(one.key);
        const out = ['sent', 'delivered', 'unknown', 'bundled'].includes(one.result);
        if (page && page.walk === before.walk.number) told += Number(out) - Number(page.out);
        if (page) page.out = out;
      }
      if (one.what === 'walk_started') {
        told = 0;
        if (one.reason !== 'escalated' || before.status === 'exhausted') passes = 0;
      }
      if (one.what === 'pass_started' && !one.forced) {
        passes++;
        assert.ok(
          passes <= state.policy.repeat,
          `pass ${passes + 1} of a policy that repeats ${state.policy.repeat} times`,
        );
        if (before.urgency === 'low' && event.type === 'due')
          assert.equal(told, 0, 'a low urgency repeats though someone was told');
      }
    }
    const arrival = record.effects.find(isArrival);
    if (arrival === undefined) continue;
    if (event.type === 'rosterChanged') {
      visit = askedAnew(visit, arrival);
      continue;
    }
    if (visit !== null) assertForward(visit, arrival);
    assertMayArrive(record, visit, arrival, told);
    visit = {
      asked: arrival,
      askedAt: at,
      ackWithinMs: state.policy.rungs[arrival.rung]?.ackWithinMs ?? 0,
      answer: null,
    };
  }
}

const isArrival = (effect: LadderEffect): effect is ResolveRung =>
  effect.type === 'resolveRung' && effect.purpose === 'rung';

function isLeftAtOnce(
  visit: Visit,
  { people, hours }: Of<LadderEvent, 'rungResolved'>,
  wanted: string | null,
): boolean {
  const full = new Set(people.filter(({ shadow }) => !shadow).map(({ personId }) => personId));
  const reachable = people.some((one) => full.has(one.personId) && !one.shadow && one.rules.length > 0);
  return !reachable || (wanted !== null && hours !== null && hours !== wanted && visit.answer === null);
}

/** A changed rota takes an open question back and asks it again: the same visit, with the same time to acknowledge. */
function askedAnew(visit: Visit | null, again: ResolveRung): Visit {
  const name = `pass ${again.pass} rung ${again.rung}`;
  assert.ok(visit !== null && visit.answer === null, `${name} was asked again though its answer was there`);
  assert.deepEqual([again.pass, again.rung], [visit.asked.pass, visit.asked.rung], `${name} was asked out of its turn`);
  return { ...visit, asked: again };
}

function assertForward({ asked }: Visit, next: ResolveRung): void {
  const isLater = next.pass > asked.pass || (next.pass === asked.pass && next.rung > asked.rung);
  assert.ok(isLater, `went from pass ${asked.pass} rung ${asked.rung} to pass ${next.pass} rung ${next.rung}`);
}

function assertMayArrive(record: LadderRecord, visit: Visit | null, arrival: ResolveRung, told: number): void {
  const { at, event, before, state } = record;
  const started = state.happened.some(({ what }) => what === 'walk_started');
  const graceEnded = event.type === 'due' && before.walk.phase === 'grace';
  if (started || graceEnded || event.type === 'escalateNow') return;
  const name = `pass ${arrival.pass} rung ${arrival.rung}`;
  assert.ok(visit !== null, `${name} was asked out of nothing`);
  const answer = visit.answer;
  if (event.type === 'rungResolved') {
    assert.ok(answer?.leftAtOnce && answer.event === event, `${name} was asked though the rung before had someone`);
    return;
  }
  assert.equal(event.type, 'due', `${name} was asked because of ${event.type}`);
  const waitedFrom = answer === null ? visit.askedAt : answer.at;
  assert.ok(at >= waitedFrom + visit.ackWithinMs, `${name} was asked before the time of the rung before had passed`);
  if (before.urgency === 'low') assert.equal(told, 0, `${name} was asked for a low urgency of which someone was told`);
}
