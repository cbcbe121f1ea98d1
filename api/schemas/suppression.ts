import { z } from 'zod';
import { idOf, instant, outInstant, title } from './common.ts';
import { condition } from './integration.ts';

const conditions = z.array(condition).min(1).max(20).describe('All of them must hold of the labels of an alert.');
const scope = {
  serviceId: idOf('service').nullable().default(null).describe('Null: every service of the team.'),
  integrationId: idOf('integration').nullable().default(null).describe('Null: whoever reports.'),
};
const expiresAt = instant.describe('At most 90 days ahead.');

export const newRule = z
  .object({
    teamId: idOf('team'),
    name: title.describe('Why it is quiet, in words.'),
    ownerId: idOf('person').optional().describe('Who answers for it; the asker when left out.'),
    ...scope,
    conditions,
    expiresAt,
  })
  .strict();
export const changedRule = z.object({ name: title, ownerId: idOf('person'), ...scope, conditions, expiresAt }).strict();
export type ChangedRule = z.output<typeof changedRule>;

export const suppressionRuleSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    name: z.string(),
    ownerId: z.string(),
    serviceId: z.string().nullable(),
    integrationId: z.string().nullable(),
    conditions: z.array(condition),
    version: z.number().int(),
    expiresAt: outInstant,
    createdBy: z.string(),
    createdAt: outInstant,
    updatedAt: outInstant,
    endedAt: outInstant.nullable(),
    endedBy: z.string().nullable(),
  })
  .meta({ id: 'SuppressionRule' });
export const countedRuleSchema = suppressionRuleSchema.extend({
  suppressed: z
    .object({ alerts: z.number().int(), keys: z.number().int() })
    .describe('How many alerts it has kept quiet so far, of how many keys.'),
});
export const suppressedAlertSchema = z
  .object({
    ruleId: z.string(),
    serviceId: z.string(),
    dedupKey: z.string(),
    reportedBy: z.string(),
    severity: z.number().int().describe('The worst that came.'),
    title: z.string(),
    count: z.number().int(),
    firstAt: outInstant,
    lastAt: outInstant,
  })
  .meta({ id: 'SuppressedAlert' });
