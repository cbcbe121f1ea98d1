import { and, eq, sql } from 'drizzle-orm';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { isPageWanted } from '#domain/escalation/ladder.ts';
import type { PagePerson } from '#domain/escalation/messages.ts';
import type { Database } from '../client.ts';
import { derivedId } from '../ids.ts';
import { contactMethods, deliveries, escalations } from '../schema/index.ts';
import { appendToChain, lockChain } from './audit-events.ts';
import { systemActor } from './commands.ts';

export interface StartedDelivery {
  readonly deliveryId: string;
  /** Where to: null when the contact method is gone or disabled. */
  readonly address: string | null;
  readonly title: string;
  readonly severity: number;
  /** A call for this row may have gone out before: a crash hid its answer. */
  readonly possibleDuplicate: boolean;
  /** The result of an earlier attempt that is known; then nothing is to be sent again. */
  readonly settled: string | null;
}

/**
 * Writes the ledger row of a page just before the call, if the page is still wanted.
 *
 * Takes the chain's lock, which an acknowledgement's record also takes: after that record has committed, null is
 * returned and nothing may be sent. A row that is there from an attempt before a crash is marked as a possible duplicate.
 */
export async function startDelivery(db: Database, escalationId: string, page: PagePerson, attempt: number): Promise<StartedDelivery | null> {
  return db.transaction(async (tx) => {
    const aggregate = { kind: 'escalation', id: escalationId };
    const head = await lockChain(tx, aggregate);
    const [escalation] = await tx.select().from(escalations).where(eq(escalations.id, escalationId));
    const ladder = escalation?.state as Ladder | null | undefined;
    if (!escalation || !ladder) return null;
    const deliveryId = derivedId('delivery', escalationId, page.key);
    const [before] = await tx.select().from(deliveries).where(eq(deliveries.id, deliveryId));
    if (before && before.status !== 'started') {
      return { deliveryId, address: null, title: '', severity: ladder.severity, possibleDuplicate: before.possibleDuplicate, settled: before.status };
    }
    if (!isPageWanted(ladder, page.key)) {
      if (before) await tx.update(deliveries).set({ status: 'superseded', settledAt: sql`now()` }).where(eq(deliveries.id, deliveryId));
      return null;
    }
    const [method] = await tx
      .select({ address: contactMethods.address, disabledAt: contactMethods.disabledAt })
      .from(contactMethods)
      .where(and(eq(contactMethods.id, page.contactMethodId), eq(contactMethods.personId, page.personId)));
    if (before) {
      await tx
        .update(deliveries)
        .set({ attempts: sql`${deliveries.attempts} + 1`, possibleDuplicate: true })
        .where(eq(deliveries.id, deliveryId));
    } else {
      await tx.insert(deliveries).values({
        id: deliveryId,
        escalationId,
        effectKey: page.key,
        kind: page.reason,
        pass: page.pass,
        rung: page.rung,
        personId: page.personId,
        ruleId: page.ruleId,
        contactMethodId: page.contactMethodId,
        channel: page.channel,
        status: 'started',
        attempts: 1,
        possibleDuplicate: attempt > 1,
      });
      await appendToChain(tx, aggregate, head, [
        {
          actor: systemActor,
          action: 'escalation.pageStarted',
          reason: page.reason,
          cause: page.key,
          data: { deliveryId, pass: page.pass, rung: page.rung, personId: page.personId, ruleId: page.ruleId, contactMethodId: page.contactMethodId, channel: page.channel, shadow: page.shadow },
        },
      ]);
    }
    return {
      deliveryId,
      address: method && method.disabledAt === null ? method.address : null,
      title: page.sensitive ? 'Sensitive: open Vigil for details' : escalation.title,
      severity: ladder.severity,
      possibleDuplicate: before !== undefined || attempt > 1,
      settled: null,
    };
  });
}

export async function settleDelivery(db: Database, deliveryId: string, status: string, errorCode: string | null): Promise<void> {
  await db
    .update(deliveries)
    .set({ status, errorCode, settledAt: sql`now()` })
    .where(and(eq(deliveries.id, deliveryId), eq(deliveries.status, 'started')));
}
