import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Run } from '../context.ts';
import type { DevOptions } from '../dev/run.ts';

const defaultDirectory = fileURLToPath(new URL('../../.vigil/dev', import.meta.url));

export function registerDev(program: Command, run: Run): void {
  program
    .command('dev')
    .description('a whole Vigil on this machine, with a person for each role; until Ctrl-C')
    .option('--seed', 'with three launches, two full queues and a ladder that is paging', false)
    .option('--ui', "with Temporal's own pages, where its server has them", false)
    .option('--directory <folder>', 'where its state is kept between runs', defaultDirectory)
    .action(
      run<DevOptions>(async (context, options) => {
        // Loaded here alone: whoever acknowledges a page must not wait for servers to be read.
        const { runDev } = await import('../dev/run.ts');
        await runDev(context, options);
      }),
    );
}
