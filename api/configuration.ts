import type { FastifyReply, FastifyRequest } from 'fastify';
import { VigilError } from '#domain/errors.ts';
import type { Person } from '#domain/actor.ts';
import { isPerson } from '#domain/actor.ts';
import type { Json } from '#domain/json.ts';
import type { Transaction } from '#db/client.ts';
import { audit } from '#db/repositories/audit-events.ts';
import type { Aggregate } from '#db/repositories/audit-events.ts';
import { toActor } from '#db/repositories/principals.ts';
import { actorOf, principalOf } from './plugins/authentication.ts';

/** The audit event of a change of configuration, in the change's own transaction. Ids and hashes only, never names. */
export async function auditChange(
  tx: Transaction,
  request: FastifyRequest,
  aggregate: Aggregate,
  action: string,
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  await audit(tx, aggregate, {
    actor: actorOf(request),
    action: `${aggregate.kind}.${action}`,
    requestId: request.id,
    data,
  });
}

/**
 * The person behind the request, with the roles held for the team whose object is acted on. Fails with
 * `decision.person_required` for a service.
 */
export function personOf(request: FastifyRequest, teamId?: string): Person {
  const actor = toActor(principalOf(request), teamId);
  if (!isPerson(actor)) throw new VigilError('decision.person_required');
  return actor;
}

/** For what belongs to no team: the role must be held for all teams. */
export function assertEverywhere(request: FastifyRequest, ...roles: readonly string[]): void {
  const { grants } = principalOf(request);
  if (!grants.some(({ role, teamId }) => teamId === null && (role === 'admin' || roles.includes(role)))) {
    throw new VigilError('auth.forbidden', { needs: [...roles, 'admin'], of: 'all teams' });
  }
}

export const etagOf = (version: number): string => `"${version}"`;

/** Holds a change to the version that its author read. Fails with `precondition.required` or `precondition.failed`. */
export function assertMatch(request: FastifyRequest, version: number): void {
  const header = request.headers['if-match'];
  if (header === undefined) throw new VigilError('precondition.required');
  if (header !== etagOf(version)) throw new VigilError('precondition.failed', { version });
}

export const withEtag = <T extends { readonly version: number }>(reply: FastifyReply, row: T): T => {
  void reply.header('etag', etagOf(row.version));
  return row;
};

/** The object, or `resource.not_found`. */
export function found<T>(row: T | null | undefined): T {
  if (row === null || row === undefined) throw new VigilError('resource.not_found');
  return row;
}

/** The row that an insert made, or `resource.exists` when its natural key was taken. */
export function created<T>(row: T | null): T {
  if (row === null) throw new VigilError('resource.exists');
  return row;
}
