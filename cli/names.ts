import type { ApiClient } from './http.ts';
import { ProblemError } from './http.ts';

/** Reads the names of people and services, so that tables show them instead of ids. An id that has none stays as it is. */
export async function namesOf(
  api: ApiClient,
  ids: readonly (string | null | undefined)[],
): Promise<(id: string) => string> {
  const wanted = [...new Set(ids)].filter((id): id is string => typeof id === 'string' && /^(per|svc)_/.test(id));
  const names = new Map<string, string>();
  await Promise.all(
    wanted.map(async (id) => {
      try {
        names.set(id, (await api.get<{ name: string }>(`/v1/principals/${id}`)).name);
      } catch (error) {
        // A name is a comfort: without the right to read it, the id is shown.
        if (!(error instanceof ProblemError)) throw error;
      }
    }),
  );
  return (id) => names.get(id) ?? id;
}
