import { and, eq, isNull, sql } from 'drizzle-orm';
import type { CanaryEffect } from '#domain/detection/canary.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { minuteMs } from '#domain/time.ts';
import { canonicalHash } from '../audit-chain.ts';
import type { Transaction } from '../client.ts';
import { canaryRuns, cases, escalations, products } from '../schema/index.ts';
import { acceptResolve, acceptTrigger } from './alerts.ts';
import { leaveCommand } from './commands.ts';
import { findDetectorVersion } from './detectors.ts';
import { insertProductEvents } from './product-events.ts';
import { derivedId } from '../ids.ts';

type EffectOf<T extends CanaryEffect['type']> = Extract<CanaryEffect, { type: T }>;

/**
 * Plants the detector's own sample under the account of this run, marked as synthetic; returns the first event's id.
 * A retry plants nothing more. Fails with `canary.no_sample` when the detector version has none.
 */
export async function injectCanary(tx: Transaction, canaryId: string, at: number): Promise<string> {
  const run = await canaryRow(tx, canaryId);
  const detector = await findDetectorVersion(tx, run.detectorVersionId);
  const sample = detector?.definition.canary;
  if (!detector || !sample) throw new VigilError('canary.no_sample');
  const sourceIds = Array.from({ length: sample.repeat }, (_, index) => `${canaryId}-${index + 1}`);
  await insertProductEvents(
    tx,
    run.productId,
    sourceIds.map((sourceId) => ({
      sourceId,
      kind: sample.kind,
      accountRef: run.accountRef,
      occurredAt: new Date(at).toISOString(),
      attributes: sample.attributes,
      text: sample.text,
      synthetic: true,
    })),
  );
  return derivedId('productEvent', run.productId, sourceIds[0] ?? canaryId);
}

/** Tells a canary's run what happened to its drill. A fact that it has heard already changes nothing. */
export async function tellCanary(
  tx: Transaction,
  canaryId: string,
  name: string,
  key: string,
  input: { readonly [key: string]: Json },
  actor?: Parameters<typeof leaveCommand>[1]['actor'],
): Promise<void> {
  await leaveCommand(tx, {
    mode: 'signal',
    name,
    kind: 'canary',
    aggregateId: canaryId,
    idempotencyKey: `canary:${canaryId}:${name}:${key}`,
    priority: 3,
    input,
    ...(actor === undefined ? {} : { actor }),
  });
}

/** The measured minutes as a check run of the launch; nothing to report for a product's own canary. */
export async function reportCanaryEvidence(
  tx: Transaction,
  canaryId: string,
  effect: EffectOf<'reportEvidence'>,
): Promise<void> {
  if (effect.launchId === null) return;
  const result: CheckResult = {
    status: effect.passed ? 'pass' : 'fail',
    ...(await recentCanaries(tx, effect.launchId, { canaryId, passed: effect.passed, minutes: effect.minutes })),
  };
  await leaveCommand(tx, {
    mode: 'update',
    name: 'reportCheck',
    kind: 'launch',
    aggregateId: effect.launchId,
    idempotencyKey: `canary:${canaryId}`,
    priority: 3,
    input: { requirementId: effect.requirementId, result },
  });
}

/** Closes whatever the drill opened; found by the canary's id too, for after a miss the run may not know it. */
export async function closeDrill(tx: Transaction, effect: EffectOf<'closeDrill'>): Promise<void> {
  const run = await canaryRow(tx, effect.canaryId);
  const drillCases = await tx
    .select({ id: cases.id })
    .from(cases)
    .where(
      and(
        eq(cases.productId, run.productId),
        eq(cases.accountRef, run.accountRef),
        eq(cases.synthetic, true),
        isNull(cases.closedAt),
      ),
    );
  for (const { id } of drillCases) {
    await leaveCommand(tx, {
      mode: 'signal',
      name: 'drillClosed',
      kind: 'case',
      aggregateId: id,
      idempotencyKey: `drillClosed:${id}`,
      priority: 3,
      input: {},
    });
  }
  const drills = await tx
    .select({ serviceId: escalations.serviceId, dedupKey: escalations.dedupKey })
    .from(escalations)
    .where(and(eq(escalations.canaryId, effect.canaryId), isNull(escalations.closedAt)));
  for (const drill of drills) await acceptResolve(tx, { ...drill, reportedBy: 'vigil' });
}

export async function escalateMissedCanary(
  tx: Transaction,
  canaryId: string,
  effect: EffectOf<'openEscalation'>,
): Promise<void> {
  const run = await canaryRow(tx, canaryId);
  const [product] = await tx
    .select({ serviceId: products.serviceId, name: products.name })
    .from(products)
    .where(eq(products.id, run.productId));
  if (!product) throw new VigilError('resource.not_found');
  await acceptTrigger(tx, {
    serviceId: product.serviceId,
    dedupKey: effect.dedupKey,
    severity: 2,
    title: `Canary missed after ${effect.reached ?? 'its start'}: ${product.name}`,
    reportedBy: 'vigil',
    causeKey: `canary:${canaryId}:${effect.key}`,
  });
}

async function canaryRow(tx: Transaction, canaryId: string) {
  const [run] = await tx.select().from(canaryRuns).where(eq(canaryRuns.id, canaryId));
  if (!run) throw new VigilError('resource.not_found');
  return run;
}

const canariesThatCount = 3;

/** The last runs of the launch as one measurement: how many in a row passed, with this one, and the slowest of them. */
async function recentCanaries(
  tx: Transaction,
  launchId: string,
  now: { canaryId: string; passed: boolean; minutes: number },
) {
  const { rows } = await tx.execute<{
    id: string;
    passed: boolean | null;
    minutes: number | null;
    age_ms: string;
  }>(sql`
    SELECT id, (state->>'passed')::boolean AS passed, (state->>'minutes')::float8 AS minutes,
      floor(extract(epoch FROM clock_timestamp() - opened_at) * 1000)::bigint AS age_ms
    FROM canary_runs WHERE launch_id = ${launchId} ORDER BY opened_at DESC LIMIT ${canariesThatCount}`);
  const runs = rows
    .map((row) => (row.id === now.canaryId ? { ...row, passed: now.passed, minutes: now.minutes } : row))
    .filter((row) => row.passed !== null);
  const slowest = Math.max(...runs.map((row) => row.minutes ?? 0), now.minutes);
  const windowMs = runs.length === 0 ? 0 : Math.max(...runs.map((row) => Number(row.age_ms)));
  return {
    observed: slowest * minuteMs,
    threshold: null,
    population: runs.length,
    windowMs,
    evidenceHash: canonicalHash(runs.map(({ id, passed, minutes }) => ({ id, passed, minutes }))),
  };
}
