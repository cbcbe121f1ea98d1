import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { LaunchEvent, LaunchRequest } from '#domain/launch/events.ts';
import { dayMs, hourMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { canaryRuns, checkRuns, escalations, launchRequirements, signOffs, stages, waivers } from '#db/schema/index.ts';
import { aggregates } from '#workflows/contract.ts';
import { refusalOf } from '../support/ask.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { t3Intake } from '../support/launches.ts';
import { LaunchStory } from '../support/launch-story.ts';
import { seedTraffic } from '../support/product-traffic.ts';
import { seedCase, seedQueue, seedReviewer } from '../support/review-world.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

const { ability, audience, signIn, volume } = t3Intake;
/** Tier T3: two sign-offs, four hours at each stage. */
const t3 = { intake: { ability, audience, signIn, volume } };

const phones = new FakePhones();
let vigil: TestVigil;

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
});
afterAll(() => vigil.stop());

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

it('takes every request of people as an update and every fact as a signal', () => {
  type Updates = (typeof aggregates)['launch']['updates'][number];
  type Signals = (typeof aggregates)['launch']['signals'][number];
  expectTypeOf<Updates>().toEqualTypeOf<LaunchRequest['type'] | 'reportCheck'>();
  expectTypeOf<Signals>().toEqualTypeOf<Extract<LaunchEvent['type'], 'caseLinked' | 'detectorDegraded'>>();
  expect(aggregates.launch.workflow).toBe('launchReadiness');
});

