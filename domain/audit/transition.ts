import type { Actor } from '../actor.ts';
import type { AggregateKind } from '../ids.ts';
import type { Json } from '../json.ts';

/** One version of an aggregate on its way into projection and audit. */
export interface Transition {
  readonly version: number;
  /** Workflow time, milliseconds since the epoch. */
  readonly at: number;
  readonly event: { readonly type: string; readonly [key: string]: Json };
  readonly state: Json;
  readonly effects: readonly { readonly key: string; readonly type: string }[];
  readonly actor: Actor;
  /** The command or effect that caused it; null for a timer. */
  readonly cause: string | null;
  readonly requestId: string | null;
}

export interface RecordInput {
  readonly kind: AggregateKind;
  readonly id: string;
  readonly workflowId: string;
  readonly runId: string;
  /** In the order of their versions, without a hole. */
  readonly transitions: readonly Transition[];
}
