import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditRow } from './rows.ts';

/** The previous hash of the first event of a chain. */
export const genesis = '0'.repeat(64);

/**
 * SHA-256, hex, over the RFC 8785 form of an audit event: every field of it but its id and its own hash, by the names
 * under which exports show them, the instant in RFC 3339 with milliseconds.
 */
export function eventHash(row: AuditRow): string {
  const text = canonicalize({
    aggregateKind: row.aggregate_kind,
    aggregateId: row.aggregate_id,
    seq: row.seq,
    version: row.version,
    at: new Date(row.at).toISOString(),
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    actorRoles: row.actor_roles,
    action: row.action,
    reason: row.reason,
    cause: row.cause,
    requestId: row.request_id,
    workflowId: row.workflow_id,
    runId: row.run_id,
    data: row.data,
    prevHash: row.prev_hash,
  });
  return createHash('sha256')
    .update(text ?? '', 'utf8')
    .digest('hex');
}
