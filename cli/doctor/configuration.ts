import { ConfigurationError, readConfig } from '#config/env.ts';
import type { Config } from '#config/env.ts';
import { fail, ok, warn } from './check.ts';
import type { Check } from './check.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The configuration of API and worker, with every problem at once. */
export function checkConfiguration(variables: Variables): {
  readonly config: Config | null;
  readonly checks: readonly Check[];
} {
  try {
    const config = readConfig(variables);
    return { config, checks: [ok('configuration', 'every variable can be read'), ...gaps(config)] };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const remedy = 'Set them as .env.example describes.';
    return { config: null, checks: error.problems.map((problem) => fail('configuration', problem, remedy)) };
  }
}

/** What works without being set, but not as most would want it. */
function gaps({ api, db, outgoing }: Config): Check[] {
  const found: Check[] = [];
  if (outgoing.signingSecretsFile === null && outgoing.signingSecrets.length === 0) {
    found.push(
      warn(
        'signing secrets',
        'none: no webhook page and no call to a platform leaves',
        'Set VIGIL_SIGNING_SECRETS_FILE.',
      ),
    );
  }
  if (outgoing.enforcementUrl === null) {
    found.push(warn('enforcement', 'no platform: orders are parked as failed', 'Set VIGIL_ENFORCEMENT_URL.'));
  }
  if (db.detectorUrl === null)
    found.push(warn('sql detectors', 'they report an error', 'Set VIGIL_DETECTOR_DATABASE_URL.'));
  if (api.publicUrl === null) found.push(warn('links', 'pages carry no link', 'Set VIGIL_API_PUBLIC_URL.'));
  else if (!isPrivate(api.publicUrl))
    found.push(
      warn('links', 'the links of pages, which are secrets, are opened without https', 'Serve them by https.'),
    );
  return found;
}

/** True when nobody between the phone and the API can read along: https, or the same machine. */
function isPrivate(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}
