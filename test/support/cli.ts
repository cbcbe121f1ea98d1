import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { runCli } from '#cli/program.ts';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What `--json` printed. */
  json<T = Record<string, unknown>>(): T;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** The width of a terminal; without it there is none. */
  readonly columns?: number;
}

/** Runs the command line in this process, as a shell would, with nothing of this process's own. */
export async function vigil(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const written = { out: '', err: '' };
  const code = await runCli(args, {
    environment: options.environment ?? {},
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    readInput: () => Promise.resolve(options.input ?? ''),
    columns: options.columns ?? null,
    stopping: new AbortController().signal,
  });
  return { code, ...written, json: () => JSON.parse(written.out) };
}

/** Has the app listen on loopback, and gives the command line of whoever holds the token. */
export async function listen(app: FastifyInstance): Promise<(token: string) => typeof vigil> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return (token) => (args, options) => {
    const environment = { VIGIL_API_URL: url, VIGIL_TOKEN: token, ...options?.environment };
    return vigil(args, { ...options, environment });
  };
}
