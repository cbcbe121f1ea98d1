import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Json } from '#domain/json.ts';
import { readClientConfig, Secret } from '#config/env.ts';
import { createApiClient } from './http.ts';
import type { ApiClient } from './http.ts';
import { UsageError } from './io.ts';
import type { Io } from './io.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

/** Options of every command. */
export interface Globals {
  readonly json: boolean;
  readonly apiUrl?: string;
  readonly tokenFile?: string;
  readonly idempotencyKey?: string;
  /** Seconds. */
  readonly wait: number;
}

/** What a command works with. */
export interface Context {
  readonly io: Io;
  readonly globals: Globals;
  readonly output: Output;
  /** The API, with the token of whoever calls. Fails with a `ConfigurationError` or `UsageError`. */
  readonly api: ApiClient;
  /** The API with another token, or with none for what asks for none. */
  readonly apiWith: (token: Secret | null) => ApiClient;
  /** The text of a file, or of standard input for `-`. */
  readonly text: (file: string) => Promise<string>;
  /** A JSON document from a file, or from standard input for `-`. */
  document(file: string): Promise<Json>;
}

/** The work of one command; what it returns is the exit code, 0 without. */
export type Act<O> = (context: Context, options: O, ...args: string[]) => Promise<number | void>;
/** Makes a commander action of it. */
export type Run = <O = object>(act: Act<O>) => (this: Command, ...raw: unknown[]) => Promise<void>;

export function createContext(io: Io, globals: Globals): Context {
  const idempotencyKey = globals.idempotencyKey ?? randomUUID();
  const client = (token: Secret | null) =>
    createApiClient({
      apiUrl: apiUrlOf(io, globals),
      token,
      idempotencyKey,
      waitMs: globals.wait * 1_000,
      stopping: io.stopping,
    });
  const text = async (file: string) => (file === '-' ? io.readInput() : readText(file));
  let api: ApiClient | null = null;
  return {
    io,
    globals,
    output: createOutput(io, globals.json),
    get api() {
      api ??= client(tokenOf(io, globals));
      return api;
    },
    apiWith: client,
    text,
    async document(file) {
      try {
        return JSON.parse(await text(file)) as Json;
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new UsageError(`${file === '-' ? 'standard input' : file} is not JSON: ${error.message}`);
      }
    },
  };
}

/** A file as text. Fails with a `UsageError` that names it. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
    );
  }
}

function apiUrlOf(io: Io, { apiUrl }: Globals): string {
  if (apiUrl === undefined) return readClientConfig(io.environment).apiUrl;
  if (!URL.canParse(apiUrl)) throw new UsageError('--api-url is not a URL');
  return apiUrl;
}

/** From a file or the environment, never from an argument: arguments are seen by every user of the machine. */
function tokenOf(io: Io, { tokenFile }: Globals): Secret | null {
  if (tokenFile === undefined) return readClientConfig(io.environment).token;
  return new Secret(readText(tokenFile).trim());
}
