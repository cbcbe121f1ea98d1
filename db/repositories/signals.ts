import { createHash } from 'node:crypto';
import { and, desc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import { defaultSlaClocks } from '#domain/review/sla.ts';
import type { CaseInput } from '#domain/review/case.ts';
import { isSensitive } from '#domain/harms.ts';
import type { Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { databaseNow } from '../now.ts';
import { canaryRuns, caseSignals, cases, launches, policies, policyVersions, signals } from '../schema/index.ts';
import { tellCanary } from './canaries.ts';
import { leaveCommand } from './commands.ts';

export interface NewSignal {
  readonly accountRef: string;
  readonly score: number;
  readonly eventId: string | null;
  readonly contentId: string | null;
  /** The same finding, found again, has the same key: it is filed once. */
  readonly dedupeKey: string;
  readonly occurredAt: number;
  readonly synthetic: boolean;
}

export interface SignalSource {
  readonly detectorVersionId: string;
  readonly productId: string;
  readonly teamId: string;
  readonly harm: string;
  readonly severity: Severity;
  readonly mode: 'shadow' | 'assisted' | 'live';
}

export interface Filed {
  readonly filed: number;
  readonly casesOpened: number;
}

/**
 * Files what a detector found and lets it open or feed cases, in one transaction with the commands that tell the cases.
 *
 * Found again is found once. Signals of a shadow detector reach no case. Signals about one account and harm feed its one
 * undecided case, which hears only of what changes it: a worse severity, another detector. Drills stay among drills.
 * Fails with `case.no_policy` when nobody has published a policy for the harm: there would be nothing to judge by.
 */
export async function fileSignals(tx: Transaction, source: SignalSource, found: readonly NewSignal[]): Promise<Filed> {
  if (found.length === 0) return { filed: 0, casesOpened: 0 };
  const filed = await insertSignals(tx, source, found);
  if (source.mode === 'shadow' || filed.length === 0) return { filed: filed.length, casesOpened: 0 };
  const setting = await settingOf(tx, source);
  let casesOpened = 0;
  for (const group of byAccount(filed)) if (await feedCase(tx, source, setting, group)) casesOpened++;
  return { filed: filed.length, casesOpened };
}

/**
 * After a case was decided: signals that reached it after that decision was made were judged by nobody, so they open or
 * feed the next case of the account. The caller holds the case row's lock. Returns how many moved.
 */
export async function refileLateSignals(tx: Transaction, caseId: string, decidedBySeq: number): Promise<number> {
  const late = await tx
    .delete(caseSignals)
    .where(and(eq(caseSignals.caseId, caseId), gt(caseSignals.seq, decidedBySeq)))
    .returning({ signalId: caseSignals.signalId });
  if (late.length === 0) return 0;
  const [subject] = await tx
    .update(cases)
    .set({ signalCount: sql`${cases.signalCount} - ${late.length}` })
    .where(eq(cases.id, caseId))
    .returning();
  if (!subject) throw new VigilError('resource.not_found');
  const rows = await tx
    .select()
    .from(signals)
    .where(
      inArray(
        signals.id,
        late.map((row) => row.signalId),
      ),
    );
  const [first] = rows;
  if (!first) return 0;
  const source: SignalSource = {
    detectorVersionId: first.detectorVersionId,
    productId: subject.productId,
    teamId: subject.teamId,
    harm: subject.harm,
    severity: Math.min(...rows.map((row) => row.severity)) as Severity,
    mode: 'live',
  };
  await feedCase(
    tx,
    source,
    await settingOf(tx, source),
    rows.map((row) => ({ id: row.id, accountRef: row.accountRef, synthetic: row.synthetic })),
  );
  return rows.length;
}

interface FiledSignal {
  readonly id: string;
  readonly accountRef: string;
  readonly synthetic: boolean;
}

/** A statement takes 65,535 parameters, and one window of a detector may hold more findings than fit. */
const signalsAtOnce = 1_000;

async function insertSignals(
  tx: Transaction,
  source: SignalSource,
  found: readonly NewSignal[],
): Promise<FiledSignal[]> {
  const filed: FiledSignal[] = [];
  for (let from = 0; from < found.length; from += signalsAtOnce)
    filed.push(...(await insertSome(tx, source, found.slice(from, from + signalsAtOnce))));
  return filed;
}

function insertSome(tx: Transaction, source: SignalSource, found: readonly NewSignal[]): Promise<FiledSignal[]> {
  return tx
    .insert(signals)
    .values(
      found.map((signal) => ({
        id: newId('signal'),
        detectorVersionId: source.detectorVersionId,
        productId: source.productId,
        accountRef: signal.accountRef,
        harm: source.harm,
        severity: source.severity,
        score: signal.score,
        eventId: signal.eventId,
        contentId: signal.contentId,
        dedupeKey: createHash('sha256').update(signal.dedupeKey).digest('hex'),
        mode: source.mode,
        synthetic: signal.synthetic,
        occurredAt: new Date(signal.occurredAt),
      })),
    )
    .onConflictDoNothing({ target: signals.dedupeKey })
    .returning({ id: signals.id, accountRef: signals.accountRef, synthetic: signals.synthetic });
}

/** In the order of the accounts, so that two sweeps lock case rows in the same order. */
function byAccount(filed: readonly FiledSignal[]): FiledSignal[][] {
  const groups = Map.groupBy(filed, (signal) => `${signal.accountRef} ${signal.synthetic}`);
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** What every case that is opened now stands under. */
interface Setting {
  readonly policyVersionId: string;
  readonly launchId: string | null;
}

const settingOf = async (tx: Transaction, { harm, productId }: SignalSource): Promise<Setting> => ({
  policyVersionId: await currentPolicyVersion(tx, harm),
  launchId: await openLaunch(tx, productId),
});

async function feedCase(
  tx: Transaction,
  source: SignalSource,
  setting: Setting,
  group: readonly FiledSignal[],
): Promise<boolean> {
  const [first] = group;
  if (!first) return false;
  const { policyVersionId } = setting;
  const launchId = first.synthetic ? null : setting.launchId;
  const { rows } = await tx.execute<{ id: string; opened: boolean; rose: boolean }>(sql`
    INSERT INTO cases AS open (id, product_id, team_id, account_ref, harm, severity, synthetic, launch_id, policy_version_id, status, signal_count)
    VALUES (${newId('case')}, ${source.productId}, ${source.teamId}, ${first.accountRef}, ${source.harm}, ${source.severity},
      ${first.synthetic}, ${launchId}, ${policyVersionId}, 'opening', ${group.length})
    ON CONFLICT (product_id, account_ref, harm, synthetic) WHERE closed_at IS NULL AND decided_at IS NULL DO UPDATE SET
      signal_count = open.signal_count + excluded.signal_count,
      severity = least(open.severity, excluded.severity)
    RETURNING new.id, old.id IS NULL AS opened, coalesce(new.severity < old.severity, false) AS rose`);
  const [row] = rows;
  if (!row) throw new Error('an upsert returned no row');
  const isKnownDetector = row.opened ? false : await hasDetector(tx, row.id, source.detectorVersionId);
  await tx.insert(caseSignals).values(group.map((signal) => ({ caseId: row.id, signalId: signal.id })));
  const canaryId = first.synthetic ? await canaryOf(tx, first.accountRef) : null;
  if (canaryId !== null) {
    const at = await databaseNow(tx);
    await tellCanary(tx, canaryId, 'detected', first.id, { signalId: first.id, at });
    if (row.opened) await tellCanary(tx, canaryId, 'caseOpened', row.id, { caseId: row.id, at });
  }
  if (row.opened) {
    await leaveOpening(tx, source, row.id, {
      launchId,
      policyVersionId,
      accountRef: first.accountRef,
      synthetic: first.synthetic,
      canaryId,
    });
  } else if (!isKnownDetector || row.rose) {
    await leaveCommand(tx, {
      mode: 'signal',
      name: 'signalAdded',
      kind: 'case',
      aggregateId: row.id,
      idempotencyKey: `signal:${first.id}:${row.id}`,
      priority: source.severity,
      input: { severity: source.severity, detectorVersionId: source.detectorVersionId },
    });
  }
  return row.opened;
}

async function hasDetector(tx: Transaction, caseId: string, detectorVersionId: string): Promise<boolean> {
  const [known] = await tx
    .select({ id: signals.id })
    .from(caseSignals)
    .innerJoin(signals, eq(signals.id, caseSignals.signalId))
    .where(and(eq(caseSignals.caseId, caseId), eq(signals.detectorVersionId, detectorVersionId)))
    .limit(1);
  return known !== undefined;
}

async function leaveOpening(
  tx: Transaction,
  source: SignalSource,
  caseId: string,
  subject: {
    launchId: string | null;
    policyVersionId: string;
    accountRef: string;
    synthetic: boolean;
    canaryId: string | null;
  },
): Promise<void> {
  const input: CaseInput = {
    caseId,
    productId: source.productId,
    teamId: source.teamId,
    accountRef: subject.accountRef,
    harm: source.harm,
    severity: source.severity,
    sensitive: isSensitive(source.harm),
    synthetic: subject.synthetic,
    canaryId: subject.canaryId,
    launchId: subject.launchId,
    policyVersionId: subject.policyVersionId,
    detectorVersionIds: [source.detectorVersionId],
    clocks: defaultSlaClocks,
    doubleReview: false,
    skipLimit: 3,
  };
  await leaveCommand(tx, {
    mode: 'start',
    name: 'open',
    kind: 'case',
    aggregateId: caseId,
    idempotencyKey: `open:${caseId}`,
    priority: source.severity,
    input: input as unknown as { [key: string]: Json },
  });
}

async function currentPolicyVersion(tx: Transaction, harm: string): Promise<string> {
  const [version] = await tx
    .select({ id: policyVersions.id })
    .from(policyVersions)
    .innerJoin(policies, eq(policies.id, policyVersions.policyId))
    .where(eq(policies.harm, harm))
    .orderBy(desc(policyVersions.publishedAt), desc(policyVersions.number))
    .limit(1);
  if (!version) throw new VigilError('case.no_policy', { harm });
  return version.id;
}

async function openLaunch(tx: Transaction, productId: string): Promise<string | null> {
  const [launch] = await tx
    .select({ id: launches.id })
    .from(launches)
    .where(and(eq(launches.productId, productId), isNull(launches.closedAt)))
    .orderBy(desc(launches.openedAt))
    .limit(1);
  return launch?.id ?? null;
}

async function canaryOf(tx: Transaction, accountRef: string): Promise<string | null> {
  const [run] = await tx.select({ id: canaryRuns.id }).from(canaryRuns).where(eq(canaryRuns.accountRef, accountRef));
  return run?.id ?? null;
}
