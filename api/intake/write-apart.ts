import type { Accepted } from '#domain/intake/report.ts';
import type { IntakeRequest } from '#db/repositories/intake/accept.ts';
import { isDatabaseAway, isOverlap } from '../database-away.ts';

export type Written =
  | { readonly isStored: true; readonly accepted: Accepted[] }
  | { readonly isStored: false; readonly error: unknown };

/**
 * Writes the requests together. Where one of them cannot be written, each half is written for itself and so on, so that a
 * poisoned request fails alone. When Postgres is away, all fail.
 */
export async function writeApart(
  requests: readonly IntakeRequest[],
  accept: (requests: readonly IntakeRequest[]) => Promise<Accepted[][]>,
): Promise<Written[]> {
  try {
    return (await accept(requests)).map((accepted) => ({ isStored: true, accepted }));
  } catch (error) {
    const isOfAll = isDatabaseAway(error) && !isOverlap(error);
    if (requests.length === 1 || isOfAll) return requests.map(() => ({ isStored: false, error }));
    const middle = Math.ceil(requests.length / 2);
    const first = await writeApart(requests.slice(0, middle), accept);
    return [...first, ...(await writeApart(requests.slice(middle), accept))];
  }
}
