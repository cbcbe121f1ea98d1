import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { isPageWanted } from '#domain/escalation/ladder.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { PageResult } from '#domain/escalation/ladder-parts.ts';
import type { Severity } from '#domain/severity.ts';
import type { PagePerson, TellResolved } from '#domain/escalation/messages.ts';
import type { Database, Transaction } from '../client.ts';
import { derivedId } from '../ids.ts';
import { contactMethods, deliveries, escalations, principals } from '../schema/index.ts';
import { appendToChain, lockChain } from './audit-events.ts';
import type { ChainHead } from './audit-events.ts';
import { systemActor } from './commands.ts';
import { passThrottle } from './page-throttle.ts';
import type { PagePassage } from './page-throttle.ts';

export interface StartedDelivery {
  readonly deliveryId: string;
  /** Where to: null when the contact method, or the person, is gone or disabled. */
  readonly address: string | null;
  readonly title: string;
  readonly isSensitive: boolean;
  readonly isDrill: boolean;
  readonly severity: Severity;
  /** Calls that may have gone out for this row, with the one that is about to. */
  readonly attempts: number;
  /** A call for this row may have gone out before: a crash hid its answer. */
  readonly possibleDuplicate: boolean;
  /** The known result of an earlier attempt, or that it was left to another message; then nothing is to be sent. */
  readonly settled: PageResult | null;
  /** Not now, since the person has had many: ask again after so long. Null when it is to be sent. */
  readonly heldForMs: number | null;
  /** How many other open escalations of the person the message is to tell of. */
  readonly others: number;
  /** Since the escalation opened, milliseconds, for a page of high urgency when none is known to have gone out; else null. */
  readonly firstAfterMs: number | null;
}

const resultByStatus: Readonly<Record<string, PageResult>> = {
  sent: 'sent',
  delivered: 'delivered',
  unknown: 'unknown',
  failed: 'failed_permanent',
  superseded: 'superseded',
  bundled: 'bundled',
};

/** In `error_code` of a page that waits for its next try: the channel said that it did not take it. */
const notTaken = 'not_taken';

/** In `error_code` of a page that the throttle held back and that was stopped before it went anywhere. */
export const neverLeft = 'held_back';

/**
 * Writes the ledger row of a page just before the call, if the page is still wanted.
 *
 * Takes the chain's lock, which an acknowledgement's record also takes: after that record has committed nothing may be
 * sent, and null is returned. A row that is there from an attempt whose answer a crash hid is a possible duplicate; when
 * it is no longer wanted, it is settled as unknown, since it may have left. A page that the throttle over all escalations
 * does not let through is held for a while, or settled as bundled.
 */
export async function startDelivery(
  db: Database,
  escalationId: string,
  page: PagePerson,
): Promise<StartedDelivery | null> {
  return start(db, escalationId, page, {
    kind: page.reason,
    action: 'escalation.pageStarted',
    isWanted: (ladder) => isPageWanted(ladder, page.key),
    isThrottled: true,
    position: { pass: page.pass, rung: page.rung, ruleId: page.ruleId },
    sensitive: page.sensitive,
  });
}

/** The same for the word that it is over; that is wanted always. */
export async function startResolvedNotice(
  db: Database,
  escalationId: string,
  notice: TellResolved,
): Promise<StartedDelivery> {
  const started = await start(db, escalationId, notice, {
    kind: 'resolved',
    action: 'escalation.resolvedNoticeStarted',
    isWanted: () => true,
    isThrottled: false,
    position: { pass: 0, rung: 0, ruleId: null },
    sensitive: false,
  });
  if (!started) throw new Error(`escalation ${escalationId} is not recorded`);
  return started;
}

interface DeliveryKind {
  readonly kind: string;
  readonly action: string;
  readonly isWanted: (ladder: Ladder) => boolean;
  readonly isThrottled: boolean;
  readonly position: { readonly pass: number; readonly rung: number; readonly ruleId: string | null };
  readonly sensitive: boolean;
}

type Addressed = Pick<PagePerson, 'key' | 'personId' | 'contactMethodId' | 'channel'>;

