import { findChainFault } from '#domain/audit/event.ts';
import type { ChainFault } from '#domain/audit/event.ts';
import type { Json } from '#domain/json.ts';
import { canonicalHash, hashAuditEvent } from '#db/audit-chain.ts';
import { bundleFormat, bundleSha256, bundleText, chainPart, historyPart } from './audit-bundle.ts';
import type { Bundle, Manifest, RunHistory } from './audit-bundle.ts';
import type { Chain, ChainOf } from './audit-chains.ts';
import type { BundleFault, FaultCode } from './audit-fault.ts';
import { recordFaults } from './audit-records.ts';

export interface Verification {
  readonly sha256: string;
  readonly manifest: Manifest | null;
  readonly chains: number;
  readonly events: number;
  readonly histories: number;
  /** Empty: everything that the bundle holds is as it was written, and the shipped code leads to it. */
  readonly faults: readonly BundleFault[];
}

export interface VerifyOptions {
  /** Replays histories, and gives back for each the reason why it does not replay, or null. */
  readonly replay: (runs: readonly RunHistory[]) => Promise<readonly (string | null)[]>;
  /** The hash that was kept elsewhere when the bundle was made. */
  readonly expectedSha256?: string;
}

/** Checks a bundle with nothing but the bundle: form, hashes, chains, replay, and whether they tell one story. */
export async function verifyBundle(text: string, options: VerifyOptions): Promise<Verification> {
  const faults: BundleFault[] = [];
  const sha256 = bundleSha256(text);
  if (options.expectedSha256 !== undefined && options.expectedSha256 !== sha256) {
    faults.push(ofBundle('replaced', `the file's hash is ${sha256}, not ${options.expectedSha256}`));
  }
  const bundle = parseBundle(text);
  if (bundle === null) {
    faults.push(ofBundle('form', 'the file is not a bundle of this format'));
    return { sha256, manifest: null, chains: 0, events: 0, histories: 0, faults };
  }
  if (bundleText(bundle) !== text)
    faults.push(ofBundle('form', 'the file is not written canonically: it was changed after the export'));
  faults.push(...hashFaults(bundle));
  const { chains, histories, strangers } = sort(bundle);
  faults.push(...strangers);
  for (const chain of chains) faults.push(...chainFaults(chain));
  const reasons = await options.replay(histories);
  for (const [index, run] of histories.entries()) {
    const reason = reasons[index];
    if (reason)
      faults.push({ code: 'replay', part: historyPart(run), aggregate: aggregateOf(run), seq: null, detail: reason });
  }
  for (const chain of chains) faults.push(...recordFaults(chain, histories));
  const events = chains.reduce((sum, chain) => sum + chain.events.length, 0);
  return { sha256, manifest: bundle.manifest, chains: chains.length, events, histories: histories.length, faults };
}

const ofBundle = (code: FaultCode, detail: string): BundleFault => ({
  code,
  part: null,
  aggregate: null,
  seq: null,
  detail,
});

export function aggregateOf({ workflowId }: RunHistory): ChainOf {
  const [kind = '', id = ''] = workflowId.split(':');
  return { kind, id };
}

function parseBundle(text: string): Bundle | null {
  try {
    const value = JSON.parse(text) as Partial<Bundle> | null;
    const { manifest, parts } = value ?? {};
    const isWhole =
      manifest?.format === bundleFormat &&
      Array.isArray(manifest.parts) &&
      Array.isArray(manifest.leftOut) &&
      isObject(parts);
    if (!isWhole) return null;
    // A number that JSON can say and no double can hold fails here: no bundle holds one.
    bundleText(value as Bundle);
    return value as Bundle;
  } catch {
    return null;
  }
}

function hashFaults({ manifest, manifestSha256, parts }: Bundle): BundleFault[] {
  const faults: BundleFault[] = [];
  if (canonicalHash(manifest as unknown as Json) !== manifestSha256)
    faults.push(ofBundle('manifest_hash', 'the manifest is not the one that its hash was made of'));
  for (const { name, sha256 } of manifest.parts) {
    const part = parts[name];
    if (part === undefined)
      faults.push({ ...ofBundle('part_missing', 'the manifest names it, and it is not there'), part: name });
    else if (canonicalHash(part as unknown as Json) !== sha256)
      faults.push({ ...ofBundle('part_hash', 'its content is not what the manifest says'), part: name });
  }
  const listed = new Set(manifest.parts.map(({ name }) => name));
  for (const name of Object.keys(parts)) {
    if (!listed.has(name)) faults.push({ ...ofBundle('part_unlisted', 'the manifest does not name it'), part: name });
  }
  return faults;
}

/** Tells chains from histories by their shape; what is neither, or lies under another's name, is a fault. */
function sort({ parts }: Bundle): { chains: Chain[]; histories: RunHistory[]; strangers: BundleFault[] } {
  const chains: Chain[] = [];
  const histories: RunHistory[] = [];
  const strangers: BundleFault[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (isChain(part) && chainPart(part.aggregate) === name) chains.push(part);
    else if (isRun(part) && historyPart(part) === name) histories.push(part);
    else strangers.push({ ...ofBundle('foreign', 'it is not what its name says'), part: name });
  }
  return { chains, histories, strangers };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isChain = (part: unknown): part is Chain =>
  isObject(part) &&
  'events' in part &&
  Array.isArray(part.events) &&
  part.events.every(isObject) &&
  'aggregate' in part &&
  isObject(part.aggregate) &&
  'head' in part &&
  isObject(part.head);
const isRun = (part: unknown): part is RunHistory =>
  isObject(part) && 'workflowId' in part && typeof part.workflowId === 'string' && 'history' in part;

const meaning: Readonly<Record<ChainFault['fault'], string>> = {
  hash: 'this event was changed: its hash is not that of its content',
  link: 'this event does not follow the one before it: something was replaced, inserted or moved',
  hole: 'an event is missing here: it was deleted, or the end was cut off',
  order: 'its version does not follow the version before it',
};

function chainFaults({ aggregate, events, head }: Chain): BundleFault[] {
  const part = chainPart(aggregate);
  const foreign = events.find((event) => event.aggregateKind !== aggregate.kind || event.aggregateId !== aggregate.id);
  if (foreign)
    return [
      {
        code: 'foreign',
        part,
        aggregate,
        seq: foreign.seq,
        detail: `this event is of ${foreign.aggregateKind} ${foreign.aggregateId}`,
      },
    ];
  const fault = findChainFault(events, hashAuditEvent, head);
  return fault ? [{ code: `chain_${fault.fault}`, part, aggregate, seq: fault.seq, detail: meaning[fault.fault] }] : [];
}
