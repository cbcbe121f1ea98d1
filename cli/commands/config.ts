import type { Command } from 'commander';
import type { Context, Run } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ApiClient } from '../http.ts';
import { applySetup } from '../setup/apply.ts';
import type { Applied, Outcome, SetupResult } from '../setup/apply.ts';
import { readSetup } from '../setup/document.ts';
import type { Style } from '../output.ts';
import { keepTokens } from '../token-files.ts';

const styles: Readonly<Record<Outcome, Style | null>> = {
  created: 'good',
  changed: 'warn',
  unchanged: 'dim',
  differs: 'bad',
};

export function registerConfig(program: Command, run: Run): void {
  program
    .command('config')
    .description('what an installation holds')
    .command('apply')
    .description('make the installation hold what the setup says; safe to repeat, removes nothing')
    .requiredOption('--file <file>', 'the setup as JSON; - reads standard input')
    .option(
      '--tokens <folder>',
      'keep a token of each person there, readable by you alone; needed for entries with "by"',
    )
    .action(
      run<{ file: string; tokens?: string }>(async (context, { file, tokens }) => {
        const setup = readSetup(await context.document(file));
        const result = await applySetup(setup, { admin: context.api, as: clientsOf(context, tokens) });
        if (tokens !== undefined) {
          const keep = keepTokens(context, tokens);
          for (const { section, key, id } of result.items)
            if (section === 'people' || section === 'senders') await keep({ key, id });
        }
        showSetup(context, result);
        return result.items.some(({ outcome }) => outcome === 'differs') ? exitCodes.refused : exitCodes.done;
      }),
    );
}

/** The clients of people, by tokens that are kept in a folder. Fails with a `UsageError` where there is none. */
function clientsOf(
  context: Context,
  folder: string | undefined,
): (person: { key: string; id: string }) => Promise<ApiClient> {
  const keep = keepTokens(context, folder);
  const clients = new Map<string, Promise<ApiClient>>();
  return (person) => {
    const client = clients.get(person.id) ?? keep(person).then((token) => context.apiWith(token));
    clients.set(person.id, client);
    return client;
  };
}

function showSetup({ output }: Context, result: SetupResult): void {
  output.show(result, ({ items }) =>
    output.table<Applied>(
      items,
      [
        { title: 'what', value: ({ section }) => section },
        { title: 'key', value: ({ key }) => key },
        { title: 'became', value: ({ outcome }) => outcome, style: ({ outcome }) => styles[outcome] },
        { title: 'id', value: ({ id }) => id },
      ],
      'The setup is empty.',
    ),
  );
}
