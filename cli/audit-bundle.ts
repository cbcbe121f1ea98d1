import { canonicalHash } from '#db/audit-chain.ts';
import { sha256Hex } from '#db/ids.ts';
import type { Json } from '#domain/json.ts';
import canonicalize from 'canonicalize';
import type { Chain, ChainOf } from './audit-chains.ts';

export const bundleFormat = 'vigil-audit-bundle/1';

/** The raw history of one run of one workflow. */
export interface RunHistory {
  readonly workflowId: string;
  readonly runId: string;
  readonly history: Json;
}

/** What should be in a bundle and is not, with the reason in one word. */
export interface LeftOut {
  readonly kind: string;
  readonly id: string;
  readonly part: 'chain' | 'history';
  readonly reason: 'not_visible' | 'too_many' | 'not_kept' | 'not_asked';
}

export interface Manifest {
  readonly format: string;
  readonly root: ChainOf;
  readonly exportedAt: string;
  readonly leftOut: readonly LeftOut[];
  /** Every part with the SHA-256 of its canonical JSON, in the order of their names. */
  readonly parts: readonly { readonly name: string; readonly sha256: string }[];
}

/** Audit chains of an aggregate and of what it caused, with the histories of their workflows: what can be checked offline. */
export interface Bundle {
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  readonly parts: { readonly [name: string]: Chain | RunHistory };
}

export const chainPart = ({ kind, id }: ChainOf): string => `chain/${kind}/${id}`;
export const historyPart = ({ workflowId, runId }: RunHistory): string => `history/${workflowId}/${runId}`;

export interface BundleContent {
  readonly root: ChainOf;
  readonly exportedAt: string;
  readonly chains: readonly Chain[];
  readonly histories: readonly RunHistory[];
  readonly leftOut: readonly LeftOut[];
}

export function buildBundle({ root, exportedAt, chains, histories, leftOut }: BundleContent): Bundle {
  const parts: Bundle['parts'] = Object.fromEntries([
    ...chains.map((chain) => [chainPart(chain.aggregate), chain] as const),
    ...histories.map((run) => [historyPart(run), run] as const),
  ]);
  const names = Object.keys(parts).sort();
  const manifest: Manifest = {
    format: bundleFormat,
    root,
    exportedAt,
    leftOut,
    parts: names.map((name) => ({ name, sha256: canonicalHash(parts[name] as unknown as Json) })),
  };
  return { manifest, manifestSha256: canonicalHash(manifest as unknown as Json), parts };
}

/**
 * The bundle as a file: canonical JSON (RFC 8785) and a line break. One bundle has exactly one text, so that a change of
 * any byte, also of white space, is a change that can be found.
 */
export function bundleText(bundle: Bundle): string {
  const text = canonicalize(bundle);
  if (text === undefined) throw new Error('a bundle is always JSON');
  return `${text}\n`;
}

/** What to keep elsewhere to prove later that nobody replaced the bundle as a whole. */
export const bundleSha256 = (text: string): string => sha256Hex(text);
