import { and, eq, sql } from 'drizzle-orm';
import type { ActionName } from '#domain/enforcement/actions.ts';
import type { NoticeKind } from '#domain/enforcement/order.ts';
import { buildStatement } from '#domain/enforcement/statement-of-reasons.ts';
import { VigilError } from '#domain/errors.ts';
import type { Database } from '../client.ts';
import { derivedId } from '../ids.ts';
import { cases, notices, policies, policyVersions, products, statementsOfReasons } from '../schema/index.ts';
import { orderRow } from './enforcement.ts';
import type { EffectOf } from './enforcement.ts';

/** Writes the statement of reasons, once for each restriction. The texts are the policy's own. */
export async function writeStatement(
  db: Database,
  orderId: string,
  effect: EffectOf<'writeStatementOfReasons'>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const order = await orderRow(tx, orderId);
    const [context] = await tx
      .select({
        harm: cases.harm,
        openedAt: cases.openedAt,
        title: policies.title,
        body: policyVersions.body,
        countries: products.countries,
      })
      .from(cases)
      .innerJoin(policyVersions, eq(policyVersions.id, order.policyVersionId))
      .innerJoin(policies, eq(policies.id, policyVersions.policyId))
      .innerJoin(products, eq(products.id, cases.productId))
      .where(eq(cases.id, order.caseId));
    if (!context) throw new VigilError('resource.not_found');
    const built = buildStatement({
      orderId,
      kind: effect.kind,
      action: order.action as ActionName,
      appliedAt: effect.appliedAt,
      endsAt: effect.endsAt,
      harm: context.harm,
      ground: {
        kind: 'incompatible',
        ground: cut(context.title, 500),
        explanation: cut(context.body, 2_000),
        alsoIllegal: false,
      },
      groundUrl: null,
      contentTypes: ['CONTENT_TYPE_TEXT'],
      contentCreatedAt: Math.min(context.openedAt.getTime(), effect.appliedAt),
      territorialScope: context.countries,
      source: 'SOURCE_VOLUNTARY',
      detectedByMachine: true,
      decidedBy: 'person',
    });
    if (!built.ok)
      throw new VigilError('request.invalid', {
        statement: built.problems.map((problem) => `${problem.field}: ${problem.reason}`),
      });
    await tx
      .insert(statementsOfReasons)
      .values({
        id: derivedId('statement', orderId, effect.kind),
        orderId,
        kind: effect.kind,
        statement: built.statement,
      })
      .onConflictDoNothing();
  });
}

/** The beginning of a text, never ending within a character: half of one cannot be stored. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

export interface StartedNotice {
  readonly noticeId: string;
  readonly accountRef: string;
  readonly statementId: string | null;
  readonly isSent: boolean;
}

export async function startNotice(db: Database, orderId: string, kind: NoticeKind): Promise<StartedNotice> {
  return db.transaction(async (tx) => {
    const order = await orderRow(tx, orderId);
    const noticeId = derivedId('notice', orderId, kind);
    await tx.insert(notices).values({ id: noticeId, orderId, kind, status: 'started' }).onConflictDoNothing();
    const [notice] = await tx.select().from(notices).where(eq(notices.id, noticeId));
    const [statement] = await tx
      .select({ id: statementsOfReasons.id })
      .from(statementsOfReasons)
      .where(
        and(
          eq(statementsOfReasons.orderId, orderId),
          eq(statementsOfReasons.kind, kind === 'made_permanent' ? 'made_permanent' : 'restricted'),
        ),
      );
    return {
      noticeId,
      accountRef: order.accountRef,
      statementId: statement?.id ?? null,
      isSent: notice?.status === 'sent',
    };
  });
}

export async function settleNotice(db: Database, noticeId: string, status: 'sent' | 'failed'): Promise<void> {
  await db
    .update(notices)
    .set({ status, ...(status === 'sent' ? { sentAt: sql`now()` } : {}) })
    .where(eq(notices.id, noticeId));
}
