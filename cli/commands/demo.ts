import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Context, Run } from '../context.ts';

const main = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

export function registerDemo(program: Command, run: Run): void {
  program
    .command('demo')
    .description('the main job of Vigil on real input, every step checked; in a terminal it stays up until Ctrl-C')
    .option('--exit', 'end by itself', false)
    .option('--directory <folder>', 'where its state is kept')
    .action(
      run<{ exit: boolean; directory?: string }>((context, { exit, directory }) =>
        runDemo(context, [...(exit ? ['--exit'] : []), ...(directory === undefined ? [] : ['--directory', directory])]),
      ),
    );
}

/** The story in a process of its own, with this terminal; ends as it ends, also when both are told to stop. */
async function runDemo({ io }: Context, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit', env: { ...io.environment } });
  // A Ctrl-C of the terminal reaches both; a signal to this process alone is passed on. Twice does no harm.
  io.stopping.addEventListener('abort', () => child.kill('SIGTERM'));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
}
