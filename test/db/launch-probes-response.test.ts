import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActRequest, EnforcementApi } from '#activities/clients/enforcement-api.ts';
import { OutgoingError } from '#activities/clients/outgoing-error.ts';
import { rehearse as rehearseIn } from '#activities/launch.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import { hourMs, minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { reviewTasks } from '#db/schema/index.ts';
import type { LaunchWorld, WorldOptions } from '../support/launch-world.ts';
import { ago, notMeasured, probeEffect, startProbing } from '../support/probing.ts';
import type { Probing } from '../support/probing.ts';
import { seedCase, seedQueue, seedReviewer } from '../support/review-world.ts';

let probing: Probing;
let db: Database;
const launch = (options?: WorldOptions): Promise<LaunchWorld> => probing.launch(options);
const measure: Probing['measure'] = (...of) => probing.measure(...of);

beforeAll(async () => {
  probing = await startProbing();
  ({ db } = probing);
});
afterAll(() => probing.close());

describe('routing', () => {
  it('passes when drills land in a queue that takes their harm', async () => {
    const world = await launch();
    const queueId = await seedQueue(world, { harms: ['fraud'] });
    const sensitiveId = await seedQueue(world, { sensitive: true });
    await seedCase(world, { queueId, synthetic: true });
    await seedCase(world, { queueId: sensitiveId, harm: 'groom', severity: 1, synthetic: true });
    expect(await measure(world, 'routing')).toMatchObject({ status: 'pass', observed: 1, population: 2 });
  });

  it('fails when the default queue took what a nearer one should have, when sensitive harm lands among the rest, and when it took too long', async () => {
    const world = await launch();
    const defaultId = await seedQueue(world);
    await seedQueue(world, { harms: ['fraud'] });
    await seedCase(world, { queueId: defaultId, synthetic: true });
    await seedCase(world, { queueId: defaultId, harm: 'groom', severity: 1, synthetic: true });
    await seedCase(world, { queueId: defaultId, harm: 'hate', severity: 1, synthetic: true, taskAfterMs: hourMs });
    await seedCase(world, { queueId: defaultId, harm: 'plat', synthetic: true });
    expect(await measure(world, 'routing')).toMatchObject({ status: 'fail', observed: 0.25, population: 4 });
  });

  it('fails for a drill that reached no queue', async () => {
    const world = await launch();
    const caseId = await seedCase(world, { queueId: await seedQueue(world), synthetic: true, openedAt: ago(minuteMs) });
    await db.delete(reviewTasks).where(eq(reviewTasks.caseId, caseId));
    expect(await measure(world, 'routing')).toMatchObject({ status: 'fail', observed: 0, population: 1 });
  });

  it('is not measured by real cases', async () => {
    const world = await launch();
    await seedCase(world, { queueId: await seedQueue(world) });
    expect(await measure(world, 'routing')).toMatchObject(notMeasured);
  });
});

