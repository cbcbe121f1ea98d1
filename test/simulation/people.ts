import type { Actor, Role } from '#domain/actor.ts';
import type { Random } from './random.ts';

const person = (id: string, ...roles: Role[]): Actor => ({ kind: 'person', id, roles });

/** People of one small team, and two that must never decide. */
export const team: readonly Actor[] = [
  person('per_anna', 'reviewer'),
  person('per_ben', 'reviewer', 'sensitive_reviewer'),
  person('per_carla', 'sensitive_reviewer'),
  person('per_dan', 'reviewer', 'ops_lead', 'sensitive_reviewer'),
  person('per_eve', 'ops_lead', 'policy'),
  person('per_fred', 'responder'),
  person('per_gina', 'auditor'),
];

const machines: readonly Actor[] = [
  { kind: 'service', id: 'svc_classifier' },
  { kind: 'system', id: 'vigil' },
];

/** Mostly a person, sometimes a machine that tries to decide. */
export const anyone = (random: Random): Actor => random.pick(random.chance(6) ? machines : team);