async function start(
  db: Database,
  escalationId: string,
  to: Addressed,
  how: DeliveryKind,
): Promise<StartedDelivery | null> {
  return db.transaction(async (tx) => {
    const aggregate = { kind: 'escalation', id: escalationId };
    const head = await lockChain(tx, aggregate);
    const [row] = await tx
      .select({ escalation: escalations, ageMs })
      .from(escalations)
      .where(eq(escalations.id, escalationId));
    const escalation = row?.escalation;
    const ladder = escalation?.state as Ladder | null | undefined;
    if (!escalation || !ladder) return null;
    const deliveryId = derivedId('delivery', escalationId, to.key);
    const [before] = await tx.select().from(deliveries).where(eq(deliveries.id, deliveryId));
    const isHeld = before?.status === 'held';
    let settled = before ? (resultByStatus[before.status] ?? null) : null;
    const mayHaveLeft = before !== undefined && settled === null && !isHeld && before.errorCode !== notTaken;
    const possibleDuplicate = mayHaveLeft || before?.possibleDuplicate === true;
    let passage: PagePassage = goes;
    if (!settled && !how.isWanted(ladder)) {
      if (!before) return null;
      const status = mayHaveLeft ? 'unknown' : 'superseded';
      await tx
        .update(deliveries)
        .set({ status, errorCode: isHeld ? neverLeft : null, settledAt: sql`now()` })
        .where(eq(deliveries.id, deliveryId));
      settled = status;
    } else if (before && !isHeld) {
      if (!settled)
        await tx
          .update(deliveries)
          .set({ attempts: sql`${deliveries.attempts} + 1`, possibleDuplicate, errorCode: null })
          .where(eq(deliveries.id, deliveryId));
    } else {
      passage = await enter(tx, { escalationId, head, deliveryId, to, how, ladder, isHeld });
      if (passage.kind === 'bundled') settled = 'bundled';
    }
    return {
      deliveryId,
      address: await addressOf(tx, to),
      title: escalation.title,
      isSensitive: how.sensitive || ladder.sensitive,
      isDrill: ladder.drill !== null,
      severity: ladder.severity,
      attempts: (before?.attempts ?? 0) + 1,
      possibleDuplicate,
      settled,
      heldForMs: passage.kind === 'held' ? passage.retryAfterMs : null,
      others: (passage.kind === 'goes' ? passage.names : before?.names)?.length ?? 0,
      firstAfterMs: isFirst(ladder) ? Number(row.ageMs) : null,
    };
  });
}

/** By the clock of Postgres, which wrote the one end and knows the other. */
const ageMs = sql<string>`extract(epoch FROM clock_timestamp() - ${escalations.openedAt}) * 1000`;

/** After a hold or a quiet night it is no matter of speed when the first page goes. */
const isFirst = ({ urgency, walk }: Ladder): boolean =>
  urgency === 'high' && walk.reason === 'opened' && walk.reached === 0;

const goes: PagePassage = { kind: 'goes', names: null };

interface EnteringPage {
  readonly escalationId: string;
  readonly head: ChainHead;
  readonly deliveryId: string;
  readonly to: Addressed;
  readonly how: DeliveryKind;
  readonly ladder: Ladder;
  /** Its row is there: it was held back. */
  readonly isHeld: boolean;
}

