import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { when } from '../text.ts';

interface Provider {
  readonly provider: string;
  readonly state: string;
  readonly failures: number;
  readonly openedAt: string | null;
  readonly retryAt: string | null;
}

export function registerProviderCommands(program: Command, run: Run): void {
  program
    .command('providers')
    .description('the services that carry pages, and which of them are in trouble')
    .action(
      run(async ({ api, output }) => {
        const { items } = await api.get<{ items: readonly Provider[] }>('/v1/providers');
        const columns = [
          { title: 'provider', value: ({ provider }: Provider) => provider },
          { title: 'circuit', value: ({ state }: Provider) => state },
          { title: 'failures in a row', value: ({ failures }: Provider) => failures },
          { title: 'in trouble since', value: ({ openedAt }: Provider) => (openedAt === null ? '' : when(openedAt)) },
          { title: 'next trial', value: ({ retryAt }: Provider) => (retryAt === null ? '' : when(retryAt)) },
        ];
        output.show(items, (rows) => output.table(rows, columns, 'No provider has failed so far.'));
      }),
    );
}
