import { actionNames, actionRule, isLiftable } from '#domain/enforcement/actions.ts';
import type { ActionName } from '#domain/enforcement/actions.ts';
import { unknown } from '#domain/launch/intake-fields.ts';
import type { ActOutcome, ActRequest, EnforcementApi } from '../clients/enforcement-api.ts';
import { OutgoingError } from '../clients/outgoing-error.ts';
import { shareOf } from './measured.ts';
import type { Measured, ProbeInput } from './measured.ts';

/** The account that the platform keeps for rehearsals. */
const testAccountRef = 'vigil-test-account';

interface Rehearsed {
  readonly action: ActionName;
  readonly once: boolean;
  readonly reversed: boolean | null;
  readonly refusal: string | null;
}

/**
 * Rehearses each action that the intake names, or all of them while it does not say, on a test account and without
 * changing anything: applied twice under one key, which must have one effect, and reversed where that can be done.
 *
 * An action that the platform refuses for good did not work. While the platform is away this throws, to be tried again.
 * Without a platform nothing was measured.
 */
export async function rehearseEnforcement(
  { launch }: ProbeInput,
  api: EnforcementApi | null,
  runKey: string,
): Promise<Measured> {
  const named = launch.intake?.enforcement.actions ?? unknown;
  const actions = named === unknown ? actionNames : named;
  if (api === null)
    return { observed: null, population: 0, windowMs: 0, facts: { platform: null, actions: [...actions] } };
  const lines: Rehearsed[] = [];
  for (const action of actions) lines.push(await rehearse(api, launch.id, action, `${launch.id}:${runKey}:${action}`));
  return {
    observed: shareOf(lines.map(({ once, reversed }) => once && reversed !== false)),
    population: lines.length,
    windowMs: 0,
    facts: { testAccountRef, lines: lines.map((line) => ({ ...line })) },
  };
}

async function rehearse(api: EnforcementApi, launchId: string, action: ActionName, key: string): Promise<Rehearsed> {
  const act = (operation: ActRequest['operation']): Promise<ActOutcome> =>
    api.act({
      idempotencyKey: `${key}:${operation}`,
      orderId: launchId,
      action,
      operation,
      target: { kind: actionRule(action).target, ref: testAccountRef },
      untilAt: null,
      policyCode: 'rehearsal',
      dryRun: true,
    });
  try {
    const first = await act('apply');
    const second = await act('apply');
    const once = first.effectId === second.effectId;
    if (!isLiftable(action)) return { action, once, reversed: null, refusal: null };
    const { outcome } = await act('reverse');
    return { action, once, reversed: outcome === 'reversed' || outcome === 'already_reversed', refusal: null };
  } catch (error) {
    if (!(error instanceof OutgoingError) || error.failure.kind !== 'permanent') throw error;
    return { action, once: false, reversed: false, refusal: error.failure.reason };
  }
}
