import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Secret } from '#config/env.ts';
import { exitCodes } from '#cli/exit-codes.ts';
import { AwayError, createApiClient } from '#cli/http.ts';
import type { ApiClient } from '#cli/http.ts';
import type { Ids } from '#cli/setup/document.ts';
import { compileCache } from '#scripts/stack.ts';
import type { Stack } from '#scripts/stack.ts';
import type { PersonKey } from '../setup.ts';
import { patient, patiently } from './patience.ts';

export interface Simulator {
  readonly url: string;
  readonly log: string;
}

export interface Simulators {
  readonly platform: Simulator;
  readonly phones: Simulator;
  readonly classifier: Simulator;
}

/** Everything that the story acts on. Its people use the API and the command line, as anyone would. */
export interface World {
  readonly stack: Stack;
  readonly simulators: Simulators;
  /** State and files of this run. */
  readonly directory: string;
  /** The parsed corpus and the trained model, shared by all runs. */
  readonly cache: string;
  /** When the story began: accounts and facts of this run carry it, so that a second run finds its own. */
  readonly startedAt: number;
  readonly ids: Ids;
  as(who: PersonKey | 'outreach-events' | 'admin'): ApiClient;
  /** Runs the command line as a person and returns what it printed as JSON. Fails with what it said otherwise. */
  cli<T>(who: PersonKey, ...args: readonly string[]): Promise<T>;
}

export function createWorld(
  base: Omit<World, 'as' | 'cli' | 'ids'> & { tokens: ReadonlyMap<string, string>; ids: Ids },
): World {
  const tokenOf = (who: string): string => {
    const token = base.tokens.get(who);
    if (token === undefined) throw new Error(`the story has no token of ${who}`);
    return token;
  };
  return {
    ...base,
    as: (who) =>
      patient(
        createApiClient({
          apiUrl: base.stack.apiUrl,
          token: new Secret(tokenOf(who)),
          idempotencyKey: randomUUID(),
          waitMs: 30_000,
        }),
      ),
    cli: (who, ...args) => patiently(() => runCli(base.stack, tokenOf(who), args)),
  };
}

/** The id that the setup gave to one of its entries. */
export function idOf(world: World, section: keyof Ids, key: string): string {
  const id = world.ids[section]?.[key];
  if (id === undefined) throw new Error(`the setup made no ${section}/${key}`);
  return id;
}

const cliFile = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

async function runCli<T>(stack: Stack, token: string, args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [cliFile, ...args, '--json'], {
    env: {
      PATH: '',
      NODE_COMPILE_CACHE: compileCache,
      VIGIL_API_URL: stack.apiUrl,
      VIGIL_TOKEN: token,
      TEMPORAL_ADDRESS: stack.temporalAddress,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === exitCodes.away) throw new AwayError(err, null);
  if (code !== 0) throw new Error(`vigil ${args.join(' ')} ended with ${code}: ${err || out}`);
  return JSON.parse(out) as T;
}

/** Looks often until there is something; fails with `what` when there is nothing within `withinMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = 90_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Fails the story, with what was seen, when something that it promises is not so. */
export function expectThat(holds: boolean, what: string, seen?: unknown): asserts holds {
  if (!holds) throw new Error(seen === undefined ? what : `${what}; seen: ${JSON.stringify(seen)}`);
}
