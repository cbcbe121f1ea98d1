import { Option } from 'commander';
import type { Context } from './context.ts';
import { writeToken } from './token-files.ts';

/** From a file, never as an argument: arguments are seen by every user of the machine. */
export const importOption = (): Option =>
  new Option(
    '--import-file <file>',
    'holds the key that senders have already, from another product; - reads standard input',
  );

/** The key of another product that is in the file, or undefined without one. */
export const broughtKey = async ({ text }: Context, file: string | undefined): Promise<string | undefined> =>
  file === undefined ? undefined : (await text(file)).trim();

/** A new key is printed, or kept in a file that its owner alone can read; one that was brought is neither. */
export function keepKey(key: string | null, out: string | undefined) {
  if (key === null) return { shown: { key }, field: ['key', 'the one that senders have'] as const };
  if (out === undefined) return { shown: { key }, field: ['key', key] as const };
  writeToken(out, key);
  return { shown: { file: out }, field: ['key in', out] as const };
}
