import { z } from 'zod';
import type { DetectorDefinition } from '#domain/detection/definition.ts';
import { validateRules } from '#domain/detection/rule-validation.ts';
import { longestSql, sqlProblems } from '#domain/detection/sql-text.ts';
import { VigilError } from '#domain/errors.ts';
import { dayMs, secondMs } from '#domain/time.ts';

/** What a product says of an event, by name. */
export const attributes = z
  .record(z.string().min(1).max(100), z.union([z.string().max(10_000), z.number(), z.boolean()]))
  .refine((value) => Object.keys(value).length <= 100, 'must not have more than 100 attributes');

const canary = z
  .object({
    kind: z.string().min(1).max(100),
    attributes,
    text: z.string().max(100_000).nullable(),
    repeat: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .describe('How often it is planted: for detectors that count.'),
  })
  .strict()
  .nullable()
  .default(null)
  .describe('A known piece of abuse that the detector must find.');

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => {
    const { username, password } = new URL(text);
    return username === '' && password === '';
  }, 'must not hold a name or password');

/** The shape of a detector's definition. Whether it makes sense is said by `checkedDefinition`. */
export const detectorDefinition = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('rules'), rules: z.record(z.string(), z.unknown()), canary }).strict(),
    z
      .object({
        kind: z.literal('sql'),
        sql: z
          .string()
          .min(1)
          .max(longestSql)
          .describe('One SELECT of account_ref, score and event_ids; $1 product, $2 and $3 the window.'),
        windowMs: z
          .number()
          .int()
          .min(secondMs)
          .max(30 * dayMs),
        canary,
      })
      .strict(),
    z.object({ kind: z.literal('http'), url: httpUrl, canary }).strict(),
  ])
  .meta({ id: 'DetectorDefinition' });
export type DefinitionBody = z.output<typeof detectorDefinition>;

/** The definition, when rules or SQL make sense; otherwise the problem with its places. */
export function checkedDefinition(body: DefinitionBody): DetectorDefinition {
  if (body.kind === 'rules') {
    const problems = validateRules(body.rules);
    if (problems.length > 0) {
      const errors = problems.map(({ pointer, detail }) => ({
        pointer: `/body/definition/rules${pointer}`,
        code: 'rules',
        detail,
      }));
      throw new VigilError('detector.rules_invalid', { errors });
    }
  }
  if (body.kind === 'sql') {
    const problems = sqlProblems(body.sql);
    if (problems.length > 0) {
      const errors = problems.map(({ offset, detail }) => ({
        pointer: '/body/definition/sql',
        code: 'sql',
        detail: `At character ${offset}: ${detail}`,
      }));
      throw new VigilError('detector.sql_invalid', { errors });
    }
  }
  return body as unknown as DetectorDefinition;
}
