import { sql } from 'drizzle-orm';
import type { Maturity } from '#domain/detection/detector.ts';
import type { Role } from '#domain/actor.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import {
  caseSignals,
  cases,
  decisions,
  detectors,
  detectorVersions,
  policies,
  policyVersions,
  reviewQueues,
  reviewTasks,
  roleGrants,
  signals,
} from '#db/schema/index.ts';
import { seedPerson } from './seed.ts';

export interface Subject {
  readonly db: Database;
  readonly productId: string;
  readonly teamId: string;
}

export async function seedDetector(
  { db, productId, teamId }: Subject,
  options: {
    readonly harm: string;
    readonly maturity: Maturity;
    readonly severity?: 1 | 2 | 3 | 4;
    readonly ageDays?: number;
  },
): Promise<string> {
  const ownerId = await seedPerson(db, { name: 'detector owner' });
  const detectorId = newId('detector');
  const createdAt = sql`now() - make_interval(days => ${options.ageDays ?? 30})`;
  const { harm, severity = 2, maturity } = options;
  await db.insert(detectors).values({
    id: detectorId,
    productId,
    teamId,
    key: detectorId,
    kind: 'rules',
    harm,
    severity,
    title: 'Detector',
    ownerId,
    createdAt,
  });
  const versionId = newId('detectorVersion');
  await db.insert(detectorVersions).values({
    id: versionId,
    detectorId,
    number: 1,
    definition: {},
    sha256: '',
    maturity,
    threshold: 0.5,
    createdBy: ownerId,
    createdAt,
  });
  return versionId;
}

export async function seedQueue(
  { db, teamId }: Subject,
  options: { readonly sensitive?: boolean; readonly harms?: readonly string[] } = {},
): Promise<string> {
  const id = newId('reviewQueue');
  await db.insert(reviewQueues).values({
    id,
    teamId,
    key: id,
    title: 'Queue',
    sensitive: options.sensitive ?? false,
    harms: [...(options.harms ?? [])],
  });
  return id;
}

/** A person with the role in this team only. */
export async function seedReviewer({ db, teamId }: Subject, role: Role = 'reviewer'): Promise<string> {
  const principalId = await seedPerson(db, { name: role });
  await db.insert(roleGrants).values({ id: newId('roleGrant'), principalId, role, teamId });
  return principalId;
}

export interface CaseOptions {
  readonly queueId: string;
  readonly harm?: string;
  readonly severity?: 1 | 2 | 3 | 4;
  readonly synthetic?: boolean;
  readonly detectorVersionId?: string;
  /** Decided by this person so. */
  readonly decided?: { readonly by: string; readonly verdict: 'violation' | 'no_violation' };
  readonly openedAt?: Date;
  /** Milliseconds from the opening to the task, and from it to the claim and the decision. */
  readonly taskAfterMs?: number;
  readonly claimedAfterMs?: number;
  readonly decidedAfterMs?: number;
}

/** A case with one task, and a decision if one is given. Returns the case's id. */
export async function seedCase({ db, productId, teamId }: Subject, options: CaseOptions): Promise<string> {
  const { harm = 'fraud', severity = 2, synthetic = false, decided, openedAt = new Date() } = options;
  const taskAt = new Date(openedAt.getTime() + (options.taskAfterMs ?? 0));
  const claimedAt = new Date(taskAt.getTime() + (options.claimedAfterMs ?? 60_000));
  const decidedAt = new Date(claimedAt.getTime() + (options.decidedAfterMs ?? 60_000));
  const caseId = newId('case');
  const accountRef = caseId;
  const policyVersionId = await policyFor(db, harm, productId);
  await db.insert(cases).values({
    id: caseId,
    productId,
    teamId,
    accountRef,
    harm,
    severity,
    synthetic,
    policyVersionId,
    status: decided ? 'closed' : 'open',
    openedAt,
    ...(decided ? { decidedAt, closedAt: decidedAt } : {}),
  });
  const taskId = newId('reviewTask');
  await db.insert(reviewTasks).values({
    id: taskId,
    caseId,
    queueId: options.queueId,
    round: 1,
    severity,
    status: decided ? 'decided' : 'open',
    dueAt: openedAt,
    createdAt: taskAt,
    ...(decided ? { leaseClaimedAt: claimedAt, settledAt: decidedAt, leaseOwner: decided.by } : {}),
  });
  if (options.detectorVersionId) {
    const signalId = newId('signal');
    await db.insert(signals).values({
      id: signalId,
      detectorVersionId: options.detectorVersionId,
      productId,
      accountRef,
      harm,
      severity,
      score: 1,
      dedupeKey: signalId,
      mode: 'live',
      synthetic,
      occurredAt: openedAt,
    });
    await db.insert(caseSignals).values({ caseId, signalId });
  }
  if (decided) {
    await db.insert(decisions).values({
      id: newId('decision'),
      taskId,
      caseId,
      verdict: decided.verdict,
      decidedBy: decided.by,
      decidedAsRole: 'reviewer',
      policyVersionId,
      leaseToken: 1,
      decidedAt,
    });
  }
  return caseId;
}

async function policyFor(db: Database, harm: string, productId: string): Promise<string> {
  const key = `${harm}-${productId}`;
  const id = `pol_${key}`;
  const versionId = `plv_${key}`;
  await db.insert(policies).values({ id, key, title: harm, harm }).onConflictDoNothing();
  const [known] = await db
    .select()
    .from(policyVersions)
    .where(sql`${policyVersions.id} = ${versionId}`);
  if (!known) {
    const publishedBy = await seedPerson(db, { name: 'policy author' });
    await db
      .insert(policyVersions)
      .values({ id: versionId, policyId: id, number: 1, body: '', sha256: '', publishedBy });
  }
  return versionId;
}
