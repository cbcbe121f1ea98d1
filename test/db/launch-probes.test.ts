import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { minuteMs, dayMs } from '#domain/time.ts';
import type { Json } from '#domain/json.ts';
import { canonicalHash } from '#db/audit-chain.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { contactMethods, principals, probeFacts } from '#db/schema/index.ts';
import { putLaunchState, seedLaunchWorld } from '../support/launch-world.ts';
import type { LaunchWorld, WorldOptions } from '../support/launch-world.ts';
import { startProbing } from '../support/probing.ts';
import type { Probing } from '../support/probing.ts';
import { seedQueue, seedReviewer } from '../support/review-world.ts';

let probing: Probing;
let db: Database;
const launch = (options?: WorldOptions): Promise<LaunchWorld> => probing.launch(options);
const measure: Probing['measure'] = (...of) => probing.measure(...of);

beforeAll(async () => {
  probing = await startProbing();
  ({ db } = probing);
});
afterAll(() => probing.close());

describe('every measurement', () => {
  it('names the hash of the facts that it read, which are kept', async () => {
    const world = await launch();
    const { evidenceHash } = await measure(world, 'harm_matrix');
    const [kept] = await db
      .select()
      .from(probeFacts)
      .where(eq(probeFacts.sha256, evidenceHash ?? ''));
    expect(canonicalHash(kept?.facts as Json)).toBe(evidenceHash);
    expect(await measure(world, 'harm_matrix')).toMatchObject({ evidenceHash });
  });
});

describe('intake_complete', () => {
  it('passes on complete answers', async () => {
    expect(await measure(await launch(), 'intake_complete')).toMatchObject({
      status: 'pass',
      observed: 0,
      windowMs: 0,
    });
  });

  it('fails on an unknown answer', async () => {
    const world = await launch({ intake: { privacyReview: { state: 'unknown' } } });
    expect(await measure(world, 'intake_complete')).toMatchObject({ status: 'fail', observed: 1 });
  });
});

describe('owner_resolves', () => {
  it('passes when all four lead to somebody', async () => {
    expect(await measure(await launch(), 'owner_resolves')).toMatchObject({
      status: 'pass',
      observed: 1,
      population: 4,
    });
  });

  it('fails when the deputy has left', async () => {
    const world = await launch();
    await db
      .update(principals)
      .set({ disabledAt: sql`now()` })
      .where(eq(principals.id, world.deputy.id));
    expect(await measure(world, 'owner_resolves')).toMatchObject({ status: 'fail', observed: 0.75 });
  });

  it('fails when the owner has no way to be reached', async () => {
    const world = await launch();
    await db
      .update(contactMethods)
      .set({ disabledAt: sql`now()` })
      .where(eq(contactMethods.personId, world.people.launch_owner.id));
    expect(await measure(world, 'owner_resolves')).toMatchObject({ status: 'fail', observed: 0.75 });
  });

  it('fails when the named pager is not the one that is paged, and counts unknown answers', async () => {
    const { ownership } = (await launch()).intake;
    const other = await launch();
    const named = {
      ...other.intake.ownership,
      pagerServiceId: ownership.pagerServiceId,
      deputyPersonId: 'unknown' as const,
    };
    await putLaunchState({ ...other, intake: { ...other.intake, ownership: named } });
    expect(await measure(other, 'owner_resolves')).toMatchObject({ status: 'fail', observed: 0.5, population: 4 });
  });
});

describe('rota_filled', () => {
  it('passes when both rungs reach a person at all times', async () => {
    const result = await measure(await launch(), 'rota_filled');
    expect(result).toMatchObject({ status: 'pass', observed: 0, population: 2 });
    expect(result.windowMs).toBeGreaterThan(14 * dayMs);
  });

  it('counts the time in which nobody of a rung can be reached', async () => {
    const world = await launch();
    await db
      .update(contactMethods)
      .set({ disabledAt: sql`now()` })
      .where(eq(contactMethods.personId, world.people.engineer.id));
    const result = await measure(world, 'rota_filled');
    expect(result).toMatchObject({ status: 'fail', observed: result.windowMs });
  });

  it('finds the hole in a schedule', async () => {
    const scheduleId = newId('schedule');
    const layer = {
      id: 'days',
      rotation: { kind: 'daily' },
      start: '2026-01-01T08:00',
      participants: [] as string[],
      windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime: '08:00', endTime: '20:00' }],
    };
    const world = await seedLaunchWorld(db, {
      policy: (people) => {
        layer.participants.push(people.oncall_manager.id);
        return {
          rungs: [
            { targets: [{ kind: 'schedule', scheduleId }], ackWithinMs: minuteMs },
            { targets: [{ kind: 'person', personId: people.engineer.id }], ackWithinMs: minuteMs },
          ],
          catchAllPersonId: people.executive.id,
        };
      },
    });
    const document = { zone: 'UTC', layers: [layer], overrides: [], temporarySchedules: [], marks: [] };
    await db.execute(
      sql`INSERT INTO schedules (id, team_id, key, name, version, document) VALUES (${scheduleId}, ${world.teamId}, ${scheduleId}, 'Days', 1, ${JSON.stringify(document)})`,
    );
    await putLaunchState(world);
    const result = await measure(world, 'rota_filled');
    expect(result.status).toBe('fail');
    expect((result.observed ?? 0) / result.windowMs).toBeCloseTo(0.5, 1);
  });

  it('fails without a second rung, and is not measured when a rung names nobody', async () => {
    const one = await launch({
      policy: (people) => ({
        rungs: [{ targets: [{ kind: 'person', personId: people.engineer.id }], ackWithinMs: minuteMs }],
        catchAllPersonId: people.executive.id,
      }),
    });
    expect(await measure(one, 'rota_filled')).toMatchObject({ status: 'fail', observed: 0, population: 1 });
    const empty = await launch({
      policy: (people) => ({ rungs: [{ targets: [], ackWithinMs: minuteMs }], catchAllPersonId: people.executive.id }),
    });
    expect(await measure(empty, 'rota_filled')).toMatchObject({ status: 'not_reported', population: 0 });
  });
});

describe('reviewer_protection', () => {
  const sensitive: WorldOptions = { intake: { ownAbuse: { harms: ['groom', 'fraud'], descriptionNoteId: 'none' } } };

  it('passes when sensitive harm has a sensitive queue with somebody who chose it', async () => {
    const world = await launch(sensitive);
    await seedQueue(world);
    await seedQueue(world, { sensitive: true });
    await seedReviewer(world, 'sensitive_reviewer');
    expect(await measure(world, 'reviewer_protection')).toMatchObject({ status: 'pass', observed: 1, population: 2 });
  });

  it('fails when sensitive harm has only an ordinary queue', async () => {
    const world = await launch(sensitive);
    await seedQueue(world);
    await seedReviewer(world, 'sensitive_reviewer');
    expect(await measure(world, 'reviewer_protection')).toMatchObject({ status: 'fail', observed: 0.5, population: 2 });
  });
});
