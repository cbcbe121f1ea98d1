import { readFile } from 'node:fs/promises';
import { ConfigurationError, Secret } from './env.ts';

/**
 * A secret out of its file, else out of its variable; null when neither is set. Fails with a `ConfigurationError` that
 * names the variable when the file cannot be read or is empty.
 */
export async function readSecret(variable: string, given: Secret | null, file: string | null): Promise<Secret | null> {
  if (file === null) return given;
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.trim() === '') throw new ConfigurationError([`${variable}: the file cannot be read or is empty`]);
  return new Secret(text.trim());
}
