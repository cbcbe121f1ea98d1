import { isId } from '../ids.ts';
import { unknown } from './intake-fields.ts';
import type { Answer, Field, Question } from './intake-fields.ts';
import { intakeQuestions } from './intake-questions.ts';

type Questions = typeof intakeQuestions;

/** The answers to all 30 questions, by question and field. Every field may be `unknown`. */
export type Intake = {
  readonly [Q in keyof Questions]: { readonly [F in keyof Questions[Q]['fields']]: Answer<Questions[Q]['fields'][F]> };
};

type IntakeProblemCode =
  | 'missing'
  | 'unknown_field'
  | 'wrong_type'
  | 'not_a_choice'
  | 'out_of_range'
  | 'repeated'
  | 'too_few'
  | 'too_many'
  | 'not_an_id';

export interface IntakeProblem {
  /** JSON pointer (RFC 6901) into the intake. */
  readonly pointer: string;
  readonly code: IntakeProblemCode;
}

export const questions: readonly (readonly [string, Question])[] = Object.entries(intakeQuestions);

const languageTag = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/;

/** Year 2000 to year 2100: outside of it, seconds or a typing error were meant. */
const instants = { min: 946_684_800_000, max: 4_102_444_800_000 };

/**
 * Finds everything wrong with an intake that came from outside, each problem with its JSON pointer; empty when the
 * input is an `Intake`. Unknown answers are no problem here: they block the launch, not the form.
 *
 * Names that the form does not have are refused, so that a misspelled answer never counts as given. Their pointers
 * are left at the level of the form or question, because the name itself is text from outside.
 */
export function validateIntake(input: unknown): readonly IntakeProblem[] {
  if (!isObject(input)) return [{ pointer: '', code: 'wrong_type' }];
  const problems: IntakeProblem[] = unexpected(input, intakeQuestions, '');
  for (const [name, question] of questions) {
    const answer = ownValue(input, name);
    const pointer = `/${name}`;
    if (answer === undefined) problems.push({ pointer, code: 'missing' });
    else if (!isObject(answer)) problems.push({ pointer, code: 'wrong_type' });
    else problems.push(...answerProblems(question, answer, pointer));
  }
  return problems;
}

/** JSON pointers of all fields that were answered with `unknown`. */
export function unknownAnswers(intake: Intake): readonly string[] {
  return Object.entries(intake).flatMap(([name, answer]) =>
    Object.entries(answer)
      .filter(([, value]) => value === unknown)
      .map(([field]) => `/${name}/${field}`),
  );
}

function answerProblems(question: Question, answer: object, pointer: string): IntakeProblem[] {
  const problems = unexpected(answer, question.fields, pointer);
  for (const [name, field] of Object.entries(question.fields)) {
    const value = ownValue(answer, name);
    const code = value === undefined ? 'missing' : fieldProblem(field, value);
    if (code !== null) problems.push({ pointer: `${pointer}/${name}`, code });
  }
  return problems;
}

function fieldProblem(field: Field, value: unknown): IntakeProblemCode | null {
  if (value === unknown) return null;
  switch (field.kind) {
    case 'choice':
      return typeof value !== 'string' ? 'wrong_type' : field.of.includes(value) ? null : 'not_a_choice';
    case 'choices':
      return listProblem(value, field.atLeast, field.atMost, (text) =>
        field.of.includes(text) ? null : 'not_a_choice',
      );
    case 'integer':
      return integerProblem(value, field.min, field.max);
    case 'instant':
      return integerProblem(value, instants.min, instants.max);
    case 'share':
      return typeof value !== 'number' ? 'wrong_type' : value >= 0 && value <= 1 ? null : 'out_of_range';
    case 'perStage': {
      if (!Array.isArray(value)) return 'wrong_type';
      if (value.length !== 4) return value.length < 4 ? 'too_few' : 'too_many';
      return value.map((number) => integerProblem(number, 0, field.max)).find((problem) => problem !== null) ?? null;
    }
    case 'id':
      return idProblem(field.of, value);
    case 'idOrNone':
      return value === 'none' ? null : idProblem(field.of, value);
    case 'ids':
      return listProblem(value, 0, field.atMost, (text) => idProblem(field.of, text));
    case 'languages':
      return listProblem(value, 1, field.atMost, (text) => (languageTag.test(text) ? null : 'not_a_choice'));
    default:
      return field satisfies never;
  }
}

function listProblem(
  value: unknown,
  atLeast: number,
  atMost: number,
  check: (text: string) => IntakeProblemCode | null,
): IntakeProblemCode | null {
  if (!Array.isArray(value)) return 'wrong_type';
  if (value.length > atMost) return 'too_many';
  if (value.length < atLeast) return 'too_few';
  for (const entry of value) {
    if (typeof entry !== 'string') return 'wrong_type';
    const problem = check(entry);
    if (problem !== null) return problem;
  }
  return new Set(value).size === value.length ? null : 'repeated';
}

function integerProblem(value: unknown, min: number, max: number): IntakeProblemCode | null {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'wrong_type';
  return value >= min && value <= max ? null : 'out_of_range';
}

function idProblem(kind: Parameters<typeof isId>[0], value: unknown): IntakeProblemCode | null {
  if (typeof value !== 'string') return 'wrong_type';
  return isId(kind, value) ? null : 'not_an_id';
}

function unexpected(value: object, expected: object, pointer: string): IntakeProblem[] {
  return Object.keys(value).every((name) => Object.hasOwn(expected, name)) ? [] : [{ pointer, code: 'unknown_field' }];
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const ownValue = (value: object, name: string): unknown =>
  Object.hasOwn(value, name) ? (value as { readonly [key: string]: unknown })[name] : undefined;
