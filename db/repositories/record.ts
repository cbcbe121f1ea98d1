import { canonicalHash } from '../audit-chain.ts';
import type { RecordInput, Transition } from '#domain/audit/transition.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import type { Database, Transaction } from '../client.ts';
import { auditEvents } from '../schema/index.ts';
import { and, eq, inArray } from 'drizzle-orm';
import { appendToChain, lockChain } from './audit-events.ts';
import { projectCanary } from '../projections/canary.ts';
import { projectCase } from '../projections/case.ts';
import { projectEnforcement } from '../projections/enforcement.ts';
import { projectEscalation } from '../projections/escalation.ts';
import { projectHeartbeat } from '../projections/heartbeat.ts';
import { projectLaunch } from '../projections/launch.ts';

/** What the operator has chosen that decides which rows follow. */
export interface RecordSettings {
  /** The keys of the services whose escalations are shown in PagerDuty too. */
  readonly mirroredServices: ReadonlySet<string>;
}

/** Writes the newest state into the aggregate's row and whatever rows follow from the transitions. */
export type Project = (
  tx: Transaction,
  id: string,
  transitions: readonly [Transition, ...Transition[]],
  settings: RecordSettings,
) => Promise<void>;

const projections: Record<AggregateKind, Project> = {
  launch: projectLaunch,
  case: projectCase,
  enforcement: projectEnforcement,
  escalation: projectEscalation,
  canary: projectCanary,
  heartbeat: projectHeartbeat,
};

/** Two histories of one aggregate claim the same version: somebody reset a workflow. Nothing is overwritten. */
export class ForkedHistoryError extends Error {
  constructor(input: RecordInput, version: number) {
    super(`${input.workflowId} (run ${input.runId}) records version ${version} otherwise than it was recorded before`);
    this.name = 'ForkedHistoryError';
  }
}

/**
 * Records versions of an aggregate: projection and audit events in one transaction.
 *
 * Idempotent on (aggregate, version): what is recorded already is passed over, so a retry after success does nothing.
 * Fails with `ForkedHistoryError` when a version is there with other content, and when a version is missing before it.
 */
export async function recordTransitions(
  db: Database,
  input: RecordInput,
  settings: RecordSettings = { mirroredServices: new Set() },
): Promise<void> {
  await db.transaction(async (tx) => {
    const aggregate = { kind: input.kind, id: input.id };
    const head = await lockChain(tx, aggregate);
    const known = input.transitions.filter((transition) => transition.version <= head.version);
    if (known.length > 0) await assertSame(tx, input, known);
    const [first, ...more] = input.transitions.filter((transition) => transition.version > head.version);
    if (!first) return;
    if (first.version !== head.version + 1) {
      throw new Error(`${input.workflowId} records version ${first.version} after version ${head.version}`);
    }
    await appendToChain(
      tx,
      aggregate,
      head,
      [first, ...more].map((transition) => ({
        version: transition.version,
        actor: transition.actor,
        action: `${input.kind}.${transition.event.type}`,
        ...(typeof transition.event['reasonCode'] === 'string' ? { reason: transition.event['reasonCode'] } : {}),
        ...(transition.cause === null ? {} : { cause: transition.cause }),
        ...(transition.requestId === null ? {} : { requestId: transition.requestId }),
        workflowId: input.workflowId,
        runId: input.runId,
        data: contentOf(transition),
      })),
    );
    await projections[input.kind](tx, input.id, [first, ...more], settings);
  });
}

function contentOf(transition: Transition): Json {
  const { at, event, state, effects } = transition;
  return { at, event, state, effects: effects.map(({ key, type }) => ({ key, type })) };
}

async function assertSame(tx: Transaction, input: RecordInput, known: readonly Transition[]): Promise<void> {
  const rows = await tx
    .select({ version: auditEvents.version, data: auditEvents.data })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.aggregateKind, input.kind),
        eq(auditEvents.aggregateId, input.id),
        inArray(
          auditEvents.version,
          known.map((transition) => transition.version),
        ),
      ),
    );
  for (const transition of known) {
    const recorded = rows.find((row) => row.version === transition.version);
    if (!recorded || canonicalHash(recorded.data as Json) !== canonicalHash(contentOf(transition))) {
      throw new ForkedHistoryError(input, transition.version);
    }
  }
}
