import { CommanderError } from 'commander';
import { ConfigurationError } from '#config/env.ts';
import type { Context } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { AwayError, PendingError, ProblemError } from './http.ts';
import type { Problem } from './http.ts';
import { UsageError } from './io.ts';
import type { Io } from './io.ts';
import { clean, pad } from './text.ts';

/** Says what failed, to the person on standard error or with --json as a document on standard output. */
export function reportFailure(io: Io, context: Context | null, error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  const isJson = context?.output.isJson ?? false;
  if (error instanceof ProblemError) {
    if (isJson) io.out(`${JSON.stringify(error.problem, null, 2)}\n`);
    else io.err(`${problemText(error.problem)}\n${hintFor(error.problem)}`);
    return exitCodeOf(error.problem.status);
  }
  if (error instanceof PendingError) {
    if (isJson) io.out(`${JSON.stringify(error.answer, null, 2)}\n`);
    io.err(`vigil: ${error.message}\n`);
    return exitCodes.away;
  }
  const message = error instanceof Error ? error.message : String(error);
  io.err(`vigil: ${clean(message.replaceAll('\n', '\u2028')).replaceAll('\u2028', '\n')}\n`);
  if (error instanceof AwayError) return exitCodes.away;
  return error instanceof UsageError || error instanceof ConfigurationError ? exitCodes.usage : exitCodes.unexpected;
}

/** What the API says of headers, in terms of the command line. */
const hintFor = ({ code }: Problem): string =>
  code === 'auth.missing' ? '  Name a file that holds one: --token-file <file>, or set VIGIL_TOKEN.\n' : '';

/** A problem as a person reads it: what it says, what one should know, and which fields are meant. */
export function problemText({ title, code, detail, context = {}, errors = [], instance }: Problem): string {
  const pairs = [
    ...(detail === undefined ? [] : [['detail', detail] as const]),
    ...Object.entries(context).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
    ...errors.map((error) => [error.pointer, `${error.detail} (${error.code})`] as const),
    ...(instance === undefined ? [] : [['request', instance] as const]),
  ];
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return [
    `vigil: ${clean(title)}${code === undefined ? '' : ` (${code})`}`,
    ...pairs.map(([name, value]) => `  ${pad(clean(name), width)}  ${clean(value)}`),
  ].join('\n');
}
