import type { Person } from '#domain/actor.ts';
import type { Happening, HappeningKind } from '#domain/escalation/happening.ts';
import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder, LadderInput } from '#domain/escalation/ladder.ts';
import { defaultThrottle } from '#domain/escalation/ladder-parts.ts';
import type { PageResult } from '#domain/escalation/ladder-parts.ts';
import { ladderMachine } from '#domain/escalation/machine.ts';
import type {
  LadderEffect,
  LadderEvent,
  Of,
  PagePerson,
  ResolvedPerson,
  ResolvedRule,
} from '#domain/escalation/messages.ts';
import { freezePolicy } from '#domain/escalation/policy.ts';
import type { FrozenPolicy, PolicyDocument, Target } from '#domain/escalation/policy.ts';
import type { Step } from '#domain/machine.ts';
import { minuteMs } from '#domain/time.ts';

export const person = (id: string): Person => ({ kind: 'person', id, roles: ['responder'] });
export const to = (personId: string): Target => ({ kind: 'person', personId });
export const onCall = (scheduleId: string): Target => ({ kind: 'schedule', scheduleId });
export const rung = (...targets: Target[]): PolicyDocument['rungs'][number] => ({ targets, ackWithinMs: 5 * minuteMs });

export function policy(document: Partial<PolicyDocument> = {}, version = 1): FrozenPolicy {
  return freezePolicy(
    { rungs: [rung(to('ann')), rung(to('bob'))], catchAllPersonId: 'zoe', ...document },
    { policyVersionId: `epv_${version}`, version },
  );
}

export const ladderInput = (change: Partial<LadderInput> = {}): LadderInput => ({
  escalationId: 'esc_1',
  serviceId: 'svc_1',
  teamId: 'tea_1',
  severity: 1,
  firingCount: 1,
  alertEventId: 'alr_0',
  policy: policy(),
  previousEscalationId: null,
  drill: null,
  sensitive: false,
  throttle: defaultThrottle,
  maintenance: [],
  holdLowUntilAt: null,
  ...change,
});

interface OnCall {
  readonly personId: string;
  readonly shadow?: boolean;
}

/** Who is on call, how they want to be reached, and what becomes of their pages. Change it in the middle of a story. */
export interface World {
  readonly schedules: Record<string, readonly OnCall[]>;
  readonly rules: Record<string, readonly ResolvedRule[]>;
  /** `null` leaves the page in flight. */
  result: (page: PagePerson) => PageResult | null;
  hours: 'working' | 'outside' | null;
  resampleAt: number | null;
  /** Effects of these types are not performed. */
  unanswered: LadderEffect['type'][];
}

export const rule = (channel: string, delayMs = 0): ResolvedRule => ({
  ruleId: `nrl_${channel}_${delayMs}`,
  contactMethodId: `cmt_${channel}`,
  channel,
  delayMs,
});

/** Drives one ladder as the workflow would, with effects that answer at once, on a clock that moves only when told. */
export class LadderStory {
  readonly world: World = {
    schedules: {},
    rules: {},
    result: () => 'delivered',
    hours: null,
    resampleAt: null,
    unanswered: [],
  };
  readonly pages: (PagePerson & { at: number })[] = [];
  readonly effects: LadderEffect[] = [];
  readonly records: { at: number; event: LadderEvent; state: Ladder }[] = [];
  ladder: Ladder;
  now: number;

  constructor(change: Partial<LadderInput> = {}, now = Date.UTC(2026, 0, 5, 9)) {
    this.now = now;
    this.ladder = openLadder(ladderInput(change), now);
  }

  /** Opens the ladder; the world may be prepared before. */
  open(): this {
    this.send({ type: 'opened' });
    return this;
  }

  /** Applies one event and everything that its effects lead to at this instant. */
  send(event: LadderEvent): Step<Ladder, LadderEffect> {
    const step = ladderMachine.transition(this.ladder, event, this.now);
    if (step.outcome !== 'moved') return step;
    this.ladder = step.state;
    this.records.push({ at: this.now, event, state: step.state });
    for (const effect of step.effects) {
      this.effects.push(effect);
      if (effect.type === 'page') this.pages.push({ ...effect, at: this.now });
      const learned = this.world.unanswered.includes(effect.type) ? undefined : this.perform(effect);
      if (learned) this.send(learned);
    }
    return step;
  }

  /** Sends a message that the ladder must take; returns the answer. */
  accept(event: LadderEvent): Readonly<Record<string, unknown>> {
    const step = this.send(event);
    if (step.outcome !== 'moved') throw new Error(`${event.type} was ${step.outcome}: ${JSON.stringify(step)}`);
    return step.answer ?? {};
  }

  acknowledge(personId: string): Readonly<Record<string, unknown>> {
    return this.accept({ type: 'acknowledge', by: person(personId) });
  }

  trigger(change: Partial<Of<LadderEvent, 'sourceChanged'>> = {}): Step<Ladder, LadderEffect> {
    const alertEventId = `alr_${this.ladder.version}`;
    return this.send({ type: 'sourceChanged', kind: 'trigger', severity: 1, firingCount: 1, alertEventId, ...change });
  }

  /** Lets time pass, with every due event at its moment. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (let turns = 0; turns < 10_000; turns++) {
      const due = ladderMachine.nextDue(this.ladder);
      if (due === null || due > end) {
        this.now = end;
        return this;
      }
      this.now = Math.max(this.now, due);
      this.send({ type: 'due' });
    }
    throw new Error('the ladder does not come to rest');
  }

  /** `[minutes since the opening, person, channel, reason]` of each page. */
  get pageList(): [number, string, string, string][] {
    const { openedAt } = this.ladder;
    return this.pages.map(({ at, personId, channel, reason }) => [
      (at - openedAt) / minuteMs,
      personId,
      channel,
      reason,
    ]);
  }

  happened<K extends HappeningKind>(what: K): Extract<Happening, { what: K }>[] {
    const all = this.records.flatMap(({ state }) => state.happened);
    return all.filter((one): one is Extract<Happening, { what: K }> => one.what === what);
  }

  private perform(effect: LadderEffect): LadderEvent | undefined {
    switch (effect.type) {
      case 'page': {
        const result = this.world.result(effect);
        return result === null
          ? undefined
          : { type: 'pageSettled', effectKey: effect.key, result, deliveryId: `dlv_${effect.key}` };
      }
      case 'resolvePeople': {
        const people = effect.people.map((one) => this.reach(one.personId, one.shadow, { kind: 'person' }));
        return { type: 'peopleResolved', effectKey: effect.key, people };
      }
      case 'resolveRung': {
        const { key, pass, rung } = effect;
        const people = effect.targets.flatMap((target) => this.peopleOf(target));
        const { hours, resampleAt } = this.world;
        return { type: 'rungResolved', effectKey: key, pass, rung, people, hours, resampleAt };
      }
      default:
        return undefined;
    }
  }

  private peopleOf(target: Target): ResolvedPerson[] {
    if (target.kind === 'person') return [this.reach(target.personId, false, { kind: 'person' })];
    const { kind, scheduleId } = target;
    return (this.world.schedules[scheduleId] ?? []).map(({ personId, shadow = false }) =>
      this.reach(personId, shadow, { kind, scheduleId, scheduleVersion: 1 }),
    );
  }

  private reach(personId: string, shadow: boolean, source: ResolvedPerson['source']): ResolvedPerson {
    return { personId, shadow, source, rules: this.world.rules[personId] ?? [rule('push')] };
  }
}
