import { randomBytes } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import { emptyDocument } from '#domain/intake/integration.ts';
import type { IntegrationDocument, Sender } from '#domain/intake/integration.ts';
import { senderKeyShape } from '#domain/intake/sender-key.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { newId, sha256Hex } from '../ids.ts';
import { integrationKeys, integrations, services } from '../schema/index.ts';
import { newestFirst } from './listing.ts';
import type { Page } from './listing.ts';
import { findServiceForSender } from './services.ts';
import type { ServiceOfSender } from './services.ts';
import { ShortMemory } from './short-memory.ts';

export type IntegrationRow = typeof integrations.$inferSelect;
export type IntegrationKeyRow = Omit<typeof integrationKeys.$inferSelect, 'sha256'>;

/** An integration as its reports come in: enough to accept them without another look-up. */
export interface KeyedIntegration extends Sender {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly version: number;
}

/** Two keys are live during a rotation: senders move from the old to the new one, then the old one is revoked. */
export const liveKeysAtMost = 2;
/** A disabled integration is turned away no later than this, milliseconds; in the process that disabled it at once. */
const rememberedForMs = 2_000;

const known = new WeakMap<Queryable, ShortMemory<KeyedIntegration | null>>();

/**
 * The enabled integration behind a live key, or null. Answers from memory for up to two seconds; anything that is not
 * shaped like a key is turned away without a look-up.
 */
export function findIntegrationByKey(db: Database, key: string): Promise<KeyedIntegration | null> {
  if (!senderKeyShape.test(key)) return Promise.resolve(null);
  const memory = known.get(db) ?? new ShortMemory({ forMs: rememberedForMs, atMost: 10_000 });
  known.set(db, memory);
  const sha256 = sha256Hex(key);
  return memory.read(sha256, () => readIntegrationByKey(db, sha256));
}

/** What this process remembers of integrations is read anew. To be called after a change that must work at once. */
export function forgetIntegrations(db: Database): void {
  known.get(db)?.clear();
  knownServices.get(db)?.clear();
}

const knownServices = new WeakMap<Queryable, ShortMemory<ServiceOfSender | null>>();

/** `findServiceForSender`, from memory for up to two seconds. */
export function recallServiceForSender(
  db: Database,
  serviceId: string,
  principalId: string,
): Promise<ServiceOfSender | null> {
  const memory = knownServices.get(db) ?? new ShortMemory({ forMs: rememberedForMs, atMost: 10_000 });
  knownServices.set(db, memory);
  return memory.read(`${serviceId} ${principalId}`, () => findServiceForSender(db, serviceId, principalId));
}

async function readIntegrationByKey(db: Queryable, sha256: string): Promise<KeyedIntegration | null> {
  const [row] = await db
    .select({
      id: integrations.id,
      kind: integrations.kind,
      name: integrations.name,
      serviceId: integrations.serviceId,
      teamId: services.teamId,
      principalId: integrations.principalId,
      document: integrations.document,
      version: integrations.version,
    })
    .from(integrationKeys)
    .innerJoin(integrations, eq(integrations.id, integrationKeys.integrationId))
    .innerJoin(services, eq(services.id, integrations.serviceId))
    .where(and(eq(integrationKeys.sha256, sha256), isNull(integrationKeys.revokedAt), isNull(integrations.disabledAt)));
  return row ? { ...row, document: documentOf(row) } : null;
}

/** The document with what it leaves out. */
export const documentOf = (row: { readonly document: unknown }): IntegrationDocument => ({
  ...emptyDocument,
  ...(row.document as Partial<IntegrationDocument>),
});

