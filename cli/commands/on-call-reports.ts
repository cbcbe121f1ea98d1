import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { readInstant } from '../instants.ts';
import { idOf, personId } from '../keys.ts';
import { namesOf } from '../names.ts';
import { lasting } from '../text.ts';

interface Spread {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
}
interface Metrics {
  readonly escalations: number;
  readonly acknowledged: number;
  readonly resolved: number;
  readonly exhausted: number;
  readonly toFirstAttempt: Spread;
  readonly toFirstHuman: Spread;
  readonly toAck: Spread;
  readonly toResolve: Spread;
  readonly pages: { readonly reached: number; readonly failed: number; readonly shareForNothing: number | null };
}
interface PersonLoad {
  readonly personId: string;
  readonly hours: number;
  readonly nights: number;
  readonly pages: number;
  readonly nightPages: number;
}
interface Load {
  readonly people: readonly PersonLoad[];
  readonly balance: number;
}
interface Nights {
  readonly timeZone: string;
  readonly nights: readonly { readonly night: string; readonly pages: number; readonly escalations: number }[];
  readonly dayPages: number;
}
interface Span {
  readonly from: string;
  readonly to: string;
}

/** How on-call goes: `escalation metrics`, `schedule load` and `nights`. */
export function registerEscalationMetrics(group: Command, run: Run): void {
  withSpan(group.command('metrics').description('how soon people are paged, reached, and done'))
    .option('--team <id-or-key>', 'of one team')
    .action(
      run<Span & { team?: string }>(async ({ api, output }, { team, ...span }) => {
        const teamId = team === undefined ? undefined : await idOf(api, 'team', team);
        const metrics = await api.get<Metrics>('/v1/escalation-metrics', { ...instantsOf(span), teamId });
        output.show(metrics, ({ pages, ...all }) =>
          output.fields([
            ['escalations', `${all.escalations}, of which ${all.exhausted} went past their last rung`],
            ['first page', spreadText(all.toFirstAttempt)],
            ['first person', spreadText(all.toFirstHuman)],
            ['acknowledged', spreadText(all.toAck)],
            ['resolved', spreadText(all.toResolve)],
            ['pages', `${pages.reached} went out, ${pages.failed} failed`],
            ['for nothing', pages.shareForNothing === null ? 'none' : `${(100 * pages.shareForNothing).toFixed(1)} %`],
          ]),
        );
      }),
    );
}

export function registerScheduleLoad(group: Command, run: Run): void {
  withSpan(
    group.command('load <schedule>').description('hours, nights and pages of each person, and how evenly'),
  ).action(
    run<Span>(async ({ api, output }, span, id) => {
      const load = await api.get<Load>(`/v1/schedules/${await idOf(api, 'schedule', id)}/load`, instantsOf(span));
      const nameOf = output.isJson
        ? (one: string) => one
        : await namesOf(
            api,
            load.people.map((one) => one.personId),
          );
      const columns = [
        { title: 'person', value: (one: PersonLoad) => nameOf(one.personId) },
        { title: 'hours', value: (one: PersonLoad) => one.hours.toFixed(1) },
        { title: 'nights', value: (one: PersonLoad) => one.nights },
        { title: 'pages', value: (one: PersonLoad) => one.pages },
        { title: 'at night', value: (one: PersonLoad) => one.nightPages },
      ];
      output.show(load, ({ people, balance }) =>
        [output.table(people, columns, 'Nobody was on call.'), '', `balance of hours: ${balance.toFixed(2)} of 1`].join(
          '\n',
        ),
      );
    }),
  );
}

export function registerNights(program: Command, run: Run): void {
  withSpan(
    program.command('nights [person]').description('pages per night in the own zone; of the caller without a person'),
  ).action(
    run<Span>(async ({ api, output }, span, person?: string) => {
      const id = await personId(api, person ?? 'me');
      const found = await api.get<Nights>(`/v1/persons/${id}/pages-per-night`, instantsOf(span));
      const columns = [
        { title: `night (${found.timeZone})`, value: (one: Nights['nights'][number]) => one.night },
        { title: 'pages', value: (one: Nights['nights'][number]) => one.pages },
        { title: 'escalations', value: (one: Nights['nights'][number]) => one.escalations },
      ];
      output.show(found, ({ nights }) => output.table(nights, columns, 'No page at night.'));
    }),
  );
}

const withSpan = (command: Command): Command =>
  command
    .option('--from <time>', 'an instant, or so long ago: 30d', '30d')
    .option('--to <time>', 'an instant, or so long ago', '0s');

/** A length of time counts back from now: reports are about what was. */
function instantsOf({ from, to }: Span): { from: string; to: string } {
  const now = Date.now();
  const at = (text: string): string => {
    const read = Date.parse(readInstant(text, now));
    return new Date(/^\d+[smhd]$/.test(text) ? 2 * now - read : read).toISOString();
  };
  return { from: at(from), to: at(to) };
}

const spreadText = ({ count, p50Ms, p90Ms }: Spread): string =>
  p50Ms === null || p90Ms === null ? 'none' : `${count}; half within ${lasting(p50Ms)}, 90 % within ${lasting(p90Ms)}`;
