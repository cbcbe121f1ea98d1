import { eq } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import { evidenceSetText } from '#domain/launch/evidence-set.ts';
import type { Launch } from '#domain/launch/launch.ts';
import type { Json } from '#domain/json.ts';
import { canonicalHash } from '../audit-chain.ts';
import type { Queryable } from '../client.ts';
import { sha256Hex } from '../ids.ts';
import { launches, probeFacts } from '../schema/index.ts';

/** The state of a launch as it was recorded last. Fails with `resource.not_found` for one that is unknown or never began. */
export async function loadLaunch(db: Queryable, launchId: string): Promise<Launch> {
  const [row] = await db.select({ state: launches.state }).from(launches).where(eq(launches.id, launchId));
  if (!row?.state) throw new VigilError('resource.not_found');
  return row.state as Launch;
}

/**
 * What a sign-off of the launch would sign for now: the revision that the machine checks, and the SHA-256 of the evidence
 * set's text. Ask for it when the page is shown and send both back with the sign-off, so that people sign what they saw.
 */
export async function currentEvidenceSet(db: Queryable, launchId: string): Promise<{ revision: number; hash: string }> {
  const launch = await loadLaunch(db, launchId);
  return { revision: launch.evidenceRevision, hash: sha256Hex(evidenceSetText(launch)) };
}

/** Keeps the facts behind a measurement under their hash, which the result names. The same facts are kept once. */
export async function keepFacts(db: Queryable, facts: Json): Promise<string> {
  const sha256 = canonicalHash(facts);
  await db.insert(probeFacts).values({ sha256, facts }).onConflictDoNothing();
  return sha256;
}