/** Decides about a page that was not started yet, and writes that into its row and into the audit trail. */
async function enter(tx: Transaction, page: EnteringPage): Promise<PagePassage> {
  const { escalationId, head, deliveryId, to, how, ladder, isHeld } = page;
  const { personId, contactMethodId, channel } = to;
  const passage = how.isThrottled
    ? await passThrottle(tx, ladder, { deliveryId, escalationId, effectKey: to.key, personId, contactMethodId })
    : goes;
  if (isHeld && passage.kind === 'held') return passage;
  const ordered = ladder.pages.find((entry) => entry.key === to.key);
  const scheduleId = ordered?.source.scheduleId ?? null;
  const row = { kind: how.kind, ...how.position, personId, contactMethodId, channel, scheduleId };
  const { status, action } = entered[passage.kind];
  const bundledInto = passage.kind === 'bundled' ? passage.into : null;
  const names = passage.kind === 'goes' && passage.names ? [...passage.names] : null;
  const written = {
    status,
    bundledInto,
    names,
    attempts: passage.kind === 'goes' ? 1 : 0,
    ...(passage.kind === 'bundled' ? { settledAt: sql`now()` } : {}),
  };
  if (isHeld) {
    const again = passage.kind === 'goes' ? { startedAt: sql`now()` } : {};
    await tx
      .update(deliveries)
      .set({ ...written, ...again })
      .where(eq(deliveries.id, deliveryId));
  } else {
    await tx.insert(deliveries).values({
      id: deliveryId,
      escalationId,
      effectKey: to.key,
      ...row,
      // Whatever became of the schedule, it holds no page up.
      scheduleId: scheduleId === null ? null : sql`(SELECT id FROM schedules WHERE id = ${scheduleId})`,
      ...(ordered ? { orderedAt: new Date(ordered.startedAt) } : {}),
      ...written,
    });
  }
  const data = { deliveryId, ...row, ...(bundledInto === null ? {} : { bundledInto }), others: names?.length ?? 0 };
  const event = { actor: systemActor, action: action ?? how.action, reason: how.kind, cause: to.key, data };
  await appendToChain(tx, { kind: 'escalation', id: escalationId }, head, [event]);
  return passage;
}

const entered = {
  goes: { status: 'started', action: null },
  held: { status: 'held', action: 'escalation.pageHeldBack' },
  bundled: { status: 'bundled', action: 'escalation.pageBundled' },
} as const;

async function addressOf(tx: Transaction, to: Addressed): Promise<string | null> {
  const [method] = await tx
    .select({ address: contactMethods.address, disabledAt: contactMethods.disabledAt })
    .from(contactMethods)
    .innerJoin(principals, and(eq(principals.id, contactMethods.personId), isNull(principals.disabledAt)))
    .where(and(eq(contactMethods.id, to.contactMethodId), eq(contactMethods.personId, to.personId)));
  return method && method.disabledAt === null ? method.address : null;
}

/**
 * Notes that the channel did not take the page, so that the next try is no possible duplicate. `counts` is false when it
 * was not even asked: then it was no try.
 */
export async function noteNotTaken(db: Database, deliveryId: string, counts = true): Promise<void> {
  await db
    .update(deliveries)
    .set({ errorCode: notTaken, ...(counts ? {} : { attempts: sql`${deliveries.attempts} - 1` }) })
    .where(and(eq(deliveries.id, deliveryId), eq(deliveries.status, 'started')));
}

/** Notes what came of the call. The first result stays. */
export async function settleDelivery(
  db: Database,
  deliveryId: string,
  status: string,
  errorCode: string | null,
  providerRef: string | null = null,
): Promise<void> {
  await db
    .update(deliveries)
    .set({ status, errorCode, providerRef, settledAt: sql`now()` })
    .where(and(eq(deliveries.id, deliveryId), eq(deliveries.status, 'started')));
}

/**
 * Notes that the ladder has given pages up whose sender never came back: they may have left, unless the channel said that
 * it did not take them or the throttle still held them.
 */
export async function settleGivenUp(tx: Transaction, escalationId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const { status, errorCode } = deliveries;
  await tx
    .update(deliveries)
    .set({
      status: sql`CASE WHEN ${status} = 'held' THEN 'superseded' WHEN ${errorCode} = ${notTaken} THEN 'failed' ELSE 'unknown' END`,
      errorCode: sql`CASE WHEN ${status} = 'held' THEN ${neverLeft} WHEN ${errorCode} = ${notTaken} THEN 'retries_exhausted' ELSE 'given_up' END`,
      settledAt: sql`now()`,
    })
    .where(
      and(
        eq(deliveries.escalationId, escalationId),
        inArray(deliveries.effectKey, [...keys]),
        inArray(status, ['held', 'started']),
      ),
    );
}
