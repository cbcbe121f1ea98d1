import type { AuditEvent } from '#domain/audit/event.ts';
import type { ApiClient } from './http.ts';

export interface ChainOf {
  readonly kind: string;
  readonly id: string;
}

export interface Chain {
  readonly aggregate: ChainOf;
  readonly events: readonly AuditEvent[];
  /** Where the chain stood when it was read, kept by the database apart from the events. */
  readonly head: { readonly seq: number; readonly hash: string };
}

interface Page {
  readonly items: readonly AuditEvent[];
  readonly nextAfterSeq: number | null;
  readonly head: Chain['head'] | null;
}

/**
 * Reads the whole chain of one aggregate, oldest first, up to the head that stood when reading began: a chain that
 * grows meanwhile is read as it was then.
 */
export async function readChain(api: ApiClient, aggregate: ChainOf): Promise<Chain> {
  const path = `/v1/audit/${encodeURIComponent(aggregate.kind)}/${encodeURIComponent(aggregate.id)}/events`;
  const first = await api.get<Page>(path, { limit: 200 });
  const head = first.head ?? { seq: 0, hash: '' };
  const events = [...first.items];
  let { nextAfterSeq } = first;
  while (nextAfterSeq !== null && nextAfterSeq < head.seq) {
    const page: Page = await api.get<Page>(path, { limit: 200, afterSeq: nextAfterSeq });
    events.push(...page.items);
    nextAfterSeq = page.nextAfterSeq;
  }
  return { aggregate, events: events.filter(({ seq }) => seq <= head.seq), head };
}
