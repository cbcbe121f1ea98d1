import { z } from 'zod';
import type { Json } from '#domain/json.ts';
import { UsageError } from '../io.ts';

const key = z.string().min(1).max(100);
/** What one entry says beside its key goes to the API as it is, which checks it. */
const entry = z.object({ key, by: z.string().optional() }).catchall(z.json());
const grant = z.object({ role: z.string(), teamId: z.string().nullable().default(null) }).strict();
const rule = z.object({ contactMethod: z.string(), delayMinutes: z.number() }).strict();
const person = z
  .object({
    key,
    name: z.string().min(1),
    timeZone: z.string().default('UTC'),
    quietHours: z.string().nullable().default(null),
    roles: z.array(grant).default([]),
    contactMethods: z.array(z.object({ key, channel: z.string(), address: z.string() }).strict()).default([]),
    notificationRules: z
      .object({ high: z.array(rule), low: z.array(rule) })
      .strict()
      .optional(),
  })
  .strict();
const sender = z.object({ key, name: z.string().min(1), roles: z.array(grant).default([]) }).strict();
const integration = z.object({ kind: z.string(), name: z.string(), principalId: z.string() }).strict();

const setupSchema = z
  .object({
    teams: z.array(entry).default([]),
    people: z.array(person).default([]),
    senders: z.array(sender).default([]),
    schedules: z.array(entry).default([]),
    escalationPolicies: z.array(entry).default([]),
    services: z.array(entry.extend({ integrations: z.array(integration).default([]) })).default([]),
    products: z.array(entry).default([]),
    policies: z.array(entry.extend({ body: z.string().optional() })).default([]),
    queues: z.array(entry).default([]),
    detectors: z
      .array(
        entry.extend({
          version: z
            .object({
              definition: z.json(),
              threshold: z.number(),
              maturity: z.string().optional(),
              /** A step up that a person answers for, with the reason. */
              raise: z.object({ to: z.string(), note: z.string() }).strict().optional(),
            })
            .strict()
            .optional(),
        }),
      )
      .default([]),
  })
  .strict();

/**
 * What an installation should hold: one list for each kind of thing, each entry with a key of its own.
 *
 * Wherever the API wants an id, a text `@section/key` names another entry: `@people/rung-1`, `@teams/integrity`. An entry
 * with `by` is made with the token of that person, so that the right person stands as its author.
 */
export type Setup = z.output<typeof setupSchema>;
export type Section = keyof Setup;
export type SetupPerson = Setup['people'][number];
export type SetupSender = Setup['senders'][number];
export type SetupEntry = Setup['teams'][number];
export type SetupDetector = Setup['detectors'][number];

/** Reads a setup. Fails with a `UsageError` that names every place that is wrong. */
export function readSetup(value: unknown): Setup {
  const result = setupSchema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  - /${issue.path.map(String).join('/')}: ${issue.message}`);
    throw new UsageError(`the setup is not usable:\n${problems.join('\n')}`);
  }
  const repeated = Object.entries(result.data).flatMap(([section, entries]) => {
    const keys = entries.map((one) => one.key);
    return keys
      .filter((name, index) => keys.indexOf(name) !== index)
      .map((name) => `  - /${section}: the key ${name} is there twice`);
  });
  if (repeated.length > 0) throw new UsageError(`the setup is not usable:\n${repeated.join('\n')}`);
  return result.data;
}

export type Ids = { readonly [section in Section]?: { readonly [key: string]: string } };

const reference = new RegExp(`^@(${Object.keys(setupSchema.shape).join('|')})/(.+)$`);

/** Puts ids in the place of references, however deep. Fails with a `UsageError` when one names nothing. */
export function resolveReferences(value: Json, ids: Ids): Json {
  if (typeof value === 'string') return reference.test(value) ? referredId(value, ids) : value;
  if (Array.isArray(value)) return value.map((item: Json) => resolveReferences(item, ids));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolveReferences(inner, ids)]));
}

/** The id behind `@section/key`. */
export function referredId(text: string, ids: Ids): string {
  const [, section = '', name = ''] = reference.exec(text) ?? [];
  const id = ids[section as Section]?.[name];
  if (id === undefined) throw new UsageError(`the setup names ${text}, which it does not hold (or only further down)`);
  return id;
}
