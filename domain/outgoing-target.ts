import ipaddr from 'ipaddr.js';

/** Why a URL or an address may not be called. */
export type ForbiddenReason = 'malformed_url' | 'not_https' | 'credentials_in_url' | 'address_not_public';

/** The names on the allow list: `host:port`, in lower case. */
export type AllowList = ReadonlySet<string>;

export const allowListOf = (entries: readonly string[]): AllowList => new Set(entries.map((one) => one.toLowerCase()));

export const isAllowListed = (allowList: AllowList, hostname: string, port: string): boolean =>
  allowList.has(`${hostname.toLowerCase()}:${port}`);

/**
 * Checks everything about a URL that people configured which can be known before resolving its name: https, no
 * credentials, no literal address inside Vigil's own network. What the operator put on the allow list is exempt from
 * https and the address check.
 *
 * The URL has its host in canonical form (`http://2130706433` becomes `127.0.0.1`).
 */
export function checkTarget(text: string, allowList: AllowList): URL | ForbiddenReason {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return 'malformed_url';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'not_https';
  if (url.username !== '' || url.password !== '') return 'credentials_in_url';
  const hostname = withoutBrackets(url.hostname);
  if (isAllowListed(allowList, hostname, portOf(url.protocol, url.port))) return url;
  if (url.protocol !== 'https:') return 'not_https';
  return isLiteral(hostname) && !isPublicAddress(hostname) ? 'address_not_public' : url;
}

export const portOf = (protocol: string, port: string): string => port || (protocol === 'https:' ? '443' : '80');

const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

const isIpv4 = (text: string): boolean =>
  /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);

/** Of a host as a parsed URL names it: there an IPv6 address alone has colons. */
const isLiteral = (hostname: string): boolean => isIpv4(hostname) || hostname.includes(':');

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
  if (isIpv4(text)) return isPublicIpv4(ipaddr.IPv4.parse(text));
  // ipaddr.js reads `::1.2.3.4` as a mapped address, which it is not; the URL parser's spelling has no dots (and no zone).
  const canonical = text.includes(':') ? URL.parse(`http://[${text}]`)?.hostname : undefined;
  if (canonical === undefined) return false;
  const address = ipaddr.IPv6.parse(withoutBrackets(canonical));
  if (address.isIPv4MappedAddress()) return isPublicIpv4(address.toIPv4Address());
  if (address.match(nat64)) return isPublicIpv4(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.range() === 'unicast' && address.match(globalUnicast);
}

const isPublicIpv4 = (address: ipaddr.IPv4): boolean =>
  address.range() === 'unicast' && !metadataAddresses.has(address.toString());