export async function insertIntegration(
  db: Queryable,
  integration: { serviceId: string; kind: string; name: string; principalId: string; document?: IntegrationDocument },
): Promise<IntegrationRow> {
  const [row] = await db
    .insert(integrations)
    .values({ id: newId('integration'), ...integration })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

/** With the team of its service; null when there is none. */
export async function findIntegration(
  db: Queryable,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<(IntegrationRow & { teamId: string }) | null> {
  const query = db
    .select({ integration: integrations, teamId: services.teamId })
    .from(integrations)
    .innerJoin(services, eq(services.id, integrations.serviceId))
    .where(eq(integrations.id, id));
  const [row] = await (options.lock ? query.for('update', { of: integrations }) : query);
  return row ? { ...row.integration, teamId: row.teamId } : null;
}

export async function listIntegrations(db: Queryable, serviceId: string, page: Page): Promise<IntegrationRow[]> {
  const { where, orderBy, limit } = newestFirst(integrations.createdAt, integrations.id, page);
  return db
    .select()
    .from(integrations)
    .where(and(where, eq(integrations.serviceId, serviceId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** Returns the row with its next version. The caller holds its lock. */
export async function changeIntegration(
  tx: Transaction,
  id: string,
  change: { readonly name?: string; readonly document: IntegrationDocument },
): Promise<IntegrationRow> {
  const [row] = await tx
    .update(integrations)
    .set({ ...change, version: sql`${integrations.version} + 1` })
    .where(eq(integrations.id, id))
    .returning();
  if (!row) throw new Error('an integration that is locked is not there');
  return row;
}

/**
 * Its keys end with it, so that another integration may take over one that was brought along: returns their ids. Null when
 * there is none, or it was disabled already.
 */
export async function disableIntegration(tx: Transaction, serviceId: string, id: string): Promise<string[] | null> {
  const { rowCount } = await tx
    .update(integrations)
    .set({ disabledAt: sql`now()` })
    .where(and(eq(integrations.id, id), eq(integrations.serviceId, serviceId), isNull(integrations.disabledAt)));
  if (!rowCount) return null;
  const ended = await tx
    .update(integrationKeys)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(integrationKeys.integrationId, id), isNull(integrationKeys.revokedAt)))
    .returning({ id: integrationKeys.id });
  return ended.map((key) => key.id);
}

const shownOfKey = {
  id: integrationKeys.id,
  integrationId: integrationKeys.integrationId,
  createdBy: integrationKeys.createdBy,
  createdAt: integrationKeys.createdAt,
  revokedAt: integrationKeys.revokedAt,
};

/**
 * Takes a key that senders have already, or makes one of 128 random bits, written as senders of 32-character keys expect.
 * Only its hash is kept: whoever asked for a new one shows it once; the one that was brought is not given back.
 *
 * Fails with `intake.keys_in_use` when two are live already, and with `intake.key_taken` when the key opens something, of
 * whomever. The caller holds the integration's lock, so that no third slips in.
 */
export async function insertIntegrationKey(
  tx: Transaction,
  integrationId: string,
  createdBy: string,
  brought?: string,
): Promise<IntegrationKeyRow & { readonly key: string | null }> {
  const live = await listIntegrationKeys(tx, integrationId);
  if (live.length >= liveKeysAtMost) throw new VigilError('intake.keys_in_use');
  const key = brought ?? randomBytes(16).toString('hex');
  const [row] = await tx
    .insert(integrationKeys)
    .values({ id: newId('integrationKey'), integrationId, sha256: sha256Hex(key), createdBy })
    .onConflictDoNothing({ target: integrationKeys.sha256, where: isNull(integrationKeys.revokedAt) })
    .returning(shownOfKey);
  if (!row) throw new VigilError('intake.key_taken');
  return { ...row, key: brought === undefined ? key : null };
}

/** The live ones, oldest first. */
export async function listIntegrationKeys(db: Queryable, integrationId: string): Promise<IntegrationKeyRow[]> {
  return db
    .select(shownOfKey)
    .from(integrationKeys)
    .where(and(eq(integrationKeys.integrationId, integrationId), isNull(integrationKeys.revokedAt)))
    .orderBy(integrationKeys.createdAt, integrationKeys.id);
}

/** False when there is none, or it was revoked already. */
export async function revokeIntegrationKey(db: Queryable, integrationId: string, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(integrationKeys)
    .set({ revokedAt: sql`now()` })
    .where(
      and(
        eq(integrationKeys.id, id),
        eq(integrationKeys.integrationId, integrationId),
        isNull(integrationKeys.revokedAt),
      ),
    );
  return (rowCount ?? 0) > 0;
}
