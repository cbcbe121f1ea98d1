import { constants } from 'node:os';
import { StoppingError } from './processes.ts';
import type { Supervisor } from './processes.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const stopWithinMs = 30_000;

/**
 * Makes this process stop everything in order before it ends: at Ctrl-C, SIGTERM, a closed terminal, or an error that
 * nobody caught. It then ends with the customary code (130, 143, 129; 1 after an error). A second Ctrl-C does not wait.
 *
 * For the composition root of a command, once.
 */
export function stopOnSignals(supervisor: Pick<Supervisor, 'stopAll'>, log: (message: string) => void): void {
  let isStopping = false;
  const end = (code: number): void => {
    isStopping = true;
    // Children that are still there then end with this process: see startChild.
    setTimeout(() => process.exit(code), stopWithinMs).unref();
    void supervisor.stopAll().then(() => process.exit(code));
  };
  for (const signal of signals) {
    const code = 128 + constants.signals[signal];
    process.on(signal, () => {
      if (isStopping) process.exit(code);
      log(`${signal}: stopping`);
      end(code);
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      // What was under way fails when everything stops; that is no news.
      if (error instanceof StoppingError) return;
      log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (!isStopping) end(1);
    });
  }
}
