import type { ChainFault } from '#domain/audit/event.ts';
import type { ChainOf } from './audit-chains.ts';

export type FaultCode =
  /** The file is not a bundle, or is not written as one is. */
  | 'form'
  /** It is not the bundle whose hash was kept elsewhere. */
  | 'replaced'
  | 'manifest_hash'
  | 'part_hash'
  | 'part_missing'
  | 'part_unlisted'
  /** A part is of another aggregate than its name says. */
  | 'foreign'
  | `chain_${ChainFault['fault']}`
  /** The workflow code that is shipped does not lead to this history. */
  | 'replay'
  /** History and chain tell different stories of one version. */
  | 'record_differs'
  | 'record_missing';

export interface BundleFault {
  readonly code: FaultCode;
  /** The part of the bundle; null when it is the bundle itself. */
  readonly part: string | null;
  readonly aggregate: ChainOf | null;
  /** The place in the aggregate's chain. */
  readonly seq: number | null;
  readonly detail: string;
}
