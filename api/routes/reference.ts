import { z } from 'zod';
import { roles } from '#domain/actor.ts';
import { actionNames, actionRule } from '#domain/enforcement/actions.ts';
import { harmNames, harms, isSensitive } from '#domain/harms.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import { channels } from '#domain/oncall/notification-rules.ts';
import { listProblems, severity } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const referenceSchema = z
  .object({
    roles: z.array(z.string()),
    launchRoles: z.array(z.string()),
    channels: z.array(z.string()),
    harms: z.array(z.object({ name: z.string(), title: z.string(), severity, sensitive: z.boolean() })),
    enforcementActions: z.array(
      z.object({
        name: z.string(),
        target: z.enum(['account', 'content']),
        kind: z.enum(['lasting', 'momentary', 'irreversible']),
      }),
    ),
  })
  .meta({ id: 'Reference' });

/** The fixed lists that other requests choose from. */
export function registerReference(app: Routes): void {
  const reference: z.output<typeof referenceSchema> = {
    roles: [...roles],
    launchRoles: [...launchRoles],
    channels: [...channels],
    harms: harmNames.map((name) => ({
      name,
      title: harms[name].title,
      severity: harms[name].severity,
      sensitive: isSensitive(name),
    })),
    enforcementActions: actionNames.map((name) => ({
      name,
      target: actionRule(name).target,
      kind: actionRule(name).kind,
    })),
  };
  app.get(
    '/v1/reference',
    { config: { access: 'any' }, schema: { response: { 200: referenceSchema, ...listProblems } } },
    () => reference,
  );
}
