import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Principal } from '#db/repositories/principals.ts';

/** What a route demands: nothing (`public`), any token (`any`), or a token with one of these roles. Admin may do all. */
export type Access = 'public' | 'any' | readonly Role[];

/** Roles that see every team's objects when granted without a team: reading is not scoped further. */
const readsEverything: readonly Role[] = ['admin', 'auditor'];

export function assertMay(principal: Principal, access: Access): void {
  if (access === 'public' || access === 'any') return;
  if (principal.grants.some((grant) => grant.role === 'admin' || access.includes(grant.role))) return;
  throw new VigilError('auth.forbidden', { needs: [...access] });
}

/** The teams whose objects the principal sees, or null for all of them. */
export function visibleTeams(principal: Principal): readonly string[] | null {
  if (principal.grants.some((grant) => grant.teamId === null)) return null;
  return [...new Set(principal.grants.flatMap((grant) => (grant.teamId === null ? [] : [grant.teamId])))];
}

/** A foreign team's object does not exist for the asker: 404, never 403. */
export function assertVisible(principal: Pick<Principal, 'grants'>, teamId: string): void {
  if (!principal.grants.some((grant) => grant.teamId === null || grant.teamId === teamId)) {
    throw new VigilError('resource.not_found');
  }
}

/** Checks role and team together: the role must be held for that team (or for all). */
export function assertMayFor(principal: Pick<Principal, 'grants'>, roles: readonly Role[], teamId: string): void {
  assertVisible(principal, teamId);
  if (!mayFor(principal, roles, teamId)) throw new VigilError('auth.forbidden', { needs: [...roles] });
}

export const mayFor = ({ grants }: Pick<Principal, 'grants'>, roles: readonly Role[], teamId: string): boolean =>
  grants.some(
    (grant) =>
      (grant.teamId === null || grant.teamId === teamId) && (grant.role === 'admin' || roles.includes(grant.role)),
  );

export const mayReadAll = (principal: Principal): boolean =>
  principal.grants.some((grant) => grant.teamId === null && readsEverything.includes(grant.role));
