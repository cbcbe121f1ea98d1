import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { portOf } from '#domain/outgoing-target.ts';
import { ForbiddenTarget } from './ssrf-guard.ts';
import type { SsrfGuard } from './ssrf-guard.ts';

/** The connection was never made, so the request cannot have arrived. */
export class ConnectFailure extends Error {
  constructor(cause: unknown) {
    super('connect failed', { cause });
    this.name = 'ConnectFailure';
  }
}

/**
 * Opens every connection of the outgoing client, so that nothing passes the guard: literal addresses, which a custom
 * lookup never sees, are checked here; names are resolved once and connected to exactly the checked addresses; and the
 * address that the socket ended up with is checked again. TLS still verifies the name.
 *
 * Fails with `ForbiddenTarget` or `ConnectFailure`.
 */
export function pinnedConnector(guard: SsrfGuard, connectTimeoutMs: number): buildConnector.connector {
  const common = { timeout: connectTimeoutMs, allowH2: false };
  const open = buildConnector(common);
  const pinned = buildConnector({ ...common, lookup: guardedLookup(guard) });

  return (options, callback) => {
    const allowListed = guard.isAllowListed(options.hostname, portOf(options.protocol, options.port));
    if (!allowListed && isIP(options.hostname) !== 0 && !guard.allowsAddress(options.hostname)) {
      callback(new ForbiddenTarget('address_not_public'), null);
      return;
    }
    const connect = allowListed ? open : pinned;
    connect(options, (error, socket) => {
      // Typed as null, but undefined when there is an error.
      if (error !== null || !socket) {
        callback(error instanceof ForbiddenTarget ? error : new ConnectFailure(error), null);
      } else if (!allowListed && !guard.allowsAddress(socket.remoteAddress ?? '')) {
        socket.destroy();
        callback(new ForbiddenTarget('address_not_public'), null);
      } else {
        callback(null, socket);
      }
    });
  };
}

function guardedLookup(guard: SsrfGuard): LookupFunction {
  const addressesOf = callbackify((hostname: string) => guard.addressesOf(hostname));
  return (hostname, options, callback) => {
    addressesOf(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) callback(error, '');
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}
