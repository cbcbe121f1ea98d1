/** Every role that a principal can hold. The launch roles of the catalogue are roles of the product. */
export const roles = [
  'launch_owner',
  'protection_scientist',
  'policy',
  'ops_lead',
  'investigator',
  'data_engineer',
  'engineer',
  'legal',
  'oncall_manager',
  'executive',
  'reviewer',
  'sensitive_reviewer',
  'responder',
  'auditor',
  'admin',
  'integration',
] as const;
export type Role = (typeof roles)[number];

/** A person, with the roles held at the moment of the act: they are recorded with it. */
export interface Person {
  readonly kind: 'person';
  readonly id: string;
  readonly roles: readonly Role[];
}

/** Who did something. Only a person makes a terminal decision; `service` is an integration, `system` is Vigil itself. */
export type Actor =
  | Person
  | { readonly kind: 'service'; readonly id: string }
  | { readonly kind: 'system'; readonly id: string };

export const isPerson = (actor: Actor): actor is Person => actor.kind === 'person';

export const holds = (person: Person, ...wanted: readonly Role[]): boolean =>
  wanted.some((role) => person.roles.includes(role));
