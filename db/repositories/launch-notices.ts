import { and, eq } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import type { LaunchEffect } from '#domain/launch/events.ts';
import type { Transaction } from '../client.ts';
import { auditEvents, launches, products } from '../schema/index.ts';
import { acceptTrigger } from './alerts.ts';
import { appendToChain, lockChain } from './audit-events.ts';
import { systemActor } from './commands.ts';

type Of<T extends LaunchEffect['type']> = Extract<LaunchEffect, { type: T }>;

const reminders: Readonly<Record<Of<'remindOwner'>['reminder'], string>> = {
  due_in_7_days: 'Requirements are due in 7 days',
  due_in_1_day: 'Requirements are due tomorrow',
  due: 'Requirements are due',
  overdue: 'Requirements are overdue',
  evidence_stale: 'Evidence has expired',
  result_stale: 'Measurements have expired',
  waiver_ends_in_7_days: 'Waivers end in 7 days',
  waiver_ends_in_1_day: 'Waivers end tomorrow',
  condition_due: 'Conditions of sign-offs are due',
};

const pages: Readonly<Record<Of<'pageOwner'>['reason'], string>> = {
  severity_1_case: 'A severity-1 case holds the launch',
  check_failed: 'A failed check holds the launch',
  detector_degraded: 'A degraded detector holds the launch',
  capability_changed: 'A changed capability holds the launch',
  analysis_failed: 'The analysis of the stage failed, and holds the launch',
  analysis_inconclusive: 'The analysis of the stage could not tell, and holds the launch',
  requested: 'A person holds the launch',
  waiver_expired: 'A waiver ended, and its requirement blocks again',
  aborted: 'The launch was aborted',
};

/**
 * Tells the people of a launch, through the escalation service of its product: a reminder with low urgency, a page with
 * high. What one moment brings to one role is one reminder. A retry finds what it raised before.
 */
export async function tellOwner(
  tx: Transaction,
  launchId: string,
  effect: Of<'remindOwner' | 'pageOwner'>,
): Promise<void> {
  const [launch] = await tx
    .select({ serviceId: products.serviceId, productName: products.name })
    .from(launches)
    .innerJoin(products, eq(products.id, launches.productId))
    .where(eq(launches.id, launchId));
  if (!launch) throw new VigilError('resource.not_found');
  const { key, type: _, ...about } = effect;
  const isReminder = effect.type === 'remindOwner';
  await acceptTrigger(tx, {
    serviceId: launch.serviceId,
    // Effects of one transition share its version, which stands at the front of their keys.
    dedupKey: `launch:${launchId}:${isReminder ? `${key.split(':', 1)[0]}:${effect.reminder}:${effect.role}` : key}`,
    severity: isReminder ? 4 : 2,
    title: `${isReminder ? reminders[effect.reminder] : pages[effect.reason]}: ${launch.productName}`,
    details: { launchId, ...about },
    reportedBy: 'vigil',
    causeKey: `launch:${launchId}:${key}`,
  });
}

/**
 * Notes in the audit trail that the product may go to a share of its users, or to nobody any more. Vigil switches nothing
 * itself: whoever rolls out reads it here or in the launch. Noted once for each effect.
 */
export async function noteRollout(
  tx: Transaction,
  launchId: string,
  effect: Of<'stageOpened' | 'rolloutStopped'>,
): Promise<void> {
  const aggregate = { kind: 'launch', id: launchId };
  const head = await lockChain(tx, aggregate);
  const [noted] = await tx
    .select({ seq: auditEvents.seq })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.aggregateKind, 'launch'),
        eq(auditEvents.aggregateId, launchId),
        eq(auditEvents.cause, effect.key),
        eq(auditEvents.action, `launch.${effect.type}`),
      ),
    );
  if (noted) return;
  await appendToChain(tx, aggregate, head, [
    { actor: systemActor, action: `launch.${effect.type}`, cause: effect.key, data: { percent: effect.percent } },
  ]);
}
