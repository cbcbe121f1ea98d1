import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { channels, maxDelayMinutes, notificationRuleProblems } from '#domain/oncall/notification-rules.ts';
import type { Channel, PersonalRules } from '#domain/oncall/notification-rules.ts';
import { isZone } from '#domain/oncall/zone-clock.ts';
import { newId } from '#db/ids.ts';
import {
  findSettings,
  listContactMethods,
  listRules,
  lockPerson,
  replaceRules,
  updateSettings,
} from '#db/repositories/people.ts';
import type { ContactMethodRow } from '#db/repositories/people.ts';
import { toQuietHours } from '#db/repositories/oncall.ts';
import { assertEverywhere, auditChange, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, readProblems } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const params = z.object({ personId: idOf('person') });
const settingsSchema = z
  .object({
    timeZone: z.string(),
    quietHours: z.string().nullable().describe("As `22:00-07:00`, in the person's own zone."),
  })
  .meta({ id: 'PersonSettings' });
const settings = z
  .object({
    timeZone: z.string().max(100).refine(isZone, 'must be a time zone of the IANA database, in its exact spelling'),
    quietHours: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'must be like 22:00-07:00')
      .refine((text) => text.slice(0, 5) !== text.slice(6), 'must not be the whole day')
      .nullable(),
  })
  .strict();
const ruleSchema = z
  .object({ id: z.string(), channel: z.enum(channels), contactMethodId: z.string(), delayMinutes: z.number().int() })
  .meta({ id: 'NotificationRule' });
const rulesSchema = z.object({ rules: z.array(ruleSchema) });
const newRules = z
  .object({
    rules: z
      .array(
        z
          .object({
            contactMethodId: idOf('contactMethod'),
            delayMinutes: z.number().int().min(0).max(maxDelayMinutes),
          })
          .strict(),
      )
      .max(20),
  })
  .strict();
const urgencyParams = params.extend({ urgency: z.enum(['high', 'low']) });

/** How a person is reached: settings, and notification rules for each urgency. */
export function registerPersons(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/persons/:personId/settings',
    { config: { access: 'any' }, schema: { params, response: { 200: settingsSchema, ...readProblems } } },
    async (request) => {
      assertOwnOrManager(request, request.params.personId);
      return found(await findSettings(deps.db, request.params.personId));
    },
  );

  app.put(
    '/v1/persons/:personId/settings',
    {
      config: { access: 'any' },
      schema: { params, body: settings, response: { 200: settingsSchema, ...createProblems } },
    },
    async (request) => {
      const { personId } = request.params;
      assertOwnOrManager(request, personId);
      return deps.db.transaction(async (tx) => {
        found(await lockPerson(tx, personId));
        await updateSettings(tx, personId, request.body);
        await auditChange(tx, request, { kind: 'principal', id: personId }, 'settingsChanged', { ...request.body });
        return request.body;
      });
    },
  );

  app.get(
    '/v1/persons/:personId/notification-rules/:urgency',
    { config: { access: 'any' }, schema: { params: urgencyParams, response: { 200: rulesSchema, ...readProblems } } },
    async (request) => {
      const { personId, urgency } = request.params;
      assertOwnOrManager(request, personId);
      found(await findSettings(deps.db, personId));
      return { rules: (await listRules(deps.db, personId))[urgency] };
    },
  );

  app.put(
    '/v1/persons/:personId/notification-rules/:urgency',
    {
      config: { access: 'any' },
      schema: { params: urgencyParams, body: newRules, response: { 200: rulesSchema, ...createProblems } },
    },
    async (request) => {
      const { personId, urgency } = request.params;
      assertOwnOrManager(request, personId);
      return deps.db.transaction(async (tx) => {
        const { quietHours } = found(await lockPerson(tx, personId));
        const methods = await listContactMethods(tx, personId);
        const rules = request.body.rules.map((rule, index) => ({
          id: newId('notificationRule'),
          ...rule,
          channel: channelOf(methods, rule.contactMethodId, index),
        }));
        const all: PersonalRules = {
          ...(await listRules(tx, personId)),
          [urgency]: rules,
          quietHours: toQuietHours(quietHours),
        };
        const problems = notificationRuleProblems(all);
        if (problems.length > 0) {
          const errors = problems.map(({ pointer, reason }) => ({
            pointer: `/rules${pointer}`,
            code: reason,
            detail: ruleProblemTitles[reason],
          }));
          throw new VigilError('oncall.rules_invalid', { errors });
        }
        await replaceRules(tx, personId, urgency, rules);
        await auditChange(tx, request, { kind: 'principal', id: personId }, 'notificationRulesChanged', {
          urgency,
          rules: request.body.rules,
        });
        return { rules };
      });
    },
  );
}

const ruleProblemTitles = {
  delay: 'A delay is a whole number of minutes, at most a week.',
  duplicate_id: 'Another rule has this id.',
  clock_time: 'It is no clock time.',
  empty: 'There must be at least one rule for high urgency. Set those first.',
  whole_day: 'Quiet hours cannot be the whole day.',
  low_louder_than_high: 'Low urgency must not be louder or sooner than high urgency.',
} as const;

/** A person's own; an on-call manager of all teams and an administrator may do it for others. */
export function assertOwnOrManager(request: FastifyRequest, personId: string): void {
  if (principalOf(request).id !== personId) assertEverywhere(request, 'oncall_manager');
}

function channelOf(methods: readonly ContactMethodRow[], contactMethodId: string, index: number): Channel {
  const method = methods.find(({ id, disabledAt }) => id === contactMethodId && disabledAt === null);
  if (method) return method.channel as Channel;
  throw new VigilError('request.invalid', {
    errors: [
      {
        pointer: `/body/rules/${index}/contactMethodId`,
        code: 'unknown',
        detail: 'must be an enabled contact method of this person',
      },
    ],
  });
}
