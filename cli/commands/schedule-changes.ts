import type { Command } from 'commander';
import { Option } from 'commander';
import type { Context, Run } from '../context.ts';
import { readZonedInstant } from '../instants.ts';
import { UsageError } from '../io.ts';
import { idOf, personId } from '../keys.ts';
import { when } from '../text.ts';

interface Span {
  readonly from: string;
  readonly until: string;
}
interface Entry {
  readonly id: string;
  readonly startAt: string;
  readonly endAt: string;
}
interface OverrideOptions extends Span {
  readonly person: string;
  readonly by?: string;
  readonly off: boolean;
  readonly layer?: string;
}

const time = 'an instant, a local time of the schedule such as 2026-12-24T18:00, or from now: 8h';
const lists = ['overrides', 'temporary-schedules', 'marks'] as const;

/** What changes a schedule for a time, and the word to the next shift. */
export function registerScheduleChanges(group: Command, run: Run): void {
  withSpan(group.command('override <schedule>').description('someone stands in, comes in addition, or is taken off'))
    .requiredOption('--person <id>', 'whom it is about; `me` is the caller')
    .option('--by <id>', 'who stands in for that person; `me` is the caller')
    .option('--off', 'take the person off, with nobody instead', false)
    .option('--layer <id>', 'in this layer only')
    .action(
      run<OverrideOptions>(async (context, { person, by, off, layer, ...span }, schedule) => {
        if (off && by !== undefined) throw new UsageError('--off and --by exclude each other');
        await add(context, schedule, 'overrides', span, {
          kind: by === undefined ? (off ? 'remove' : 'add') : 'replace',
          layerId: layer ?? null,
          personId: await personId(context.api, person),
          ...(by === undefined ? {} : { byPersonId: await personId(context.api, by) }),
        });
      }),
    );

  withSpan(group.command('mark <schedule>').description('someone shadows, or is unavailable'))
    .addOption(new Option('--kind <kind>', 'what is said').choices(['shadow', 'unavailable']).makeOptionMandatory())
    .requiredOption('--person <id>', 'of whom; `me` is the caller')
    .action(
      run<Span & { kind: string; person: string }>(async (context, { kind, person, ...span }, schedule) =>
        add(context, schedule, 'marks', span, { kind, personId: await personId(context.api, person) }),
      ),
    );

  group
    .command('temporary <schedule>')
    .description('other shifts in place of everything for a time; nobody is on call where it has none')
    .requiredOption('--file <file>', 'startAt, endAt and shifts as JSON; - reads standard input')
    .action(
      run<{ file: string }>(async (context, { file }, schedule) => {
        const { path, etag } = await read(context, schedule);
        const body = await context.document(file);
        show(context, await context.api.post<Entry>(`${path}/temporary-schedules`, body, { etag }));
      }),
    );

  group
    .command('remove <schedule> <entry>')
    .description('take an override, a temporary schedule or a mark away')
    .action(
      run(async (context, _options, schedule, entry) => {
        const { path, etag, value } = await read(context, schedule);
        const { overrides, temporarySchedules, marks } = value.document;
        const found = [overrides, temporarySchedules, marks].findIndex((list) => list.some(({ id }) => id === entry));
        const list = lists[found];
        if (list === undefined) throw new UsageError(`the schedule holds nothing with the id ${entry}`);
        await context.api.delete(`${path}/${list}/${encodeURIComponent(entry)}`, etag);
        context.output.show({ id: entry }, ({ id }) => `removed: ${id}`);
      }),
    );

  group
    .command('handover <schedule>')
    .description('leave a note to the next shift, who read it where they ask who is on call')
    .option('--note <text>', 'what they should know')
    .option('--file <file>', 'the same from a file; - reads standard input')
    .action(
      run<{ note?: string; file?: string }>(async (context, { note, file }, schedule) => {
        if ((note === undefined) === (file === undefined)) throw new UsageError('give the note with --note or --file');
        const { api, output } = context;
        const body = { note: note ?? (await context.text(file ?? '')) };
        const path = `/v1/schedules/${await idOf(api, 'schedule', schedule)}/handover-notes`;
        const left = await api.post<{ id: string; handOffAt: string }>(path, body);
        output.show(left, ({ id, handOffAt }) => `${id}: for the hand-off at ${when(handOffAt)}`);
      }),
    );
}

const withSpan = (command: Command): Command =>
  command.option('--from <time>', time, '0s').requiredOption('--until <time>', time);

interface Document {
  readonly zone: string;
  readonly overrides: readonly Entry[];
  readonly temporarySchedules: readonly Entry[];
  readonly marks: readonly Entry[];
}

async function read({ api }: Context, schedule: string) {
  const path = `/v1/schedules/${await idOf(api, 'schedule', schedule)}`;
  return { path, ...(await api.read<{ document: Document }>(path)) };
}

/** Adds to the schedule as it is now: should somebody change it in this moment, the API says so. */
async function add(
  context: Context,
  schedule: string,
  list: 'overrides' | 'marks',
  { from, until }: Span,
  what: object,
): Promise<void> {
  const { path, etag, value } = await read(context, schedule);
  const at = (text: string): string => readZonedInstant(text, value.document.zone, Date.now());
  const body = { ...what, startAt: at(from), endAt: at(until) };
  show(context, await context.api.post<Entry>(`${path}/${list}`, body, { etag }));
}

const show = ({ output }: Context, entry: Entry): void =>
  output.show(entry, ({ id, startAt, endAt }) => `${id}: from ${when(startAt)} until ${when(endAt)}`);
