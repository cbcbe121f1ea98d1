import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Condition } from '#domain/intake/conditions.ts';
import type { LiveRule } from '#domain/intake/suppression.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { suppressedAlerts, suppressionRules } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';
import { ShortMemory } from './short-memory.ts';

export type SuppressionRuleRow = typeof suppressionRules.$inferSelect;
export type SuppressedAlertRow = typeof suppressedAlerts.$inferSelect;

/** A rule that was made, changed or ended works no later than this, milliseconds; where it was written, at once. */
const rememberedForMs = 1_000;
const known = new WeakMap<Queryable, ShortMemory<readonly LiveRule[]>>();

/** The rules that keep quiet now, oldest first. From memory for up to a second. */
export function liveSuppressionRules(db: Database): Promise<readonly LiveRule[]> {
  const memory = known.get(db) ?? new ShortMemory({ forMs: rememberedForMs, atMost: 1 });
  known.set(db, memory);
  return memory.read('', () => readLiveRules(db));
}

/** What this process remembers of rules is read anew. To be called after a change. */
export const forgetSuppressionRules = (db: Database): void => known.get(db)?.clear();

async function readLiveRules(db: Queryable): Promise<LiveRule[]> {
  const rows = await db
    .select({
      id: suppressionRules.id,
      teamId: suppressionRules.teamId,
      serviceId: suppressionRules.serviceId,
      integrationId: suppressionRules.integrationId,
      conditions: suppressionRules.conditions,
    })
    .from(suppressionRules)
    .where(isLive)
    .orderBy(suppressionRules.createdAt, suppressionRules.id);
  return rows.map((row) => ({ ...row, conditions: row.conditions as Condition[] }));
}

const isLive = and(isNull(suppressionRules.endedAt), gt(suppressionRules.expiresAt, sql`now()`));

export interface SuppressionRuleFields {
  readonly name: string;
  readonly ownerId: string;
  readonly serviceId: string | null;
  readonly integrationId: string | null;
  readonly conditions: readonly Condition[];
  readonly expiresAt: Date;
}

export async function insertSuppressionRule(
  db: Queryable,
  rule: SuppressionRuleFields & { readonly teamId: string; readonly createdBy: string },
): Promise<SuppressionRuleRow> {
  const [row] = await db
    .insert(suppressionRules)
    .values({ id: newId('suppressionRule'), ...rule })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

export async function findSuppressionRule(
  db: Queryable,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<SuppressionRuleRow | null> {
  const query = db.select().from(suppressionRules).where(eq(suppressionRules.id, id));
  const [row] = await (options.lock ? query.for('no key update') : query);
  return row ?? null;
}

export async function listSuppressionRules(
  db: Queryable,
  filter: { readonly teams: readonly string[] | null; readonly live: boolean },
  page: Page,
): Promise<SuppressionRuleRow[]> {
  const { where, orderBy, limit } = newestFirst(suppressionRules.createdAt, suppressionRules.id, page);
  return db
    .select()
    .from(suppressionRules)
    .where(and(where, ofTeams(suppressionRules.teamId, filter.teams), filter.live ? isLive : undefined))
    .orderBy(...orderBy)
    .limit(limit);
}

/** Returns the row with its next version. The caller holds its lock. */
export async function changeSuppressionRule(
  tx: Transaction,
  id: string,
  change: Partial<SuppressionRuleFields>,
): Promise<SuppressionRuleRow> {
  return update(tx, id, change);
}

/** Ends it now. The caller holds its lock and has seen that it had not ended. */
export async function endSuppressionRule(tx: Transaction, id: string, endedBy: string): Promise<SuppressionRuleRow> {
  return update(tx, id, { endedBy, endedAt: sql`now()` });
}

async function update(
  tx: Transaction,
  id: string,
  change: Partial<SuppressionRuleFields> | { endedBy: string; endedAt: ReturnType<typeof sql> },
): Promise<SuppressionRuleRow> {
  const [row] = await tx
    .update(suppressionRules)
    .set({ ...change, version: sql`${suppressionRules.version} + 1`, updatedAt: sql`now()` })
    .where(eq(suppressionRules.id, id))
    .returning();
  if (!row) throw new Error('a rule that is locked is not there');
  return row;
}

/** What a rule kept quiet, by key, newest first. */
export async function listSuppressedAlerts(db: Queryable, ruleId: string, page: Page): Promise<SuppressedAlertRow[]> {
  const { where, orderBy, limit } = newestFirst(suppressedAlerts.firstAt, suppressedAlerts.dedupKey, page);
  return db
    .select()
    .from(suppressedAlerts)
    .where(and(where, eq(suppressedAlerts.ruleId, ruleId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** How many alerts of how many keys the rules have kept quiet so far. */
export async function countSuppressedAlerts(
  db: Queryable,
  ruleIds: readonly string[],
): Promise<Map<string, { readonly alerts: number; readonly keys: number }>> {
  const { rows } = await db.execute<{ rule_id: string; alerts: string; keys: string }>(
    sql`SELECT rule_id, sum(count) AS alerts, count(*) AS keys FROM suppressed_alerts
        WHERE rule_id = ANY(${sql.param(ruleIds)}::text[]) GROUP BY rule_id`,
  );
  return new Map(rows.map((row) => [row.rule_id, { alerts: Number(row.alerts), keys: Number(row.keys) }]));
}
