import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import crawlerUserAgents from 'crawler-user-agents';
import { hashDomain } from './mask.ts';

const require = createRequire(import.meta.url);

export interface ReferenceLists {
  /** Hashes of 121,570 domains that hand out throw-away mailboxes; matched against the attribute `domainHash`. */
  readonly disposableDomainHashes: readonly string[];
  /** Regular expressions of 1,500 crawlers and HTTP libraries; matched against the attribute `userAgent`. */
  readonly crawlerUserAgentPatterns: readonly string[];
}

/** The lists that rules detectors match events with, hashed with the salt of the events. About 0.2 s. */
export function loadReferenceLists(salt: string): ReferenceLists {
  const domains = JSON.parse(readFileSync(require.resolve('disposable-email-domains'), 'utf8')) as string[];
  return {
    disposableDomainHashes: domains.map((domain) => hashDomain(domain, salt)),
    crawlerUserAgentPatterns: crawlerUserAgents.map((crawler) => crawler.pattern),
  };
}
