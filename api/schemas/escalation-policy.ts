import { z } from 'zod';
import { idOf, severity } from './common.ts';

const target = z.union([
  z.object({ kind: z.literal('person'), personId: idOf('person') }).strict(),
  z.object({ kind: z.enum(['schedule', 'round_robin']), scheduleId: idOf('schedule') }).strict(),
]);
const wholeMs = z
  .number()
  .int()
  .min(0)
  .max(366 * 86_400_000);

/** The shape of an escalation policy; its meaning is checked by the domain. Durations are milliseconds. */
export const policyDocument = z
  .object({
    rungs: z
      .array(
        z
          .object({
            targets: z.array(target).max(50),
            ackWithinMs: wholeMs.describe(
              'How long the rung waits for an acknowledgement before the next one is paged.',
            ),
            requiredAcks: z.number().int().optional(),
            conditions: z
              .object({
                severityAtMost: severity.nullable().optional(),
                hours: z.enum(['working', 'outside']).nullable().optional(),
              })
              .strict()
              .nullable()
              .optional(),
          })
          .strict(),
      )
      .max(50),
    repeat: z.number().int().optional().describe('Extra passes over all rungs after the first.'),
    catchAllPersonId: idOf('person').describe('Paged when every rung is empty or spent.'),
    ackTimeoutMs: wholeMs.nullable().optional().describe('How long an acknowledgement holds; null for ever.'),
    unackGraceMs: wholeMs.optional(),
    rePage: z
      .object({ onSeverityRise: z.boolean().optional(), onFiringCountAbove: z.number().int().nullable().optional() })
      .strict()
      .optional(),
    highUrgencyUpTo: z
      .union([z.literal(0), severity])
      .optional()
      .describe('Severities 1 to this one are of high urgency.'),
    workingHours: z
      .object({
        zone: z.string().max(100),
        windows: z
          .array(
            z
              .object({
                weekdays: z.array(z.number().int()).max(7),
                fromMinute: z.number().int(),
                toMinute: z.number().int(),
              })
              .strict(),
          )
          .max(50),
      })
      .strict()
      .nullable()
      .optional(),
  })
  .strict()
  .meta({ id: 'EscalationPolicyDocument' });
