import type { Json } from '#domain/json.ts';
import type { ApiClient } from '../http.ts';
import type { Outcome, Work } from './apply.ts';
import { holds, says } from './compare.ts';
import type { SetupDetector } from './document.ts';
import { alsoChanged } from './entries.ts';

interface Detector {
  readonly id: string;
  readonly key: string;
  readonly productId: string;
}
interface Version {
  readonly id: string;
  readonly number: number;
  readonly definition: Json;
  readonly threshold: number;
  readonly maturity: string;
  readonly retiredAt: string | null;
}

/** Detectors: another definition or threshold becomes the next version. A version is raised only as the setup says, by a person. */
export async function applyDetectors(work: Work): Promise<void> {
  for (const { version, ...entry } of work.setup.detectors) {
    await work.entry('detectors', entry.key, async () => {
      const { by, ...fields } = entry;
      const body = work.resolve(fields) as { readonly key: string; readonly productId: string };
      const api = await work.clientFor(by);
      const known = (await work.admin.list<Detector>('/v1/detectors')).find(
        (one) => one.key === body.key && one.productId === body.productId,
      );
      const part = `detector.${body.productId}.${body.key}`;
      const row = known ?? (await api.post<Detector>('/v1/detectors', body, { part }));
      const outcome: Outcome = known === undefined ? 'created' : holds(known, body) ? 'unchanged' : 'differs';
      const changed = version !== undefined && (await applyVersion(work, api, row.id, version));
      return { id: row.id, outcome: alsoChanged(outcome, changed) };
    });
  }
}

async function applyVersion(
  work: Work,
  api: ApiClient,
  detectorId: string,
  wanted: NonNullable<SetupDetector['version']>,
): Promise<boolean> {
  const { raise, ...body } = wanted;
  const definition = work.resolve(body.definition);
  const path = `/v1/detectors/${detectorId}/versions`;
  const { items } = await work.admin.get<{ items: readonly Version[] }>(path);
  const newest = items.filter(({ retiredAt }) => retiredAt === null).toSorted((a, b) => b.number - a.number)[0];
  const isThere =
    newest !== undefined && newest.threshold === body.threshold && says(newest.definition, withDefaults(definition));
  const row = isThere
    ? newest
    : await api.post<Version>(path, { ...body, definition }, { part: `version.${detectorId}` });
  if (raise === undefined || row.maturity >= raise.to) return !isThere;
  await api.post(`/v1/detector-versions/${row.id}/maturity-changes`, raise, { part: `maturity.${row.id}` });
  return true;
}

/** A canary's `repeat` is 1 where the setup says nothing; the API then tells it. */
function withDefaults(definition: Json): Json {
  const { canary, ...more } = definition as { readonly canary?: { readonly [field: string]: Json } | null };
  return canary ? { ...more, canary: { repeat: 1, ...canary } } : definition;
}
