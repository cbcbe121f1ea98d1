import type { Actor, Role } from '#domain/actor.ts';
import { idOf } from '#test/support/launches.ts';
import type { Random } from './random.ts';

const person = (number: number, ...roles: Role[]): Actor => ({ kind: 'person', id: idOf('person', number), roles });

/** A launch team: most roles twice, some people in two, one who holds too many, and one who may do nothing here. */
const team: readonly Actor[] = [
  person(1, 'launch_owner'),
  person(2, 'launch_owner', 'engineer'),
  person(3, 'protection_scientist'),
  person(4, 'protection_scientist', 'policy'),
  person(5, 'policy'),
  person(6, 'ops_lead', 'oncall_manager'),
  person(7, 'ops_lead'),
  person(8, 'legal'),
  person(9, 'legal', 'data_engineer'),
  person(10, 'investigator'),
  person(11, 'data_engineer'),
  person(12, 'engineer'),
  person(13, 'oncall_manager', 'investigator'),
  person(14, 'executive'),
  person(15, 'executive', 'launch_owner', 'protection_scientist', 'policy'),
  person(16, 'reviewer'),
];

const machines: readonly Actor[] = [
  { kind: 'service', id: idOf('integration', 1) },
  { kind: 'system', id: 'vigil' },
];

/** Mostly a person, sometimes a machine that tries to decide. */
export const anyone = (random: Random): Actor => random.pick(random.chance(5) ? machines : team);

/** Mostly someone who holds one of the roles. */
export function someoneOf(random: Random, ...roles: readonly Role[]): Actor {
  const fit = team.filter((actor) => actor.kind === 'person' && actor.roles.some((role) => roles.includes(role)));
  return fit.length === 0 || random.chance(8) ? anyone(random) : random.pick(fit);
}
