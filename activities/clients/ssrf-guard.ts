import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
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
  const allowList = new Set(options.allowList.map((entry) => entry.toLowerCase()));
  const resolve = options.resolve ?? ((hostname) => lookup(hostname, { all: true }));
  const isAllowListed = (hostname: string, port: string) => allowList.has(`${hostname.toLowerCase()}:${port}`);

  return {
    isAllowListed,
    allowsAddress: isPublicAddress,
    checkUrl(text) {
      const url = URL.parse(text);
      if (url === null || url.hostname === '') throw new ForbiddenTarget('malformed_url');
      if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new ForbiddenTarget('not_https');
      if (url.username !== '' || url.password !== '') throw new ForbiddenTarget('credentials_in_url');
      const hostname = withoutBrackets(url.hostname);
      if (isAllowListed(hostname, portOf(url.protocol, url.port))) return url;
      if (url.protocol !== 'https:') throw new ForbiddenTarget('not_https');
      if (isIP(hostname) !== 0 && !isPublicAddress(hostname)) throw new ForbiddenTarget('address_not_public');
      return url;
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

export const portOf = (protocol: string, port: string): string => port || (protocol === 'https:' ? '443' : '80');

const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** Cloud metadata services that sit on public addresses; the others are link-local, private or shared. */
const metadataAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * True only for an address of the public internet. Everything else is refused: private, loopback, link-local,
 * carrier-grade NAT, unique-local, multicast, documentation, tunnels (6to4, Teredo), metadata services, and whatever
 * ipaddr.js does not know. An IPv4 address inside an IPv6 one (mapped, or behind the well-known NAT64 prefix, which
 * IPv6-only networks use for the whole internet) is judged as that IPv4 address.
 */
export function isPublicAddress(text: string): boolean {
  const family = isIP(text);
  if (family === 4) return isPublicIpv4(ipaddr.IPv4.parse(text));
  // ipaddr.js reads `::1.2.3.4` as a mapped address, which it is not; the URL parser's spelling has no dots (and no zone).
  const canonical = family === 6 ? URL.parse(`http://[${text}]`)?.hostname : undefined;
  if (canonical === undefined) return false;
  const address = ipaddr.IPv6.parse(withoutBrackets(canonical));
  if (address.isIPv4MappedAddress()) return isPublicIpv4(address.toIPv4Address());
  if (address.match(nat64)) return isPublicIpv4(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.range() === 'unicast' && address.match(globalUnicast);
}

const isPublicIpv4 = (address: ipaddr.IPv4): boolean =>
  address.range() === 'unicast' && !metadataAddresses.has(address.toString());
