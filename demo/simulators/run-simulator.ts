import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { FastifyInstance } from 'fastify';

export interface SimulatorSettings {
  readonly logFile: string | null;
  readonly secret: string | null;
}

const usage = 'flags: [--port N] [--log FILE] [--secret-file FILE] [--stop-with-stdin]';

/**
 * The main of a simulator process: reads flags, listens on loopback, prints one line `ready http://127.0.0.1:PORT`, and
 * stops on SIGTERM or SIGINT. With `--stop-with-stdin` it also stops when its standard input ends, so that it does not
 * outlive a parent that was killed; the parent gives it a pipe that it never closes. Wrong flags: a message and exit code 2.
 */
export async function runSimulator(
  create: (settings: SimulatorSettings) => FastifyInstance | Promise<FastifyInstance>,
): Promise<void> {
  const flags = readFlags();
  const app = await create(flags);

  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= app.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (flags.stopWithStdin) process.stdin.on('end', stop).on('error', stop).resume();

  const url = await app.listen({ host: '127.0.0.1', port: flags.port });
  process.stdout.write(`ready ${url}\n`);
}

/** For simulators that check signatures. */
export function requireSecret(settings: SimulatorSettings): string {
  return settings.secret ?? fail('--secret-file is missing');
}

function readFlags(): SimulatorSettings & { readonly port: number; readonly stopWithStdin: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        log: { type: 'string' },
        'secret-file': { type: 'string' },
        'stop-with-stdin': { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port`);
    const secretFile = values['secret-file'];
    return {
      port,
      logFile: values.log ?? null,
      secret: secretFile === undefined ? null : readFileSync(secretFile, 'utf8').trim(),
      stopWithStdin: values['stop-with-stdin'],
    };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${usage}\n`);
  process.exit(2);
}
