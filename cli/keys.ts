import type { ApiClient } from './http.ts';
import { UsageError } from './io.ts';

const paths = {
  team: '/v1/teams',
  product: '/v1/products',
  service: '/v1/services',
  schedule: '/v1/schedules',
  queue: '/v1/review-queues',
  policy: '/v1/policies',
  detector: '/v1/detectors',
  'escalation policy': '/v1/escalation-policies',
} as const;

/** The id of a person: `me` is who calls. */
export const personId = async (api: ApiClient, text: string): Promise<string> =>
  text === 'me' ? (await api.get<{ id: string }>('/v1/me')).id : text;

/**
 * The id of something that has a key: people type keys, the API takes ids. An id stays as it is. Fails with a
 * `UsageError` when the caller sees nothing, or more than one thing, of that key.
 */
export async function idOf(api: ApiClient, kind: keyof typeof paths, text: string): Promise<string> {
  if (/^[a-z]{3}_[0-9a-f]{32}$/.test(text)) return text;
  const found = (await api.list<{ id: string; key: string }>(paths[kind])).filter(({ key }) => key === text);
  if (found[0] && found.length === 1) return found[0].id;
  throw new UsageError(
    found.length === 0
      ? `there is no ${kind} "${text}" that you may see`
      : `there is more than one ${kind} "${text}": name its id`,
  );
}
