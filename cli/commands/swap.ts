import type { Command } from 'commander';
import type { Context, Run } from '../context.ts';
import { readZonedInstant } from '../instants.ts';
import { UsageError } from '../io.ts';
import { idOf, personId } from '../keys.ts';
import { namesOf } from '../names.ts';
import { when } from '../text.ts';

interface Side {
  readonly personId: string;
  readonly startAt: string;
  readonly endAt: string;
}
interface Swap {
  readonly id: string;
  readonly scheduleId: string;
  readonly status: string;
  readonly sides: readonly Side[];
  readonly expiresAt: string;
  readonly consentedIds: readonly string[];
}
interface ProposeOptions {
  readonly person: string;
  readonly from: string;
  readonly until: string;
  readonly with: string;
  readonly withFrom: string;
  readonly withUntil: string;
  readonly layer?: string;
  readonly expires?: string;
}

const decisions = [
  ['accept', 'acceptances', 'agree; with both agreed, the shifts are swapped'],
  ['decline', 'declines', 'say no'],
  ['withdraw', 'withdrawals', 'take your own proposal back'],
] as const;
const time = 'an instant, or a local time of the schedule such as 2026-12-24T18:00';

/** Two people exchange shifts, by the consent of both. */
export function registerSwaps(program: Command, run: Run): void {
  const group = program.command('swap').description('two people exchange shifts, by the consent of both');

  group
    .command('propose <schedule>')
    .description('the shift that one gives away, and the one that the other gives for it')
    .option('--person <id>', 'who gives the first; `me` is the caller', 'me')
    .requiredOption('--from <time>', time)
    .requiredOption('--until <time>', time)
    .requiredOption('--with <id>', 'who gives the second')
    .requiredOption('--with-from <time>', time)
    .requiredOption('--with-until <time>', time)
    .option('--layer <id>', 'in this layer only')
    .option('--expires <time>', 'by when the other must agree; without it, when the first shift begins')
    .action(
      run<ProposeOptions>(async (context, options, schedule) => {
        const { api } = context;
        const path = `/v1/schedules/${await idOf(api, 'schedule', schedule)}`;
        const { document } = await api.get<{ document: { zone: string } }>(path);
        const at = (text: string): string => readZonedInstant(text, document.zone, Date.now());
        const layerId = options.layer ?? null;
        const sides = [
          { personId: await personId(api, options.person), startAt: at(options.from), endAt: at(options.until) },
          { personId: await personId(api, options.with), startAt: at(options.withFrom), endAt: at(options.withUntil) },
        ].map((side) => ({ ...side, layerId }));
        const body = { sides, ...(options.expires === undefined ? {} : { expiresAt: at(options.expires) }) };
        await show(context, await api.post<Swap>(`${path}/swap-requests`, body));
      }),
    );

  group
    .command('list [schedule]')
    .description('swaps of a schedule or of a person, newest first')
    .option('--person <person>', 'one of the two, by id or me; instead of a schedule')
    .option('--open', 'only those that wait for an answer', false)
    .action(
      run<{ open: boolean; person?: string }>(async ({ api, output }, { open, person }, schedule) => {
        if (schedule !== undefined && person !== undefined)
          throw new UsageError('name a schedule or a person, not both');
        const path =
          schedule === undefined
            ? '/v1/swap-requests'
            : `/v1/schedules/${await idOf(api, 'schedule', schedule)}/swap-requests`;
        const who = person === undefined ? {} : { personId: await personId(api, person) };
        const rows = await api.list<Swap>(path, { open, ...who });
        const people = rows.flatMap(({ sides }) => sides.map((side) => side.personId));
        const nameOf = output.isJson ? (id: string) => id : await namesOf(api, people);
        const columns = [
          { title: 'id', value: ({ id }: Swap) => id },
          { title: 'status', value: ({ status }: Swap) => status },
          { title: 'one', value: ({ sides }: Swap) => sideText(sides[0], nameOf) },
          { title: 'other', value: ({ sides }: Swap) => sideText(sides[1], nameOf) },
          { title: 'until', value: ({ expiresAt }: Swap) => when(expiresAt) },
        ];
        output.show(rows, (items) => output.table(items, columns, 'No swaps.'));
      }),
    );

  group
    .command('show <swap>')
    .description('one swap, and who has agreed')
    .action(
      run(async (context, _options, id) =>
        show(context, await context.api.get<Swap>(`/v1/swap-requests/${encodeURIComponent(id)}`)),
      ),
    );

  for (const [name, resource, text] of decisions) {
    group
      .command(`${name} <swap>`)
      .description(text)
      .action(
        run(async (context, _options, id) =>
          show(context, await context.api.post<Swap>(`/v1/swap-requests/${encodeURIComponent(id)}/${resource}`)),
        ),
      );
  }
}

async function show({ api, output }: Context, swap: Swap): Promise<void> {
  const nameOf = output.isJson
    ? (id: string) => id
    : await namesOf(
        api,
        swap.sides.map((side) => side.personId),
      );
  output.show(swap, ({ id, status, sides, consentedIds, expiresAt }) =>
    output.fields([
      ['swap', id],
      ['status', status],
      ['one', sideText(sides[0], nameOf)],
      ['other', sideText(sides[1], nameOf)],
      ['agreed', consentedIds.length === 0 ? 'nobody yet' : consentedIds.map(nameOf).join(', ')],
      ['until', status === 'proposed' ? when(expiresAt) : undefined],
    ]),
  );
}

const sideText = (side: Side | undefined, nameOf: (id: string) => string): string =>
  side === undefined ? '' : `${nameOf(side.personId)}, ${when(side.startAt)} to ${when(side.endAt)}`;
