import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ApiClient } from '../http.ts';
import { idOf } from '../keys.ts';
import { namesOf } from '../names.ts';
import { when } from '../text.ts';

interface KillSwitch {
  readonly id: string;
  readonly engagedBy: string;
  readonly engagedAt: string;
  readonly releasedBy: string | null;
  readonly releasedAt: string | null;
}

const pathOf = async (api: ApiClient, product: string): Promise<string> =>
  `/v1/products/${await idOf(api, 'product', product)}/kill-switches`;

export function registerKillSwitches(program: Command, run: Run): void {
  const group = program
    .command('kill-switch')
    .description('while it is engaged, no new enforcement action of the product starts');

  group
    .command('list <product>')
    .description('when it was engaged and released, by whom')
    .action(
      run(async ({ api, output }, _options, product) => {
        const rows = await api.list<KillSwitch>(await pathOf(api, product));
        const nameOf = output.isJson
          ? (id: string) => id
          : await namesOf(
              api,
              rows.flatMap(({ engagedBy, releasedBy }) => [engagedBy, releasedBy]),
            );
        const columns = [
          { title: 'id', value: ({ id }: KillSwitch) => id },
          {
            title: 'engaged',
            value: ({ engagedAt, engagedBy }: KillSwitch) => `${when(engagedAt)} by ${nameOf(engagedBy)}`,
          },
          {
            title: 'released',
            value: ({ releasedAt, releasedBy }: KillSwitch) =>
              releasedAt === null ? null : `${when(releasedAt)} by ${nameOf(releasedBy ?? '')}`,
          },
        ];
        output.show(rows, (items) => output.table(items, columns, 'It was never engaged.'));
      }),
    );

  group
    .command('engage <product>')
    .description('stop enforcement now')
    .action(
      run(async ({ api, output }, _options, product) => {
        const row = await api.post<KillSwitch>(await pathOf(api, product));
        output.show(row, ({ id }) => `${output.paint('bad', 'engaged')}: ${id}`);
      }),
    );

  group
    .command('release <product>')
    .description('let enforcement go on')
    .option('--id <id>', 'which; the engaged one without it')
    .action(
      run<{ id?: string }>(async ({ api, output, io }, { id }, product) => {
        const path = await pathOf(api, product);
        const which = id ?? (await api.list<KillSwitch>(path)).find(({ releasedAt }) => releasedAt === null)?.id;
        if (which === undefined) {
          io.err('vigil: no kill switch of this product is engaged.\n');
          return exitCodes.notFound;
        }
        const row = await api.post<KillSwitch>(`${path}/${encodeURIComponent(which)}/releases`);
        output.show(row, () => `released: ${which}`);
        return exitCodes.done;
      }),
    );
}
