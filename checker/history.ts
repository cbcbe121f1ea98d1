import type { Chain, Facts } from './facts.ts';
import type { AuditRow, CommandRow } from './rows.ts';

/** What an aggregate was told, as it is recorded. */
export interface RecordedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One recorded version of an aggregate, with the state before it. `S` is what the reader needs of its state. */
export interface Step<S> {
  /** Its place in the chain: the order of everything about this aggregate. */
  readonly seq: number;
  readonly version: number;
  /** By the database's clock. */
  readonly recordedAt: number;
  /** By the workflow's clock, the one that its deadlines are measured by. */
  readonly at: number;
  readonly actorKind: string;
  readonly actorId: string;
  readonly cause: string | null;
  readonly event: RecordedEvent;
  /** Null before the first version. */
  readonly before: S | null;
  readonly state: S;
}

interface Recorded {
  readonly at: number;
  readonly event: RecordedEvent;
  readonly state: unknown;
}

/** The versions of an aggregate in their order. The cast is where the reader says what it expects of a state. */
export function stepsOf<S>(chain: Chain): Step<S>[] {
  const steps: Step<S>[] = [];
  for (const row of chain.events) {
    if (row.version === null) continue;
    const { at, event, state } = row.data as Recorded;
    steps.push({
      seq: row.seq,
      version: row.version,
      recordedAt: row.at,
      at,
      actorKind: row.actor_kind,
      actorId: row.actor_id,
      cause: row.cause,
      event,
      before: steps.at(-1)?.state ?? null,
      state: state as S,
    });
  }
  return steps;
}

export const chainsOf = (facts: Facts, kind: string): Chain[] => facts.chains.filter((chain) => chain.kind === kind);

export const nameOf = ({ kind, id }: Pick<Chain, 'kind' | 'id'>): string => `${kind} ${id}`;

/** A field of an event's content; undefined when it is not there. */
export function dataOf(row: AuditRow, field: string): unknown {
  return typeof row.data === 'object' && row.data !== null
    ? (row.data as Readonly<Record<string, unknown>>)[field]
    : undefined;
}

export const byId = <R extends { readonly id: string }>(rows: readonly R[]): ReadonlyMap<string, R> =>
  new Map(rows.map((row) => [row.id, row]));

/** Causes that name a command; the others are effects' keys, tasks and the like. */
export const isCommandId = (cause: string | null): cause is string => cause !== null && cause.startsWith('cmd_');

export const commandsById = (facts: Facts): ReadonlyMap<string, CommandRow> => byId(facts.commands);
