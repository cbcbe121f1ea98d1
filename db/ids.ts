import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import { idPrefixes } from '#domain/ids.ts';
import type { IdKind } from '#domain/ids.ts';

/** A new id of that kind: its prefix and a UUID version 7, so that ids sort by age. */
export const newId = (kind: IdKind): string => `${idPrefixes[kind]}_${v7().replaceAll('-', '')}`;

/**
 * The id that the same parts always get. For rows that an activity may write twice: the retry finds its own row.
 * 128 bits of SHA-256; it does not sort by age.
 */
export const derivedId = (kind: IdKind, ...parts: readonly string[]): string =>
  `${idPrefixes[kind]}_${sha256Hex(parts.join('\u001f')).slice(0, 32)}`;

export const sha256Hex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
