import { and, eq, lte, or, sql } from 'drizzle-orm';
import type { Actor } from '#domain/actor.ts';
import type { Json } from '#domain/json.ts';
import { swapMachine } from '#domain/oncall/swap-request.ts';
import type { SwapEffect, SwapRequest } from '#domain/oncall/swap-request.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { databaseNow } from '../now.ts';
import { swapRequests } from '../schema/index.ts';
import { audit } from './audit-events.ts';
import { systemActor } from './commands.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';
import { leaveNotices } from './oncall-notices.ts';

export type SwapRow = Omit<typeof swapRequests.$inferSelect, 'state'> & { readonly state: SwapRequest };

/** A transition of a swap request, with who made it. */
export interface SwapChange {
  readonly state: SwapRequest;
  readonly effects: readonly SwapEffect[];
  /** The machine's event, as the audit trail names it. */
  readonly event: 'propose' | 'accept' | 'decline' | 'withdraw' | 'due';
  readonly actor: Actor;
  readonly requestId?: string;
}

export async function insertSwapRequest(tx: Transaction, teamId: string, change: SwapChange): Promise<SwapRow> {
  const { state } = change;
  const [row] = await tx
    .insert(swapRequests)
    .values({
      id: newId('swapRequest'),
      scheduleId: state.scheduleId,
      teamId,
      onePersonId: state.sides[0].personId,
      otherPersonId: state.sides[1].personId,
      proposedBy: state.proposedById,
      ...columnsOf(state),
    })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  await follow(tx, row.id, change);
  return row as SwapRow;
}

/** Writes the next state with its audit event, and leaves word to those whom it concerns. The caller holds the row's lock. */
export async function changeSwapRequest(tx: Transaction, id: string, change: SwapChange): Promise<SwapRow> {
  const [row] = await tx
    .update(swapRequests)
    .set({ ...columnsOf(change.state), updatedAt: sql`now()` })
    .where(eq(swapRequests.id, id))
    .returning();
  if (!row) throw new Error(`swap request ${id} is gone`);
  await follow(tx, id, change);
  return row as SwapRow;
}

async function follow(tx: Transaction, id: string, { state, effects, event, actor, requestId }: SwapChange) {
  await audit(
    tx,
    { kind: 'swapRequest', id },
    {
      version: state.version,
      actor,
      action: `swapRequest.${event}`,
      ...(requestId === undefined ? {} : { requestId }),
      data: { state: state as unknown as Json },
    },
  );
  const told = effects.flatMap((effect) => (effect.type === 'tell' ? effect.personIds : []));
  await leaveNotices(
    tx,
    told.map((personId) => ({
      key: `swap:${id}:${state.version}:${personId}`,
      kind: 'swap',
      scheduleId: state.scheduleId,
      personId,
      swapRequestId: id,
    })),
  );
}

const columnsOf = (state: SwapRequest) => ({
  version: state.version,
  status: state.status,
  state,
  expiresAt: new Date(state.expiresAt),
  decidedBy: state.decidedById,
});

export async function findSwapRequest(db: Queryable, id: string): Promise<SwapRow | null> {
  const [row] = await db.select().from(swapRequests).where(eq(swapRequests.id, id));
  return (row as SwapRow | undefined) ?? null;
}

export async function lockSwapRequest(tx: Transaction, id: string): Promise<SwapRow | null> {
  const [row] = await tx.select().from(swapRequests).where(eq(swapRequests.id, id)).for('update');
  return (row as SwapRow | undefined) ?? null;
}

export async function listSwapRequests(
  db: Queryable,
  of:
    | { readonly scheduleId: string }
    | { readonly teams: readonly string[] | null; readonly personId?: string | undefined },
  filter: { readonly openOnly: boolean },
  page: Page,
): Promise<SwapRow[]> {
  const { where, orderBy, limit } = newestFirst(swapRequests.createdAt, swapRequests.id, page);
  const rows = await db
    .select()
    .from(swapRequests)
    .where(
      and(
        where,
        'scheduleId' in of ? eq(swapRequests.scheduleId, of.scheduleId) : ofTeams(swapRequests.teamId, of.teams),
        'personId' in of && of.personId !== undefined
          ? or(eq(swapRequests.onePersonId, of.personId), eq(swapRequests.otherPersonId, of.personId))
          : undefined,
        filter.openOnly
          ? and(eq(swapRequests.status, 'proposed'), sql`${swapRequests.expiresAt} > clock_timestamp()`)
          : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return rows as SwapRow[];
}

/** Closes requests that nobody decided in time; returns how many. What is read says so already, whether or not this ran. */
export async function expireSwapRequests(db: Database, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(swapRequests)
      .where(and(eq(swapRequests.status, 'proposed'), lte(swapRequests.expiresAt, sql`clock_timestamp()`)))
      .orderBy(swapRequests.expiresAt)
      .limit(limit)
      .for('update', { skipLocked: true });
    const now = await databaseNow(tx);
    for (const { id, state } of rows as SwapRow[]) {
      const step = swapMachine.transition(state, { type: 'due' }, now);
      if (step.outcome === 'moved') await changeSwapRequest(tx, id, { ...step, event: 'due', actor: systemActor });
    }
    return rows.length;
  });
}
