import { eq, sql } from 'drizzle-orm';
import type { ReviewCase } from '#domain/review/case.ts';
import type { Transition } from '#domain/audit/transition.ts';
import type { Transaction } from '../client.ts';
import type { Project } from '../repositories/record.ts';
import { refileLateSignals } from '../repositories/signals.ts';
import { cases } from '../schema/index.ts';
import { newest } from './newest.ts';

/** A case's row. When it is decided, signals that came too late for the decision feed the next case. */
export const projectCase: Project = async (tx, id, transitions) => {
  const state = stateOf(newest(transitions));
  const [before] = await tx
    .select({ decidedAt: cases.decidedAt, closedAt: cases.closedAt })
    .from(cases)
    .where(eq(cases.id, id))
    .for('update');
  const isOver = state.status === 'closed' || state.status === 'merged';
  await tx
    .update(cases)
    .set({
      version: state.version,
      status: state.status,
      state,
      severity: sql`least(${cases.severity}, ${state.severity}::smallint)`,
      updatedAt: sql`now()`,
      ...(state.decision === null ? {} : { decidedAt: new Date(state.decision.decidedAt) }),
      ...(isOver ? { closedAt: sql`coalesce(${cases.closedAt}, now())` } : {}),
    })
    .where(eq(cases.id, id));
  const settling = transitions.find(
    (transition) => stateOf(transition).decision !== null || isFinal(stateOf(transition)),
  );
  if (settling && before && before.decidedAt === null && before.closedAt === null && state.mergedInto === null) {
    await refileLateSignals(tx, id, await settledBySeq(tx, settling));
  }
};

const stateOf = (transition: Transition): ReviewCase => transition.state as unknown as ReviewCase;
const isFinal = (state: ReviewCase): boolean => state.status === 'closed' || state.status === 'merged';

/** The place among the facts of the command that brought the decision; what a timer ended has none and ends all. */
async function settledBySeq(tx: Transaction, { cause }: Transition): Promise<number> {
  const { rows } = await tx.execute<{ seq: string }>(sql`SELECT seq FROM commands WHERE id = ${cause}`);
  return Number(rows[0]?.seq ?? Number.MAX_SAFE_INTEGER);
}
