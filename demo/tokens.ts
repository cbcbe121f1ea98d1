import { randomBytes } from 'node:crypto';
import { Secret } from '#config/env.ts';
import { createApiClient } from '#cli/http.ts';
import { applySetup } from '#cli/setup/apply.ts';
import type { Setup } from '#cli/setup/document.ts';
import type { Ids } from '#cli/setup/document.ts';
import { patient } from './story/patience.ts';

export interface Installed {
  readonly ids: Ids;
  /** The token of each person and sender of the setup, and of the administrator. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Makes the installation what the setup says, with a token for everyone in it. */
export async function install(apiUrl: string, adminToken: string, setup: Setup): Promise<Installed> {
  const clientOf = (token: string) =>
    patient(
      createApiClient({
        apiUrl,
        token: new Secret(token),
        idempotencyKey: `setup-${randomBytes(9).toString('base64url')}`,
        waitMs: 30_000,
      }),
    );
  const tokens = new Map([['admin', adminToken]]);
  const tokenOf = async (key: string, id: string): Promise<string> => {
    const known = tokens.get(key);
    if (known !== undefined) return known;
    const { token } = await clientOf(adminToken).post<{ token: string }>(`/v1/principals/${id}/tokens`, {
      label: 'story',
      days: 7,
    });
    tokens.set(key, token);
    return token;
  };
  const { ids } = await applySetup(setup, {
    admin: clientOf(adminToken),
    as: async ({ key, id }) => clientOf(await tokenOf(key, id)),
  });
  for (const section of ['people', 'senders'] as const) {
    for (const [key, id] of Object.entries(ids[section] ?? {})) await tokenOf(key, id);
  }
  return { ids, tokens };
}
