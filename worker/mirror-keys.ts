import { readFile } from 'node:fs/promises';
import { ConfigurationError, Secret } from '#config/env.ts';

const line = /^(?<serviceKey>[a-z0-9][a-z0-9._-]{0,99})\s*=\s*(?<routingKey>[\dA-Za-z]{32})$/;

/**
 * Reads which services are shown at PagerDuty: a line `service-key=routing-key` each; empty lines and lines that begin
 * with `#` are passed over. No file: none. Fails with a `ConfigurationError` that names lines, never what is in them.
 */
export async function loadMirrorKeys(file: string | null): Promise<ReadonlyMap<string, Secret>> {
  return file === null ? new Map() : parseMirrorKeys(await readFile(file, 'utf8'));
}

export function parseMirrorKeys(text: string): ReadonlyMap<string, Secret> {
  const keys = new Map<string, Secret>();
  const problems: string[] = [];
  for (const [index, entry] of text.split(/\r?\n/).entries()) {
    if (entry.trim() === '' || entry.startsWith('#')) continue;
    const { serviceKey = '', routingKey = '' } = line.exec(entry.trim())?.groups ?? {};
    const where = `VIGIL_PAGERDUTY_MIRRORS_FILE, line ${index + 1}`;
    if (routingKey === '') problems.push(`${where}: must be service-key=routing-key, the latter 32 letters and digits`);
    else if (keys.has(serviceKey)) problems.push(`${where}: names a service for the second time`);
    else keys.set(serviceKey, new Secret(routingKey));
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return keys;
}