describe('kill_switch', () => {
  async function drill(
    world: LaunchWorld,
    options: { held: boolean; stillStartedAfterMs?: number; agoMs?: number },
  ): Promise<void> {
    const by = world.people.engineer.id;
    const engagedAt = ago(options.agoMs ?? hourMs);
    const orderId = newId('enforcement');
    const caseId = await seedCase(world, {
      queueId: await seedQueue(world),
      decided: { by: await seedReviewer(world), verdict: 'violation' },
    });
    await db.execute(sql`
      INSERT INTO kill_switches (id, product_id, engaged_by, engaged_at, released_by, released_at)
      VALUES (${newId('killSwitch')}, ${world.productId}, ${by}, ${engagedAt.toISOString()}, ${by}, ${new Date(engagedAt.getTime() + hourMs).toISOString()})`);
    await db.execute(sql`
      INSERT INTO enforcement_orders (id, team_id, product_id, case_id, decision_id, account_ref, action, policy_version_id, decided_by, status)
      SELECT ${orderId}, ${world.teamId}, ${world.productId}, ${caseId}, id, 'a', 'suspend_account', policy_version_id, decided_by, 'active' FROM decisions WHERE case_id = ${caseId}`);
    if (options.held) {
      await db.execute(sql`
        INSERT INTO audit_events (id, aggregate_kind, aggregate_id, seq, at, actor_kind, actor_id, action, data, prev_hash, hash)
        VALUES (${newId('auditEvent')}, 'enforcement', ${orderId}, 1, ${new Date(engagedAt.getTime() + 30 * minuteMs).toISOString()}, 'system', 'vigil', 'enforcement.actionSettled',
          '{"event": {"result": "stopped_by_kill_switch"}}', '', '')`);
    }
    if (options.stillStartedAfterMs !== undefined) {
      const startedAt = new Date(engagedAt.getTime() + options.stillStartedAfterMs).toISOString();
      await db.execute(sql`
        INSERT INTO enforcement_actions (id, order_id, operation, action, account_ref, idempotency_key, status, started_at)
        VALUES (${newId('enforcementAction')}, ${orderId}, 'apply', 'suspend_account', 'a', ${orderId}, 'done', ${startedAt})`);
    }
  }

  it('passes when nothing started any more', async () => {
    const world = await launch();
    await drill(world, { held: true });
    expect(await measure(world, 'kill_switch')).toMatchObject({ status: 'pass', observed: 0, population: 1 });
  });

  it('counts the last action that still started, and fails when that was too late', async () => {
    const world = await launch();
    await drill(world, { held: true, stillStartedAfterMs: 4 * minuteMs });
    expect(await measure(world, 'kill_switch', 'T0')).toMatchObject({ status: 'pass', observed: 4 * minuteMs });
    await drill(world, { held: true, stillStartedAfterMs: 40 * minuteMs, agoMs: 3 * hourMs });
    expect(await measure(world, 'kill_switch')).toMatchObject({
      status: 'fail',
      observed: 40 * minuteMs,
      population: 2,
    });
  });

  it('is not measured by a switch that held nothing back', async () => {
    const world = await launch();
    await drill(world, { held: false });
    expect(await measure(world, 'kill_switch')).toMatchObject(notMeasured);
  });
});

describe('enforcement_dry_run', () => {
  const rehearse = async (world: LaunchWorld, api: EnforcementApi | null): Promise<CheckResult> => {
    const { result } = await rehearseIn(db, api, world.launchId, probeEffect('enforcement_dry_run', 'T2', 1));
    return result;
  };
  const platform = (act: (order: ActRequest) => string): EnforcementApi & { orders: ActRequest[] } => {
    const orders: ActRequest[] = [];
    return {
      orders,
      act(order) {
        orders.push(order);
        const outcome = order.operation === 'apply' ? 'applied' : 'already_reversed';
        return Promise.resolve().then(() => ({ effectId: act(order), outcome, at: Date.now() }));
      },
      notify: () => Promise.resolve(),
    };
  };

  it('passes when each action has one effect and can be reversed, and changes nothing', async () => {
    const api = platform(({ idempotencyKey }) => idempotencyKey);
    expect(await rehearse(await launch(), api)).toMatchObject({ status: 'pass', observed: 1, population: 2 });
    expect(api.orders.every(({ dryRun }) => dryRun)).toBe(true);
    expect(api.orders.map(({ action, operation }) => `${operation} ${action}`)).toEqual([
      'apply warn_account',
      'apply warn_account',
      'apply suspend_account',
      'apply suspend_account',
      'reverse suspend_account',
    ]);
  });

  it('fails when a repeated call has an effect of its own, and when the platform refuses an action', async () => {
    let effects = 0;
    expect(
      await rehearse(
        await launch(),
        platform(() => String(effects++)),
      ),
    ).toMatchObject({ status: 'fail', observed: 0 });
    const refusing = platform(({ action }) => {
      if (action === 'warn_account') return 'one';
      throw new OutgoingError('platform', { kind: 'permanent', reason: 'rejected', status: 422 });
    });
    expect(await rehearse(await launch(), refusing)).toMatchObject({ status: 'fail', observed: 0.5 });
  });

  it('tells nothing while the platform is away, and is not measured without one', async () => {
    const away = platform(() => {
      throw new OutgoingError('platform', {
        kind: 'transient',
        reason: 'timeout',
        status: null,
        retryAfterMs: null,
        mayHaveArrived: true,
      });
    });
    await expect(rehearse(await launch(), away)).rejects.toThrow(OutgoingError);
    expect(await rehearse(await launch(), null)).toMatchObject(notMeasured);
  });
});
