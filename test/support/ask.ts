import { randomUUID } from 'node:crypto';
import type { Actor } from '#domain/actor.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import { insertCommand, settleCommand } from '#db/repositories/commands.ts';
import type { CommandRow } from '#db/repositories/commands.ts';
import { deliver } from '#gateway/deliver.ts';
import type { Delivery } from '#gateway/deliver.ts';
import type { TestVigil } from './vigil.ts';

export interface Asked {
  readonly row: CommandRow;
  readonly outcome: Delivery;
}

/** Asks something of a workflow as the API does: a command row, an update with its id, and the outcome on the row. */
export async function ask(
  vigil: Pick<TestVigil, 'db' | 'temporal'>,
  actor: Actor,
  kind: AggregateKind,
  aggregateId: string,
  name: string,
  input: { readonly [key: string]: Json } = {},
): Promise<Asked> {
  const { db, temporal } = vigil;
  const { row } = await insertCommand(db, {
    principalId: actor.id,
    idempotencyKey: randomUUID(),
    mode: 'update',
    name,
    kind,
    aggregateId,
    input,
    actor,
    priority: 1,
    reservedForMs: 60_000,
  });
  const outcome = await deliver(temporal, row, { deadlineMs: 30_000 });
  if (outcome.status !== 'away') await db.transaction((tx) => settleCommand(tx, row, outcome));
  return { row, outcome };
}

/** The code that the request was refused with; fails when it was not. */
export function refusalOf({ outcome }: Asked): string {
  if (outcome.status !== 'refused') throw new Error(`the request was not refused but ${JSON.stringify(outcome)}`);
  return outcome.code;
}
