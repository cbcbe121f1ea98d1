import { z } from 'zod';
import { integrationKinds } from '#domain/intake/integration.ts';
import { looksWeak, senderKeyShape } from '#domain/intake/sender-key.ts';
import { idOf, key, outInstant, severity } from './common.ts';
import { senderMapping } from './mapping.ts';

/** The name of a label. Any text without control characters, since sources choose them. */
const labelName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must have no control characters');
const labelValue = z.string().max(1_024);

/** What routes and suppression rules look at. */
export const labels = z
  .record(labelName, labelValue)
  .refine((all) => Object.keys(all).length <= 100, 'must have at most 100 entries');

export const condition = z.discriminatedUnion('is', [
  z.object({ label: labelName, is: z.literal('equals'), value: labelValue }).strict(),
  z.object({ label: labelName, is: z.literal('notEquals'), value: labelValue }).strict(),
  z
    .object({
      label: labelName,
      is: z.literal('matches'),
      pattern: z.string().min(1).max(255).describe('`*` stands for any text; all else is literal, from end to end.'),
    })
    .strict(),
  z.object({ label: labelName, is: z.literal('present') }).strict(),
]);
export const conditions = z.array(condition).max(20).describe('All of them must hold.');

const routeFields = {
  when: conditions,
  severity: severity.nullable().default(null).describe('Instead of the reported one.'),
  stop: z.boolean().default(true).describe('False: later routes may still say what this one leaves open.'),
};
const route = z
  .object({
    ...routeFields,
    serviceId: idOf('service').nullable().default(null).describe('A service of the same team.'),
  })
  .strict();
const newRoute = route
  .extend({ serviceKey: key.optional().describe('Instead of `serviceId`.') })
  .refine(
    (one) => one.serviceKey === undefined || one.serviceId === null,
    'must name its service by serviceId or by serviceKey, not both',
  );

const documentFields = {
  identity: z
    .enum(['group', 'alert'])
    .default('group')
    .describe('What makes alerts one where the source sends groups.'),
  mapping: senderMapping.nullable().default(null),
  severities: z
    .record(z.string().min(1).max(100).toLowerCase(), severity)
    .default({})
    .describe("The sender's own words for severities, in lower case."),
};
export const integrationDocument = z
  .object({ ...documentFields, routes: z.array(route).max(100) })
  .strict()
  .describe('How reports are read and where they go.');
/** As it is written: a route may name its service by key. */
export const newIntegrationDocument = z
  .object({ ...documentFields, routes: z.array(newRoute).max(100).default([]) })
  .strict();
export type NewIntegrationDocument = z.output<typeof newIntegrationDocument>;

/** Heartbeats have monitors of their own; the kind stays for integrations that were made before. */
export const integrationKind = z.enum([...integrationKinds, 'heartbeat']);

export const integrationSchema = z
  .object({
    id: z.string(),
    serviceId: z.string(),
    kind: z.string(),
    name: z.string(),
    principalId: z.string(),
    document: integrationDocument,
    version: z.number().int(),
    createdAt: outInstant,
    disabledAt: outInstant.nullable(),
  })
  .meta({ id: 'Integration' });

export const integrationKeySchema = z
  .object({
    id: z.string(),
    integrationId: z.string(),
    createdBy: z.string(),
    createdAt: outInstant,
    revokedAt: outInstant.nullable(),
  })
  .meta({ id: 'IntegrationKey' });
export const newKeySchema = integrationKeySchema.extend({
  key: z
    .string()
    .nullable()
    .describe('32 characters. Shown this once; only its hash is kept. Null for a key that was brought.'),
});

/** A key of another product, which senders show already. */
export const broughtKey = z
  .string()
  .regex(senderKeyShape, 'must have 20 to 64 letters, digits, - and _')
  .refine((text) => !looksWeak(text), 'must have at least 10 different characters: this one could be guessed')
  .describe('What senders show already. Only its hash is kept, and it is not shown again.');
