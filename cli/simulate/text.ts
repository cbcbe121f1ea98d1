import { sayHappening } from '#domain/escalation/timeline-text.ts';
import type { HappeningKind } from '#domain/escalation/happening.ts';
import { zoneClock } from '#domain/oncall/zone-clock.ts';
import type { Output } from '../output.ts';
import { clean, pad } from '../text.ts';
import type { SimulationAnswer } from './answer.ts';

/** What a reader wants to know beside the pages; the rest is how the ladder works inside. */
const told: ReadonlySet<HappeningKind> = new Set([
  'paged',
  'pass_started',
  'rung_skipped',
  'low_urgency_waits',
  'page_held_back',
  'person_unreached',
  'exhausted',
  'acknowledged',
]);

export interface Reader {
  readonly zone: string;
  /** Schedules by what people call them. */
  readonly nameOfSchedule: (id: string) => string;
}

/** A simulation as people read it: a line for each thing that happens, in the clock of their zone. */
export function simulationText(answer: SimulationAnswer, { zone, nameOfSchedule }: Reader, output: Output): string {
  const { startedAt, endedAt, steps, refusals, nextAt, policyVersion, urgency } = answer;
  const clock = zoneClock(zone);
  const show = (at: string) => new Date(clock.localAt(Date.parse(at))).toISOString().slice(0, 19).replace('T', ' ');
  const names = new Map(answer.people.map(({ id, name }) => [id, clean(name)]));
  const rules = new Map(answer.pages.map(({ ruleId, ruleDelayMinutes }) => [ruleId, sayRule(ruleDelayMinutes)]));
  const nameOf = (id: string) => names.get(id) ?? rules.get(id) ?? nameOfSchedule(id);

  const lines = [
    ...steps
      .filter(({ fact }) => told.has(fact.what))
      .map(({ at, fact }) => ({ at, text: sayHappening(fact, nameOf), isPage: fact.what === 'paged' })),
    ...refusals.map(({ at, personId, code }) => ({
      at,
      text: `${nameOf(personId)} was refused acknowledge: ${code}`,
      isPage: false,
    })),
  ].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const after = lines.map(({ at }) => sayAfter(Date.parse(at) - Date.parse(startedAt)));
  const width = Math.max(0, ...after.map(({ length }) => length));
  return [
    `policy version ${policyVersion}, ${urgency} urgency, from ${show(startedAt)} to ${show(endedAt)} in ${zone}`,
    '',
    ...lines.map(({ at, text, isPage }, index) =>
      [show(at), output.paint('dim', pad(after[index] ?? '', width)), output.paint(isPage ? 'bold' : null, text)].join(
        '  ',
      ),
    ),
    ...(answer.pages.length === 0 ? ['nobody would be paged'] : []),
    '',
    `in the end: ${answer.status}${answer.noOneReached ? ', and no one was reached' : ''}` +
      (nextAt === null ? '' : `; it goes on at ${show(nextAt)}`),
  ].join('\n');
}

const sayRule = (delayMinutes: number | null): string =>
  delayMinutes === null || delayMinutes === 0 ? 'at once' : `after ${delayMinutes} min`;

/** `+1:05:00`: hours, minutes and seconds since the alert. */
function sayAfter(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `+${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
