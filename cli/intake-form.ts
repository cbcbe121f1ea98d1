import type { Field } from '#domain/launch/intake-fields.ts';
import { unknown } from '#domain/launch/intake-fields.ts';
import { questions } from '#domain/launch/intake.ts';
import type { Json } from '#domain/json.ts';

/** The intake with every answer unknown: a form that is taken as it is, and blocks until it is filled in. */
export const emptyIntake = (): { readonly [question: string]: { readonly [field: string]: Json } } =>
  Object.fromEntries(
    questions.map(([name, { fields }]) => [
      name,
      Object.fromEntries(Object.keys(fields).map((field) => [field, unknown])),
    ]),
  );

/** Each question with its fields and what they may hold, for people who fill the form in. */
export function intakeHelp(): string {
  return questions
    .map(([name, { number, text, fields }]) =>
      [
        `${number}. ${text}`,
        ...Object.entries(fields).map(([field, of]) => `   ${name}.${field}: ${answersOf(of)}`),
      ].join('\n'),
    )
    .join('\n\n');
}

function answersOf(field: Field): string {
  switch (field.kind) {
    case 'choice':
      return field.of.join(' | ');
    case 'choices':
      return `a list of ${field.of.join(', ')}`;
    case 'integer':
      return `${field.min} to ${field.max}`;
    case 'share':
      return 'from 0 to 1';
    case 'instant':
      return 'milliseconds since the epoch';
    case 'perStage':
      return 'four whole numbers, for the stages 1, 10, 50 and 100 %';
    case 'id':
      return `an id of a ${field.of}`;
    case 'idOrNone':
      return `an id of a ${field.of}, or none`;
    case 'ids':
      return `a list of ids of ${field.of}s`;
    case 'languages':
      return 'a list of language tags as en or pt-BR';
    default:
      return field satisfies never;
  }
}
