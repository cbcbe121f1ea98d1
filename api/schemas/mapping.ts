import { z } from 'zod';
import { captureFault } from '#domain/intake/capture.ts';
import { reportActions, usualActions } from '#domain/intake/mapping.ts';
import { pointerFault, pointerLimit } from '#domain/intake/pointer.ts';
import { presetNames } from '#domain/intake/presets.ts';
import { severity, title } from './common.ts';

const isPointer = (text: string): boolean => pointerFault(text) === null;
const pointer = z
  .string()
  .max(pointerLimit)
  .refine(isPointer, 'must be a JSON Pointer (RFC 6901): empty, or steps that each begin with a slash');
const placePointer = z
  .string()
  .max(pointerLimit)
  .refine(
    (text) => isPointer(text.replace(/^\$/, '')),
    'must be a JSON Pointer (RFC 6901), of the whole body when a $ stands before it',
  )
  .describe('A JSON Pointer into the alert; with `$` before it, into the whole body.');
const places = z
  .array(z.union([placePointer, z.array(placePointer).min(1).max(8)]))
  .max(8)
  .describe(
    'In order: the first that holds text is taken. Of several pointers in a list all must, and are put together.',
  );
const pointers = z.array(placePointer).max(8);
const word = z.string().min(1).max(100);

const words = z.array(z.string().trim().min(1).max(60).toLowerCase()).max(50);

const mailRules = z
  .object({
    identity: z
      .enum(['subject', 'thread', 'pattern'])
      .describe('Default subject: without prefixes of replies and status words.'),
    pattern: z
      .string()
      .min(1)
      .max(255)
      .describe('Of the subject: `*` stands for any text, `(*)` for text that is part of the key.'),
    resolveWords: words.describe('Words at the beginning of a subject, or in brackets, that say that it is over.'),
    triggerWords: words.describe('Words that say only that it fires.'),
  })
  .partial()
  .strict()
  .refine(({ identity, pattern }) => identity !== 'pattern' || pattern !== undefined, 'needs a pattern')
  .refine(({ pattern }) => pattern === undefined || captureFault(pattern) === null, {
    path: ['pattern'],
    error: 'must hold at least one (*), which is what the key is made of',
  });

/** How a sender's own JSON becomes reports: places and tables of words, which compute nothing. */
export const senderMapping = z
  .object({
    preset: z.enum(presetNames).describe('What holds for every field that is not named here. Default `plain`.'),
    severityLabel: z
      .string()
      .min(1)
      .max(200)
      .describe('Of Alertmanager and Grafana: the label that says how bad an alert is. Default `severity`.'),
    items: pointer.nullable().describe('Where the list stands when one body holds several alerts.'),
    dedupKey: z
      .object({
        from: places.min(1),
        otherwise: z
          .enum(['refuse', 'unique', 'body'])
          .default('refuse')
          .describe('Without a key: unique, it is always a new one; body, it is one with those that say the same.'),
      })
      .strict(),
    title: z
      .object({ from: places, otherwise: title.nullable().default(null).describe('Null: refuse the body.') })
      .strict(),
    severity: z
      .object({
        from: pointers.default([]),
        values: z.record(word, severity).default({}).describe('Words of the sender, whatever their case.'),
        otherwise: severity.nullable().default(null).describe('For other words, and for none.'),
      })
      .strict(),
    action: z
      .object({
        from: pointers.default([]),
        values: z.record(word, z.enum(reportActions)).default(usualActions),
        otherwise: z.enum(reportActions).default('trigger').describe('For other words, and for none.'),
      })
      .strict(),
    labels: z
      .record(z.string().min(1).max(200), placePointer)
      .refine((all) => Object.keys(all).length <= 50, 'must have at most 50 entries')
      .describe('The name of each label, and where its value stands. A list becomes one text, by comma.'),
    labelsOf: pointers.describe('Objects whose plain entries are labels.'),
    mail: mailRules.describe('Of mails: what makes them one, and which words end them.'),
  })
  .partial()
  .strict()
  .describe('How a JSON of its own is read.');
