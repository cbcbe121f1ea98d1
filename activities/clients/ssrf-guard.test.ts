import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '#domain/outgoing-target.ts';
import { createSsrfGuard } from './ssrf-guard.ts';

const guard = createSsrfGuard({ allowList: ['127.0.0.1:4010', 'platform.internal:8080', '[::1]:4010'] });

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'takes %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['0.0.0.0', 'this host'],
    ['0.1.2.3', 'this network'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['100.100.100.200', 'metadata'],
    ['169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata on a public address'],
    ['192.0.0.192', 'metadata'],
    ['198.18.0.1', 'benchmarking'],
    ['203.0.113.7', 'documentation'],
    ['198.19.255.255', 'benchmarking'],
    ['192.88.99.1', 'relays of 6to4'],
    ['192.0.0.8', 'protocol assignments'],
    ['100.127.255.255', 'carrier-grade NAT'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::127.0.0.1', 'IPv4-compatible'],
    ['::ffff:127.0.0.1', 'IPv4-mapped'],
    ['::ffff:a9fe:a9fe', 'IPv4-mapped metadata'],
    ['0:0:0:0:0:ffff:10.0.0.1', 'IPv4-mapped, written out'],
    ['::ffff:100.64.0.1', 'IPv4-mapped carrier-grade NAT'],
    ['::ffff:0:127.0.0.1', 'IPv4-translated'],
    ['64:ff9b::7f00:1', 'NAT64 of loopback'],
    ['64:ff9b::a9fe:a9fe', 'NAT64 of metadata'],
    ['64:ff9b::192.168.0.1', 'NAT64 of private'],
    ['64:ff9b::c612:1', 'NAT64 of benchmarking'],
    ['64:ff9b:0:1::808:808', 'beyond the well-known NAT64 prefix'],
    ['64:ff9b:1::808:808', 'local NAT64'],
    ['64:ff9b:1:ffff:ffff:ffff:808:808', 'local NAT64'],
    ['2002:7f00:1::', '6to4'],
    ['2002:808:808::1', '6to4 of a public address'],
    ['2001:0:7f00:1::', 'Teredo'],
    ['2001:2::1', 'benchmarking'],
    ['2001:20::1', 'ORCHID'],
    ['3fff::1', 'documentation'],
    ['100::1', 'discard-only'],
    ['5f00::1', 'segment routing'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['2606:4700::1111%eth0', 'a zone'],
    ['fec0::1', 'site-local'],
    ['fc00::1', 'unique-local'],
    ['fd00:ec2::254', 'metadata'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['4000::1', 'not allocated'],
    ['2130706433', 'a number'],
    ['0x7f.1', 'hexadecimal'],
    ['example.com', 'a name'],
    ['', 'nothing'],
  ])('refuses %s: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('judges every IPv4 address alike, however it is carried', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address));
        expect(isPublicAddress(`::${address}`)).toBe(false);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV6()), (text) => void isPublicAddress(text)));
  });
});

describe('checkUrl', () => {
  it.each([
    'https://hooks.example.com/a?b=c',
    'https://8.8.8.8:8443/',
    'http://127.0.0.1:4010/x',
    'http://2130706433:4010/',
    'http://platform.internal:8080/',
    'http://PLATFORM.internal:8080/',
  ])('takes %s', (url) => {
    expect(guard.checkUrl(url).href).not.toBe('');
  });

  it.each([
    ['not a url', 'malformed_url'],
    ['https://', 'malformed_url'],
    ['ftp://example.com/', 'not_https'],
    ['file:///etc/passwd', 'malformed_url'],
    ['javascript:alert(1)', 'malformed_url'],
    ['http://example.com/', 'not_https'],
    ['http://platform.internal/', 'not_https'],
    ['http://127.0.0.1:4011/', 'not_https'],
    ['https://user:secret@example.com/', 'credentials_in_url'],
    ['http://u@127.0.0.1:4010/', 'credentials_in_url'],
    ['https://127.0.0.1/', 'address_not_public'],
    ['https://127.1/', 'address_not_public'],
    ['https://2130706433/', 'address_not_public'],
    ['https://0x7f.1/', 'address_not_public'],
    ['https://0x7f000001/', 'address_not_public'],
    ['https://0177.0.0.1/', 'address_not_public'],
    ['https://１２７.0.0.1/', 'address_not_public'],
    ['https://127.0.0.1./', 'address_not_public'],
    ['https://0300.0250.0.1/', 'address_not_public'],
    ['https://0xa9.0xfe.0xa9.0xfe/', 'address_not_public'],
    ['https://0xA9FEA9FE/', 'address_not_public'],
    ['https://0251.0376.0251.0376/', 'address_not_public'],
    ['https://4294967295/', 'address_not_public'],
    ['https://0/', 'address_not_public'],
    ['https://127.1.1/', 'address_not_public'],
    ['https://%31%32%37.0.0.1/', 'address_not_public'],
    ['https://127。0。0。1/', 'address_not_public'],
    ['https://①②⑦.⓪.⓪.①/', 'address_not_public'],
    ['https://[::ffff:a9fe:a9fe]/', 'address_not_public'],
    ['https://[64:ff9b:1::808:808]/', 'address_not_public'],
    ['https://[2002:7f00:1::]/', 'address_not_public'],
    ['https://[2001:0:7f00:1::]/', 'address_not_public'],
    ['https://[fe80::1]/', 'address_not_public'],
    ['https://[ff02::1]/', 'address_not_public'],
    ['https://[fe80::1%25eth0]/', 'malformed_url'],
    ['https://169.254.169.254/latest/meta-data/', 'address_not_public'],
    ['https://[::1]/', 'address_not_public'],
    ['https://[::ffff:127.0.0.1]/', 'address_not_public'],
    ['https://[::ffff:7f00:1]/', 'address_not_public'],
    ['https://[64:ff9b::127.0.0.1]/', 'address_not_public'],
    ['https://[fd00::1]/', 'address_not_public'],
  ])('refuses %s: %s', (url, reason) => {
    expect(() => guard.checkUrl(url)).toThrow(expect.objectContaining({ reason }));
  });
});

describe('addressesOf', () => {
  const resolvingTo = (...addresses: string[]) =>
    createSsrfGuard({
      allowList: [],
      resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    });

  it('takes a name whose every address is public', async () => {
    await expect(resolvingTo('8.8.8.8', '2606:4700::1111').addressesOf('a.example')).resolves.toHaveLength(2);
  });

  it.each([[['8.8.8.8', '10.0.0.1']], [['::1', '8.8.8.8']], [['8.8.8.8', '::ffff:169.254.169.254']], [[]]])(
    'refuses a name that resolves to %j',
    async (addresses) => {
      await expect(resolvingTo(...addresses).addressesOf('a.example')).rejects.toMatchObject({
        reason: 'address_not_public',
      });
    },
  );
});