describe('a launch', () => {
  it('goes from intake to 10 % only by people and on what was measured, and is held by a severe case', async () => {
    const story = await LaunchStory.start(vigil, t3);
    const { db, world } = { db: vigil.db, world: story.world };
    const { people, launchId, productId, noteId } = world;
    const advance = (to: number) => story.try(people.launch_owner, 'advanceStage', { to });

    expect(refusalOf(await advance(1))).toBe('launch.intake_missing');
    await story.answerIntake();
    const refused = await advance(1);
    expect(refusalOf(refused)).toBe('launch.gate_closed');
    const { detail } = refused.outcome as unknown as {
      detail: { blockers: { requirementId: string; reason: string }[] };
    };
    expect(detail.blockers).toContainEqual(
      expect.objectContaining({ requirementId: 'RS-01', reason: 'probe_not_reported' }),
    );
    expect(detail.blockers).toContainEqual(expect.objectContaining({ requirementId: 'sign_off:launch_owner' }));
    expect(detail.blockers.map(({ requirementId }) => requirementId)).not.toContain('SC-06');

    const waiverId = newId('waiver');
    await story.fulfilAll(['RE-02']);
    await story.ask('ops_lead', 'requestWaiver', {
      waiverId,
      requirementId: 'RE-02',
      reasonCode: 'not_yet_measurable',
      days: 30,
      noteId,
    });
    expect(refusalOf(await story.try(people.ops_lead, 'approveWaiver', { waiverId }))).toBe('launch.same_person');
    await story.ask('policy', 'approveWaiver', { waiverId });
    await story.sign('launch_owner');
    expect(refusalOf(await advance(1))).toBe('launch.gate_closed');
    await story.sign('protection_scientist');
    expect(refusalOf(await story.try(story.service, 'advanceStage', { to: 1 }))).toBe('decision.person_required');
    expect((await advance(1)).outcome.status).toBe('done');

    expect(await story.row()).toMatchObject({ status: 'stage', tier: 'T3', stagePercent: 1, onHold: false });
    expect(await db.select().from(stages).where(eq(stages.launchId, launchId))).toMatchObject([
      { percent: 1, decidedBy: people.launch_owner.id },
    ]);
    const signed = await db.select().from(signOffs).where(eq(signOffs.launchId, launchId));
    expect(Object.fromEntries(signed.map(({ role, decidedBy }) => [role, decidedBy]))).toEqual({
      launch_owner: people.launch_owner.id,
      protection_scientist: people.protection_scientist.id,
    });
    expect(await db.select().from(waivers).where(eq(waivers.id, waiverId))).toMatchObject([
      { status: 'approved', requestedBy: people.ops_lead.id, decidedBy: people.policy.id, noteId },
    ]);
    const rows = await db.select().from(launchRequirements).where(eq(launchRequirements.launchId, launchId));
    expect(rows.find((row) => row.requirementId === 'RE-02')).toMatchObject({
      state: 'waived',
      blocking: true,
      ownerPersonId: null,
    });
    expect(rows.find((row) => row.requirementId === 'SC-01')).toMatchObject({
      state: 'pass',
      ownerPersonId: people.launch_owner.id,
    });
    await eventually('the opening is noted', async () => (await story.actions()).includes('launch.stageOpened'));

    const caseId = newId('case');
    await story.tell('caseLinked', { caseId, severity: 1 });
    expect(await story.row()).toMatchObject({ onHold: true, stagePercent: 1 });
    const pages = await eventually('two are paged for the hold', async () => {
      const found = phones.received('oncall_manager').filter(({ title }) => title.startsWith('A severity-1 case'));
      return found.length === 2 && found;
    });
    expect(pages[0]?.title).toBe('A severity-1 case holds the launch: Outreach assistant');
    expect(refusalOf(await advance(10))).toBe('launch.on_hold');
    const release = { reason: 'severity_1_case', seenCount: 1, noteId };
    expect(refusalOf(await story.try(people.launch_owner, 'release', release))).toBe('launch.role_required');
    expect(refusalOf(await story.try(story.service, 'release', release))).toBe('decision.person_required');
    expect(refusalOf(await story.try(people.ops_lead, 'release', { ...release, seenCount: 0 }))).toBe(
      'launch.hold_changed',
    );
    await story.ask('ops_lead', 'release', release);
    expect(await story.row()).toMatchObject({ onHold: false });
    expect(refusalOf(await advance(10))).toBe('launch.soak_running');

    const openedAt = (await story.state()).stage?.openedAt ?? 0;
    await seedTraffic(db, productId, { count: 200, everyMs: 60_000, from: new Date(openedAt - dayMs), delayMs: 1_000 });
    await seedTraffic(db, productId, { count: 200, everyMs: 60_000, from: new Date(openedAt), delayMs: 1_000 });
    const decided = { by: await seedReviewer(world), verdict: 'no_violation' } as const;
    await seedCase(world, {
      queueId: await seedQueue(world),
      severity: 3,
      decided,
      openedAt: new Date(openedAt + hourMs),
    });
    const canaryId = newId('canary');
    const canary = {
      id: canaryId,
      launchId,
      productId,
      teamId: world.teamId,
      detectorVersionId: 'x',
      accountRef: canaryId,
    };
    const state = { passed: true, minutes: 1 };
    await db.insert(canaryRuns).values({ ...canary, status: 'done', state, openedAt: new Date(openedAt + hourMs) });
    await story.pass(seconds(4 * hourMs) + 60);
    const analysed = await story.until('the stage is analysed', ({ stage }) => stage?.analysis != null);
    // Nothing was enforced in the stage, so nothing is known of wrong enforcement: that holds until a person accepts it.
    expect(analysed.stage?.analysis).toMatchObject({ verdict: 'hold' });
    const { metrics } = analysed.stage?.analysis ?? {};
    const statuses = Object.entries(metrics ?? {}).map(([metric, { status }]) => [metric, status]);
    expect(Object.fromEntries(statuses)).toEqual({
      canary_success: 'pass',
      data_delay: 'pass',
      alert_rate: 'pass',
      queue_age: 'pass',
      severe_case_rate: 'pass',
      appeal_overturn: 'not_reported',
      reviewer_occupancy: 'pass',
    });
    expect(refusalOf(await advance(10))).toBe('launch.on_hold');
    await story.ask('protection_scientist', 'release', { reason: 'analysis_inconclusive', seenCount: 1, noteId });
    expect((await advance(10)).outcome.status).toBe('done');
    expect(await story.row()).toMatchObject({ stagePercent: 10, onHold: false });

    await story.ask('oncall_manager', 'abort', { reasonCode: 'product_decision', noteId });
    expect(await vigil.temporal.workflow.getHandle(story.workflowId).result()).toBe('aborted');
    const closed = await story.row();
    expect(closed).toMatchObject({ status: 'aborted', stagePercent: 0 });
    expect(closed.closedAt).not.toBeNull();
    expect(await story.actions()).toContain('launch.rolloutStopped');
    const runs = await db.select().from(checkRuns).where(eq(checkRuns.launchId, launchId));
    expect(new Set(runs.map((run) => run.id)).size).toBe(runs.length);
    expect(runs.filter((run) => run.state === 'pass').every((run) => run.population > 0)).toBe(true);
    expect(runs.some((run) => run.requirementId === 'RS-03' && run.state === 'pass' && run.reportedBy === null)).toBe(
      true,
    );
  });

  it('blocks again and pages when a waiver ends', async () => {
    const story = await LaunchStory.start(vigil, t3);
    const waiverId = newId('waiver');
    const { people, noteId } = story.world;
    await story.answerIntake();
    await story.fulfilAll(['RE-02']);
    await story.ask('ops_lead', 'requestWaiver', {
      waiverId,
      requirementId: 'RE-02',
      reasonCode: 'tooling_delay',
      days: 2,
      noteId,
    });
    await story.ask('policy', 'approveWaiver', { waiverId });
    await story.signAll();
    await story.pass(seconds(2 * dayMs) - 3_600);
    expect(await stateOf(story, 'RE-02')).toBe('waived');
    const reminders = await alerts(story, 4);
    expect(reminders.filter((title) => title.startsWith('Waivers end tomorrow'))).toHaveLength(1);
    await story.pass(2 * 3_600);
    const titles = await eventually('the owner is paged', async () => {
      const found = await alerts(story, 2);
      return found.length > 0 && found;
    });
    expect(titles).toEqual(['A waiver ended, and its requirement blocks again: Outreach assistant']);
    expect(await vigil.db.select().from(waivers).where(eq(waivers.id, waiverId))).toMatchObject([
      { status: 'expired', decidedBy: people.policy.id },
    ]);
    expect(await stateOf(story, 'RE-02')).toBe('not_reported');
    const refused = await story.try(people.launch_owner, 'advanceStage', { to: 1 });
    expect(refused.outcome).toMatchObject({
      code: 'launch.gate_closed',
      detail: { blockers: [{ requirementId: 'RE-02' }] },
    });
  });

  it('closes its gate when evidence goes stale, and reminds of it', async () => {
    const story = await LaunchStory.start(vigil, t3);
    await story.answerIntake();
    await story.fulfilAll();
    await story.attach(await story.requirement('DA-05'), 3 * dayMs);
    await story.signAll();
    expect(await stateOf(story, 'DA-05')).toBe('pass');
    await story.pass(seconds(3 * dayMs) + 60);
    await eventually('the row shows it', async () => (await stateOf(story, 'DA-05')) === 'stale');
    await eventually('a reminder is raised', async () =>
      (await alerts(story, 4)).some((title) => title.startsWith('Evidence has expired')),
    );
    const refused = await story.try(story.world.people.launch_owner, 'advanceStage', { to: 1 });
    expect(refused.outcome).toMatchObject({
      code: 'launch.gate_closed',
      detail: { blockers: [{ requirementId: 'DA-05', reason: 'evidence_stale' }] },
    });
  });
});

async function stateOf(story: LaunchStory, requirementId: string): Promise<string | undefined> {
  const [row] = await vigil.db
    .select({ state: launchRequirements.state })
    .from(launchRequirements)
    .where(
      and(eq(launchRequirements.launchId, story.world.launchId), eq(launchRequirements.requirementId, requirementId)),
    );
  return row?.state;
}

/** Titles of the escalations of the launch's service with that severity. */
async function alerts(story: LaunchStory, severity: number): Promise<string[]> {
  const rows = await vigil.db
    .select({ title: escalations.title })
    .from(escalations)
    .where(and(eq(escalations.serviceId, story.world.serviceId), eq(escalations.severity, severity)));
  return rows.map((row) => row.title);
}
