import type { Json } from '#domain/json.ts';
import type { Outcome, Work } from './apply.ts';
import { holds, says } from './compare.ts';
import type { SetupEntry } from './document.ts';

type Row = { readonly id: string; readonly key: string; readonly [field: string]: Json };
type Fields = { readonly [field: string]: Json };

const paths = {
  teams: '/v1/teams',
  schedules: '/v1/schedules',
  escalationPolicies: '/v1/escalation-policies',
  services: '/v1/services',
  products: '/v1/products',
  policies: '/v1/policies',
  queues: '/v1/review-queues',
} as const;
type KeyedSection = keyof typeof paths;

/** Sections whose entries are created by one POST; those with a document can be changed by a PUT of it. */
export async function applyEntries(work: Work, section: KeyedSection): Promise<void> {
  const entries: readonly SetupEntry[] = work.setup[section];
  await eachEntry(work, section, entries, (entry) => keyed(work, section, entry));
}

/** Services, with the senders that may report on them. */
export async function applyServices(work: Work): Promise<void> {
  await eachEntry(work, 'services', work.setup.services, async ({ integrations, ...entry }) => {
    const { row, outcome } = await keyed(work, 'services', entry);
    const path = `/v1/services/${row.id}/integrations`;
    const there = integrations.length === 0 ? [] : await work.admin.list<Fields>(path);
    const missing = integrations
      .map((one) => work.resolve(one) as Fields)
      .filter((one) => !there.some((other) => other['disabledAt'] === null && holds(other, one)));
    for (const [index, one] of missing.entries())
      await work.admin.post(path, one, { part: `integration.${row.id}.${index}` });
    return { row, outcome: alsoChanged(outcome, missing.length > 0) };
  });
}

/** Policies: another text is published as the next version. */
export async function applyPolicies(work: Work): Promise<void> {
  await eachEntry(work, 'policies', work.setup.policies, async ({ body, ...entry }) => {
    const { row, outcome } = await keyed(work, 'policies', entry);
    if (body === undefined) return { row, outcome };
    const path = `/v1/policies/${row.id}/versions`;
    const { items } = await work.admin.get<{ items: readonly { number: number; body: string }[] }>(path);
    const newest = items.toSorted((a, b) => b.number - a.number)[0];
    if (newest?.body === body) return { row, outcome };
    await (await work.clientFor(entry.by)).post(path, { body }, { part: `version.${row.id}` });
    return { row, outcome: alsoChanged(outcome, true) };
  });
}

/** What was created stays so; anything else that needed a further step counts as changed. */
export const alsoChanged = (outcome: Outcome, changed: boolean): Outcome =>
  changed && outcome === 'unchanged' ? 'changed' : outcome;

/** Finds the entry by its key or creates it, and brings its document up to date where it has one. */
async function keyed(work: Work, section: KeyedSection, entry: SetupEntry): Promise<{ row: Row; outcome: Outcome }> {
  const { by, ...fields } = entry;
  const body = work.resolve(fields) as Fields;
  const path = paths[section];
  const api = await work.clientFor(by);
  const rows = await work.admin.list<Row>(path);
  const row = rows.find(
    (other) => other.key === body['key'] && (body['teamId'] === undefined || other['teamId'] === body['teamId']),
  );
  if (!row) return { row: await api.post<Row>(path, body, { part: `${section}.${entry.key}` }), outcome: 'created' };
  const { document, ...fixed } = body;
  if (!holds(row, fixed)) return { row, outcome: 'differs' };
  if (document === undefined || says(row['document'], document)) return { row, outcome: 'unchanged' };
  const { etag } = await api.read<Row>(`${path}/${row.id}`);
  return { row: await api.put<Row>(`${path}/${row.id}`, { document }, etag), outcome: 'changed' };
}

async function eachEntry<T extends { readonly key: string }>(
  work: Work,
  section: KeyedSection,
  entries: readonly T[],
  apply: (entry: T) => Promise<{ row: Row; outcome: Outcome }>,
): Promise<void> {
  for (const entry of entries) {
    await work.entry(section, entry.key, async () => {
      const { row, outcome } = await apply(entry);
      return { id: row.id, outcome };
    });
  }
}
