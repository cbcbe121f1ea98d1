import canonicalize from 'canonicalize';
import { hashedFields } from '#domain/audit/event.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import { sha256Hex } from './ids.ts';

/** SHA-256 over the RFC 8785 form of the event's fields, hex. The same in every language that has both. */
export function hashAuditEvent(event: AuditEvent): string {
  const text = canonicalize(hashedFields(event));
  if (text === undefined) throw new Error('an audit event cannot be written as canonical JSON');
  return sha256Hex(text);
}
