import { Command, InvalidArgumentError, Option } from 'commander';
import { createContext } from './context.ts';
import type { Context, Globals, Run } from './context.ts';
import { exitCodes, exitCodeText } from './exit-codes.ts';
import { reportFailure } from './failure.ts';
import type { Io } from './io.ts';
import { registerAlerts } from './commands/alert.ts';
import { registerAudit } from './commands/audit.ts';
import { registerCalendars } from './commands/calendar.ts';
import { registerCanaries } from './commands/canary.ts';
import { registerCases } from './commands/case.ts';
import { registerConfig } from './commands/config.ts';
import { registerContacts } from './commands/contact.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDetectors } from './commands/detector.ts';
import { registerDev } from './commands/dev.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEscalations } from './commands/escalation.ts';
import { registerGeneral } from './commands/general.ts';
import { registerHeartbeats } from './commands/heartbeat.ts';
import { registerIntegrations } from './commands/integration.ts';
import { registerKillSwitches } from './commands/kill-switch.ts';
import { registerLaunches } from './commands/launch.ts';
import { registerMaintenance } from './commands/maintenance.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerNights } from './commands/on-call-reports.ts';
import { registerOrders } from './commands/order.ts';
import { registerProviderCommands } from './commands/provider.ts';
import { registerSchedules } from './commands/schedule.ts';
import { registerSimulate } from './commands/simulate.ts';
import { registerSuppression } from './commands/suppression.ts';
import { registerSwaps } from './commands/swap.ts';
import { registerTokens } from './commands/token.ts';

const groups = [
  registerDev,
  registerDemo,
  registerLaunches,
  registerCases,
  registerOrders,
  registerKillSwitches,
  registerDetectors,
  registerCanaries,
  registerAlerts,
  registerIntegrations,
  registerEscalations,
  registerMaintenance,
  registerSuppression,
  registerHeartbeats,
  registerSchedules,
  registerSwaps,
  registerContacts,
  registerCalendars,
  registerNights,
  registerSimulate,
  registerAudit,
  registerConfig,
  registerTokens,
  registerMigrate,
  registerDoctor,
  registerProviderCommands,
  registerGeneral,
] as const;

/** Runs one command line and returns its exit code. Never throws, never ends the process. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let context: Context | null = null;
  let code: number = exitCodes.done;
  const run: Run = (act) =>
    async function (...raw) {
      context = createContext(io, this.optsWithGlobals<Globals>());
      code =
        (await act(context, this.opts() as Parameters<typeof act>[1], ...(raw.slice(0, -2) as string[]))) ??
        exitCodes.done;
    };
  try {
    await createProgram(io, run).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return reportFailure(io, context, error);
  }
}

function createProgram(io: Io, run: Run): Command {
  const program = new Command('vigil')
    .description('Durable workflow orchestration for launch monitoring and escalations.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHelpWidth: () => io.columns ?? 100,
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError('("--help" after a command tells its arguments and options)')
    .option('--json', 'print JSON only', false)
    .option('--api-url <url>', 'the API; without it VIGIL_API_URL')
    .option('--token-file <file>', 'a file that holds the token; without it VIGIL_TOKEN')
    .option('--idempotency-key <key>', 'repeat a call under the key of its first try')
    .addOption(
      new Option('--wait <seconds>', 'how long to wait for work that was accepted but is not done')
        .default(30)
        .argParser(seconds),
    )
    .addHelpText('after', `\n${exitCodeText}`);
  for (const register of groups) register(program, run);
  return program;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400) throw new InvalidArgumentError('It must be 0 to 86400 seconds.');
  return value;
}
