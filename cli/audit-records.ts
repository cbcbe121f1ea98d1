import canonicalize from 'canonicalize';
import type { RecordInput, Transition } from '#domain/audit/transition.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import type { Activities } from '#activities/index.ts';
import type { Json } from '#domain/json.ts';
import { workflowId } from '#workflows/contract.ts';
import type { AggregateKind } from '#domain/ids.ts';
import { chainPart } from './audit-bundle.ts';
import type { RunHistory } from './audit-bundle.ts';
import type { Chain } from './audit-chains.ts';
import type { BundleFault } from './audit-fault.ts';

/**
 * Holds a chain against the histories of its workflow: each version that the workflow ordered to be recorded must stand
 * in the chain as it was ordered, and each version in the chain must have been ordered.
 *
 * The second half needs all runs from the first on. Somebody who rewrites a chain with all its hashes is found here.
 */
export function recordFaults({ aggregate, events }: Chain, histories: readonly RunHistory[]): BundleFault[] {
  const id = workflowId(aggregate.kind as AggregateKind, aggregate.id);
  const runs = histories.filter((run) => run.workflowId === id);
  const ordered = new Map(runs.flatMap(orderedRecords).map((transition) => [transition.version, transition]));
  const recorded = events.filter((event) => event.version !== null);
  const fault = (code: BundleFault['code'], { seq }: AuditEvent, detail: string): BundleFault => ({
    code,
    part: chainPart(aggregate),
    aggregate,
    seq,
    detail,
  });
  const isComplete = runs.some(isFirstRun);
  return recorded.flatMap((event) => {
    const transition = ordered.get(event.version ?? 0);
    if (transition === undefined)
      return isComplete ? [fault('record_missing', event, `the history never led to version ${event.version}`)] : [];
    const differs =
      canonicalize(contentOf(transition)) !== canonicalize(event.data) || transition.actor.id !== event.actorId;
    return differs ? [fault('record_differs', event, `the history led to another version ${event.version}`)] : [];
  });
}

interface HistoryEvent {
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityType?: { readonly name?: string };
    readonly input?: { readonly payloads?: readonly { readonly data?: string }[] };
  };
  readonly workflowExecutionStartedEventAttributes?: { readonly continuedExecutionRunId?: string };
}

const eventsOf = ({ history }: RunHistory): readonly HistoryEvent[] =>
  (history as { readonly events?: readonly HistoryEvent[] } | null)?.events ?? [];

const isFirstRun = (run: RunHistory): boolean => {
  const started = eventsOf(run)[0]?.workflowExecutionStartedEventAttributes;
  return started !== undefined && !started.continuedExecutionRunId;
};

/** The activities that record: what they are given first is what is to be recorded. */
const recording: ReadonlySet<string> = new Set<keyof (Activities['store'] & Activities['paging'])>([
  'recordTransitions',
  'recordThenResolveRung',
  'recordThenPage',
]);

/** What a run ordered to be recorded, read from the inputs of its activities. */
function orderedRecords(run: RunHistory): readonly Transition[] {
  return eventsOf(run).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    const data = scheduled?.input?.payloads?.[0]?.data;
    if (!recording.has(scheduled?.activityType?.name ?? '') || data === undefined) return [];
    try {
      const { transitions } = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as Partial<RecordInput>;
      return (transitions ?? []).filter(isTransition);
    } catch {
      // An order that cannot be read is as good as none: its versions are then missing.
      return [];
    }
  });
}

const isTransition = (value: Partial<Transition> | null): value is Transition =>
  Array.isArray(value?.effects) && value.actor !== undefined && value.actor !== null && value.version !== undefined;

/** As the recording activity writes it. */
const contentOf = ({ at, event, state, effects }: Transition): Json => ({
  at,
  event,
  state,
  effects: effects.map(({ key, type }) => ({ key, type })),
});
