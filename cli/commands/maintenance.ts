import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { readInstant } from '../instants.ts';
import { idOf } from '../keys.ts';
import { when } from '../text.ts';

interface Window {
  readonly id: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly endedBy: string | null;
}

const pathOf = (service: string): string => `/v1/services/${service}/maintenance-windows`;

export function registerMaintenance(program: Command, run: Run): void {
  const group = program
    .command('maintenance')
    .description('alerts of a service are kept, and nobody is paged for them');

  group
    .command('list <service>')
    .description('windows, newest first')
    .action(
      run(async ({ api, output }, _options, service) => {
        const rows = await api.list<Window>(pathOf(await idOf(api, 'service', service)));
        const columns = [
          { title: 'id', value: ({ id }: Window) => id },
          { title: 'from', value: ({ startsAt }: Window) => when(startsAt) },
          { title: 'until', value: ({ endsAt }: Window) => when(endsAt) },
          { title: 'ended early', value: ({ endedBy }: Window) => endedBy !== null },
        ];
        output.show(rows, (items) => output.table(items, columns, 'No windows.'));
      }),
    );

  group
    .command('start <service>')
    .description('from now, or from a time, until a time')
    .option('--from <time>', 'an instant, or from now: 2h')
    .requiredOption('--until <time>', 'an instant, or from now: 4h')
    .action(
      run<{ from?: string; until: string }>(async ({ api, output }, { from, until }, service) => {
        const now = Date.now();
        const body = {
          ...(from === undefined ? {} : { startsAt: readInstant(from, now) }),
          endsAt: readInstant(until, now),
        };
        const row = await api.post<Window>(pathOf(await idOf(api, 'service', service)), body);
        output.show(row, ({ id, startsAt, endsAt }) => `${id}: from ${when(startsAt)} until ${when(endsAt)}`);
      }),
    );

  group
    .command('end <service> <window>')
    .description('end it now: what is open is paged again')
    .action(
      run(async ({ api, output }, _options, service, window) => {
        const row = await api.post<Window>(
          `${pathOf(await idOf(api, 'service', service))}/${encodeURIComponent(window)}/endings`,
        );
        output.show(row, ({ id }) => `ended: ${id}`);
      }),
    );
}
