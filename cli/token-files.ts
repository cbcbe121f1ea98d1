import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret } from '#config/env.ts';
import { ProblemError } from './http.ts';
import type { ApiClient } from './http.ts';
import { UsageError } from './io.ts';

/** Where the token of a person is kept. */
export const tokenFile = (folder: string, key: string): string => join(folder, key);

export interface TokenSource {
  /** An administrator's client. */
  readonly api: ApiClient;
  readonly apiWith: (token: Secret) => ApiClient;
}

/**
 * Gives the token of a principal: the one that its file in the folder holds, as long as it works, or a new one that is
 * then kept there, readable by its owner alone.
 */
export function keepTokens({ api, apiWith }: TokenSource, folder: string | undefined) {
  return async ({ key, id }: { readonly key: string; readonly id: string }): Promise<Secret> => {
    if (folder === undefined)
      throw new UsageError(`the setup wants something made by "${key}": name a folder for tokens with --tokens`);
    if (!/^\w[\w.-]*$/.test(key)) throw new UsageError(`the key "${key}" cannot be the name of a file`);
    const file = tokenFile(folder, key);
    const known = existsSync(file) ? new Secret(readFileSync(file, 'utf8').trim()) : null;
    if (known && (await ownerOf(apiWith(known))) === id) return known;
    const body = { label: 'kept in a file', days: 30 };
    const { token } = await api.post<{ token: string }>(`/v1/principals/${id}/tokens`, body, { part: `token.${id}` });
    writeToken(file, token);
    return new Secret(token);
  };
}

/** Writes a token so that nobody but its owner can read it, not even for a moment, and never half of it. */
export function writeToken(file: string, token: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, `${token}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(partial, file);
}

async function ownerOf(api: ApiClient): Promise<string | null> {
  try {
    return (await api.get<{ id: string }>('/v1/me')).id;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 401) return null;
    throw error;
  }
}
