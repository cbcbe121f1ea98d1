import { AwayError, PendingError, ProblemError } from '#cli/http.ts';
import type { ApiClient } from '#cli/http.ts';

const patienceMs = 90_000;

/**
 * People whose request fails because something is being started again simply send it once more. A client sends every
 * POST under one key, so what was done already is not done twice.
 */
export function patient(client: ApiClient): ApiClient {
  return {
    get: (path, query) => patiently(() => client.get(path, query)),
    read: (path) => patiently(() => client.read(path)),
    list: (path, query, atMost) => patiently(() => client.list(path, query, atMost)),
    post: (path, body, options) => patiently(() => client.post(path, body, options)),
    put: (path, body, etag) => patiently(() => client.put(path, body, etag)),
    delete: (path) => patiently(() => client.delete(path)),
  };
}

/** Asks again while the answer says that a part is away, for a minute and a half. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!mayPass(error) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof AwayError || error instanceof PendingError) return true;
  return (
    error instanceof ProblemError && (error.problem.status >= 500 || error.problem.code === 'idempotency.in_progress')
  );
}
