import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Database } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { noteTokenUse, recallPrincipalByToken, toActor } from '#db/repositories/principals.ts';
import type { Principal } from '#db/repositories/principals.ts';
import { assertMay } from '../auth.ts';
import type { Access } from '../auth.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Said of a POST that can be repeated without a key: it has a natural key, or each call is an act of its own. */
    idempotencyKey?: 'none';
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

/**
 * Authenticates by bearer token and holds each route to its declared access. A route that declares none does not start:
 * deny by default means that forgetting is an error, not an open door.
 */
export function registerAuthentication(app: FastifyInstance, db: Database): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD' && route.config?.access === undefined) {
      throw new Error(`${String(route.method)} ${route.url} declares no access`);
    }
  });
  const countStranger = app.createRateLimit({ keyGenerator: (request: FastifyRequest) => request.ip });
  app.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config.access;
    if (access === undefined || access === 'public') return;
    try {
      request.principal = await authenticate(db, request.headers.authorization);
    } catch (error) {
      // Whoever has a token is never refused for what strangers do at the same address.
      if (error instanceof VigilError) await refuseManyStrangers(request, reply);
      throw error;
    }
    assertMay(request.principal, access);
  });

  async function refuseManyStrangers(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const counted = await countStranger(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    void reply.header('retry-after', counted.ttlInSeconds);
    throw new VigilError('request.rate_limited');
  }
}

async function authenticate(db: Database, header: string | undefined): Promise<Principal> {
  if (header === undefined) throw new VigilError('auth.missing');
  const token = /^Bearer ([\x21-\x7e]{20,200})$/i.exec(header)?.[1];
  // The look-up is by hash, so its time tells nothing of the token.
  const principal = token === undefined ? null : await recallPrincipalByToken(db, sha256Hex(token));
  if (!principal) throw new VigilError('auth.invalid');
  if (principal.isUseStale) await noteTokenUse(db, principal.tokenId);
  return principal;
}

/** The principal of a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error('a public route has no principal');
  return request.principal;
}

export const actorOf = (request: FastifyRequest): Actor => toActor(principalOf(request));
