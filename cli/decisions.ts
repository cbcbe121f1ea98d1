import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Json } from '#domain/json.ts';
import type { Context, Run } from './context.ts';
import { readInstant, readSpan } from './instants.ts';
import { UsageError } from './io.ts';

/** One field of a body as an option. */
export interface Field {
  /** As it is typed: `--reason <code>`. */
  readonly flag: string;
  readonly text: string;
  /** The field of the body. */
  readonly field: string;
  /** How its text becomes JSON; by default it stays a text. */
  readonly kind?: 'number' | 'flag' | 'instant' | 'span' | 'json' | 'stage';
  readonly of?: readonly string[];
}

/** One thing that people do to one kind of object: `POST <path>/<id>/<resource>`. */
export interface Decision {
  readonly name: string;
  readonly resource: string;
  readonly text: string;
  readonly fields?: readonly Field[];
}

/** What the API answers when a command was carried out. */
export interface CommandAnswer {
  readonly commandId: string;
  readonly status: 'done' | 'pending';
  readonly aggregate: { readonly kind: string; readonly id: string };
  readonly version: number | null;
  readonly result: { readonly [key: string]: unknown };
}

export const note: Field = { flag: '--note <text>', text: 'why; kept as a note, never in workflows', field: 'note' };
export const seenVersion: Field = {
  flag: '--seen-version <n>',
  text: 'refuse if the state moved on since this version',
  field: 'seenVersion',
  kind: 'number',
};

/** Adds one subcommand for each decision. A body can also come from a file or standard input; options win over it. */
export function registerDecisions(
  group: Command,
  run: Run,
  path: string,
  argument: string,
  decisions: readonly Decision[],
): void {
  for (const decision of decisions) {
    const command = group.command(`${decision.name} <${argument}>`).description(decision.text);
    withFields(command, decision.fields ?? []).action(
      run<FieldOptions>(async (context, options, id) => {
        const body = await bodyOf(context, decision.fields ?? [], options);
        show(
          context,
          await context.api.post<CommandAnswer>(`${path}/${encodeURIComponent(id)}/${decision.resource}`, body),
        );
      }),
    );
  }
}

export type FieldOptions = { readonly file?: string; readonly [option: string]: unknown };

export function withFields(command: Command, fields: readonly Field[]): Command {
  for (const { flag, text, kind, of } of fields) {
    const option = new Option(flag, text);
    if (of !== undefined) option.choices(of);
    else if (kind === 'number') option.argParser(readNumber);
    command.addOption(option);
  }
  return fields.length === 0
    ? command
    : command.option('--file <file>', 'the body as a JSON document; - reads standard input');
}

/** The body: the document, if one is given, with the options on top. */
export async function bodyOf(
  context: Context,
  fields: readonly Field[],
  options: FieldOptions,
): Promise<{ readonly [field: string]: Json }> {
  const document = options.file === undefined ? {} : await context.document(options.file);
  if (document === null || typeof document !== 'object' || Array.isArray(document))
    throw new UsageError('the document must be a JSON object');
  const given = fields.flatMap((field) => {
    const value = options[new Option(field.flag).attributeName()];
    return value === undefined ? [] : [[field.field, toJson(field, value)] as const];
  });
  return { ...(document as { readonly [field: string]: Json }), ...Object.fromEntries(given) };
}

function toJson({ kind }: Field, value: unknown): Json {
  switch (kind) {
    case 'instant':
      return readInstant(String(value), Date.now());
    case 'span':
      return readSpan(String(value));
    case 'json':
      return parseJson(String(value));
    case 'stage':
      return /^\d+$/.test(String(value)) ? Number(value) : String(value);
    case 'number':
    case 'flag':
    case undefined:
      return value as Json;
    default:
      return kind satisfies never;
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new UsageError(`that is not JSON: ${(error as Error).message}`);
  }
}

export function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Rungs and passes count from 0 in documents, and from 1 wherever people read them. */
function factText(name: string, value: unknown): string {
  if (name === 'stoppedRung' && typeof value === 'object' && value !== null && 'rung' in value && 'pass' in value)
    return `${Number(value.rung) + 1} (pass ${Number(value.pass) + 1})`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Says that something was done, on which version, and what the asker should know of it. */
export function show({ output }: Context, answer: CommandAnswer): void {
  output.show(answer, ({ aggregate, version, result }) => {
    const facts = Object.entries(result).map(([name, value]) => [name, factText(name, value)] as const);
    const done = `${output.paint('good', 'done')}: ${aggregate.kind} ${aggregate.id}${version === null ? '' : ` is at version ${version}`}`;
    return [done, ...(facts.length === 0 ? [] : [output.fields(facts)])].join('\n');
  });
}
