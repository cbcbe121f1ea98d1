import type { Command } from 'commander';
import type { Context, Run } from '../context.ts';
import { UsageError } from '../io.ts';
import { idOf, personId } from '../keys.ts';
import { namesOf } from '../names.ts';
import { when } from '../text.ts';

interface Feed {
  readonly id: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}
interface Of {
  readonly schedule?: string;
  readonly person?: string;
}

/** Calendars of shifts, for whatever program reads iCalendar. */
export function registerCalendars(program: Command, run: Run): void {
  const group = program
    .command('calendar')
    .description('shifts for a calendar program, at an address that can be revoked');

  ofOne(group.command('create').description('a new address; it is shown this once')).action(
    run<Of>(async (context, of) => {
      const feed = await context.api.post<Feed & { path: string }>(await pathOf(context, of));
      context.output.show(feed, ({ id, path }) =>
        context.output.fields([
          ['feed', id],
          ['address', path],
        ]),
      );
    }),
  );

  ofOne(group.command('list').description('addresses that there are, without their secret')).action(
    run<Of>(async (context, of) => {
      const { api, output } = context;
      const { items } = await api.get<{ items: readonly Feed[] }>(await pathOf(context, of));
      const nameOf = output.isJson
        ? (id: string) => id
        : await namesOf(
            api,
            items.map(({ createdBy }) => createdBy),
          );
      const columns = [
        { title: 'id', value: ({ id }: Feed) => id },
        { title: 'created', value: ({ createdAt }: Feed) => when(createdAt) },
        { title: 'by', value: ({ createdBy }: Feed) => nameOf(createdBy) },
        { title: 'revoked', value: ({ revokedAt }: Feed) => when(revokedAt) },
      ];
      output.show(items, (rows) => output.table(rows, columns, 'No calendars.'));
    }),
  );

  group
    .command('revoke <feed>')
    .description('nobody reads it any more')
    .action(
      run(async ({ api, output }, _options, id) => {
        await api.delete(`/v1/calendar-feeds/${encodeURIComponent(id)}`);
        output.show({ id }, () => `revoked: ${id}`);
      }),
    );
}

const ofOne = (command: Command): Command =>
  command
    .option('--schedule <id-or-key>', 'the shifts of a schedule')
    .option('--person <id>', 'the shifts of a person in all schedules; `me` is the caller');

async function pathOf({ api }: Context, { schedule, person }: Of): Promise<string> {
  if ((schedule === undefined) === (person === undefined)) throw new UsageError('name --schedule or --person');
  return schedule === undefined
    ? `/v1/persons/${await personId(api, person ?? '')}/calendar-feeds`
    : `/v1/schedules/${await idOf(api, 'schedule', schedule)}/calendar-feeds`;
}
