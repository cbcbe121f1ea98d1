import type { Json } from '../json.ts';

/**
 * One link of an aggregate's chain: who did what, on which version, why, because of which command, under which run.
 * Every field but `id` and `hash` is covered by the hash.
 */
export interface AuditEvent {
  readonly id: string;
  readonly aggregateKind: string;
  readonly aggregateId: string;
  /** 1 for the first event of the aggregate, without a hole. */
  readonly seq: number;
  /** The state version that this event led to; null for what changes no state: a page, a refusal. */
  readonly version: number | null;
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  readonly actorKind: 'person' | 'service' | 'system';
  readonly actorId: string;
  readonly actorRoles: readonly string[];
  /** `<aggregate kind>.<event>`. */
  readonly action: string;
  readonly reason: string | null;
  /** The command, alert event or effect that caused it. */
  readonly cause: string | null;
  readonly requestId: string | null;
  readonly workflowId: string | null;
  readonly runId: string | null;
  readonly data: Json;
  readonly prevHash: string;
  readonly hash: string;
}

/** The `prevHash` of the first event of a chain. */
export const genesisHash = '0'.repeat(64);

/** What the hash covers, in the order of the fields' names once it is written canonically. */
export function hashedFields({ id: _id, hash: _hash, ...fields }: AuditEvent): { readonly [key: string]: Json } {
  return fields;
}

export type ChainFault = { readonly seq: number; readonly fault: 'hash' | 'link' | 'hole' | 'order' };

/**
 * Checks one aggregate's chain and names its first bad position, or null when it holds.
 *
 * `hash` must be the hash of an event's fields. Finds an edited, deleted, inserted or reordered event; a chain cut off
 * at its end is found only against a head or digest kept elsewhere: pass it as `expectedHead`.
 */
export function findChainFault(
  events: readonly AuditEvent[],
  hash: (event: AuditEvent) => string,
  expectedHead?: { readonly seq: number; readonly hash: string },
): ChainFault | null {
  let previous = genesisHash;
  let version = 0;
  for (const [index, event] of events.entries()) {
    if (event.seq !== index + 1) return { seq: index + 1, fault: 'hole' };
    if (event.prevHash !== previous) return { seq: event.seq, fault: 'link' };
    if (hash(event) !== event.hash) return { seq: event.seq, fault: 'hash' };
    if (event.version !== null) {
      if (event.version !== version + 1) return { seq: event.seq, fault: 'order' };
      version = event.version;
    }
    previous = event.hash;
  }
  if (expectedHead && (expectedHead.seq !== events.length || expectedHead.hash !== previous)) {
    return { seq: events.length + 1, fault: 'hole' };
  }
  return null;
}
