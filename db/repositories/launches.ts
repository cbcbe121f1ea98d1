import { and, eq, isNull } from 'drizzle-orm';
import type { Launch } from '#domain/launch/launch.ts';
import type { Queryable, Transaction } from '../client.ts';
import { evidence, launches } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type LaunchRow = Omit<typeof launches.$inferSelect, 'state'> & { state: Launch | null };

export async function findLaunch(db: Queryable, id: string): Promise<LaunchRow | null> {
  const [row] = await db.select().from(launches).where(eq(launches.id, id));
  return (row as LaunchRow | undefined) ?? null;
}

export async function listLaunches(
  db: Queryable,
  teams: readonly string[] | null,
  filter: { readonly openOnly: boolean; readonly productId?: string | undefined },
  page: Page,
): Promise<LaunchRow[]> {
  const { where, orderBy, limit } = newestFirst(launches.openedAt, launches.id, page);
  const rows = await db
    .select()
    .from(launches)
    .where(
      and(
        where,
        ofTeams(launches.teamId, teams),
        filter.openOnly ? isNull(launches.closedAt) : undefined,
        filter.productId ? eq(launches.productId, filter.productId) : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return rows as LaunchRow[];
}

export async function insertLaunch(
  tx: Transaction,
  launch: { id: string; productId: string; teamId: string; name: string; openedBy: string },
): Promise<void> {
  await tx.insert(launches).values({ ...launch, status: 'opening' });
}

export async function insertEvidence(
  tx: Transaction,
  row: {
    id: string;
    launchId: string;
    requirementId: string;
    reference: string;
    sha256: string;
    collectedBy: string;
    validUntil: Date;
  },
): Promise<void> {
  await tx.insert(evidence).values(row);
}
