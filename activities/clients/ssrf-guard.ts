import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { allowListOf, checkTarget, isAllowListed, isPublicAddress } from '#domain/outgoing-target.ts';
import type { PermanentReason } from './outgoing-error.ts';

/** Why a URL or an address may not be called. */
export class ForbiddenTarget extends Error {
  readonly reason: PermanentReason;

  constructor(reason: PermanentReason) {
    super(`forbidden target: ${reason}`);
    this.name = 'ForbiddenTarget';
    this.reason = reason;
  }
}

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * Keeps calls to URLs that people configured away from Vigil's own network (OWASP API7, ASVS 5.0.0-13.2.4).
 *
 * Targets on the allow list, named exactly as `host:port`, are exempt from both https and the address check: an
 * operator put them there, such as a service of the same cluster or a simulator on loopback.
 */
export interface SsrfGuard {
  /**
   * Checks everything that can be known before resolving. The URL it returns has its host in canonical form
   * (`http://2130706433` becomes `127.0.0.1`). Fails with `ForbiddenTarget`.
   */
  checkUrl(text: string): URL;
  isAllowListed(hostname: string, port: string): boolean;
  allowsAddress(address: string): boolean;
  /**
   * Resolves a host once and checks **every** address: a name with one public and one private address is refused, so
   * that no choice made later can go wrong. The caller connects to these addresses and does not resolve again.
   * Fails with `ForbiddenTarget`, or with the resolver's own error.
   */
  addressesOf(hostname: string): Promise<readonly LookupAddress[]>;
}

export function createSsrfGuard(options: {
  readonly allowList: readonly string[];
  readonly resolve?: Resolve;
}): SsrfGuard {
  const allowList = allowListOf(options.allowList);
  const resolve = options.resolve ?? ((hostname) => lookup(hostname, { all: true }));

  return {
    isAllowListed: (hostname, port) => isAllowListed(allowList, hostname, port),
    allowsAddress: isPublicAddress,
    checkUrl(text) {
      const target = checkTarget(text, allowList);
      if (typeof target === 'string') throw new ForbiddenTarget(target);
      return target;
    },
    async addressesOf(hostname) {
      const family = isIP(hostname);
      const addresses = family === 0 ? await resolve(hostname) : [{ address: hostname, family }];
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address))) {
        throw new ForbiddenTarget('address_not_public');
      }
      return addresses;
    },
  };
}
