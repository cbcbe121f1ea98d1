import canonicalize from 'canonicalize';
import { hashedFields } from '#domain/audit/event.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import type { Json } from '#domain/json.ts';
import { sha256Hex } from './ids.ts';

/** SHA-256 over the event's fields, hex. */
export const hashAuditEvent = (event: AuditEvent): string => canonicalHash(hashedFields(event));

/** SHA-256 over the RFC 8785 form of a value, hex: the same in every language that has both. */
export function canonicalHash(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('the value cannot be written as canonical JSON');
  return sha256Hex(text);
}
