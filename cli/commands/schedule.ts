import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { readInstant } from '../instants.ts';
import { idOf } from '../keys.ts';
import { namesOf } from '../names.ts';
import { when } from '../text.ts';
import { registerScheduleLoad } from './on-call-reports.ts';
import { registerScheduleChanges } from './schedule-changes.ts';

interface Schedule {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly document: { readonly zone: string };
  readonly updatedAt: string;
}
interface OnCall {
  readonly at: string;
  readonly onCall: readonly string[];
  readonly shadows: readonly string[];
  readonly why: { readonly kind: string; readonly layerId: string | null; readonly scheduleVersion: number };
  readonly handoverNotes: readonly { readonly authorId: string; readonly text: string; readonly createdAt: string }[];
}
interface Period {
  readonly startAt: string;
  readonly endAt: string;
}
interface Segment extends Period {
  readonly people: readonly string[];
  readonly source: { readonly kind: string; readonly layerId: string | null };
}

const path = '/v1/schedules';
const from = ['--from <time>', 'an instant, or from now: 8h', '0s'] as const;
const to = ['--to <time>', 'an instant, or from now: 7d', '7d'] as const;

export function registerSchedules(program: Command, run: Run): void {
  const group = program.command('schedule').description('who is on call, and when nobody is');
  registerScheduleChanges(group, run);
  registerScheduleLoad(group, run);

  group
    .command('list')
    .description('on-call schedules')
    .action(
      run(async ({ api, output }) => {
        const rows = await api.list<Schedule>(path);
        const columns = [
          { title: 'id', value: ({ id }: Schedule) => id },
          { title: 'key', value: ({ key }: Schedule) => key },
          { title: 'version', value: ({ version }: Schedule) => version },
          { title: 'zone', value: ({ document }: Schedule) => document.zone },
          { title: 'name', value: ({ name }: Schedule) => name },
        ];
        output.show(rows, (items) => output.table(items, columns, 'No schedules.'));
      }),
    );

  group
    .command('on-call <schedule>')
    .description('who is on call, and by which layer or override')
    .option('--at <time>', 'an instant, or from now: 8h', '0s')
    .action(
      run<{ at: string }>(async ({ api, output }, { at }, id) => {
        const answer = await api.get<OnCall>(`${path}/${await idOf(api, 'schedule', id)}/on-call`, {
          at: readInstant(at, Date.now()),
        });
        const nameOf = output.isJson
          ? (one: string) => one
          : await namesOf(api, [
              ...answer.onCall,
              ...answer.shadows,
              ...answer.handoverNotes.map(({ authorId }) => authorId),
            ]);
        output.show(answer, ({ at: asked, onCall, shadows, why, handoverNotes }) =>
          output.fields([
            ['at', when(asked)],
            ['on call', onCall.length === 0 ? 'nobody' : onCall.map(nameOf).join(', ')],
            ['shadows', shadows.length === 0 ? undefined : shadows.map(nameOf).join(', ')],
            [
              'because of',
              `${why.kind.replaceAll('_', ' ')}${why.layerId === null ? '' : `, layer ${why.layerId}`}, schedule version ${why.scheduleVersion}`,
            ],
            ...handoverNotes.map(
              ({ authorId, text, createdAt }) =>
                [`note of ${nameOf(authorId)}`, `${when(createdAt)}: ${text}`] as const,
            ),
          ]),
        );
      }),
    );

  group
    .command('gaps <schedule>')
    .description('when nobody is on call')
    .option(...from)
    .option(...to)
    .action(
      run<{ from: string; to: string }>(async ({ api, output }, span, id) => {
        const { items } = await api.get<{ items: readonly Period[] }>(
          `${path}/${await idOf(api, 'schedule', id)}/gaps`,
          instantsOf(span),
        );
        const columns = [
          { title: 'from', value: ({ startAt }: Period) => when(startAt) },
          { title: 'until', value: ({ endAt }: Period) => when(endAt) },
        ];
        output.show(items, (rows) => output.table(rows, columns, 'No gap.'));
      }),
    );

  group
    .command('segments <schedule>')
    .description('the shifts, one after the other')
    .option(...from)
    .option(...to)
    .action(
      run<{ from: string; to: string }>(async ({ api, output }, span, id) => {
        const { items } = await api.get<{ items: readonly Segment[] }>(
          `${path}/${await idOf(api, 'schedule', id)}/segments`,
          instantsOf(span),
        );
        const nameOf = output.isJson
          ? (one: string) => one
          : await namesOf(
              api,
              items.flatMap(({ people }) => people),
            );
        const columns = [
          { title: 'from', value: ({ startAt }: Segment) => when(startAt) },
          { title: 'until', value: ({ endAt }: Segment) => when(endAt) },
          {
            title: 'on call',
            value: ({ people }: Segment) => (people.length === 0 ? 'nobody' : people.map(nameOf).join(', ')),
          },
          { title: 'because of', value: ({ source }: Segment) => source.layerId ?? source.kind.replaceAll('_', ' ') },
        ];
        output.show(items, (rows) => output.table(rows, columns, 'Nothing in that time.'));
      }),
    );
}

function instantsOf(span: { from: string; to: string }): { from: string; to: string } {
  const now = Date.now();
  return { from: readInstant(span.from, now), to: readInstant(span.to, now) };
}
