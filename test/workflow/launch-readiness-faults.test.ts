import { ApplicationFailure } from '@temporalio/common';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import { dayMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { auditEvents, checkRuns, escalations, waivers } from '#db/schema/index.ts';
import { deliver } from '#gateway/deliver.ts';
import type { Json } from '#domain/json.ts';
import { fact } from '#workflows/contract.ts';
import { t3Intake } from '../support/launches.ts';
import { LaunchStory } from '../support/launch-story.ts';
import { eventually, renewAt, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

const { ability, audience, signIn, volume } = t3Intake;
const t3 = { intake: { ability, audience, signIn, volume } };

let vigil: TestVigil;
/** While set, no measurement succeeds: what a worker that dies in the middle of one looks like. */
let isDying = false;
let diedAt = 0;
/** The answer of the next page or reminder gets lost after it was written. */
let losesAnswer = false;

const failure = (message: string) => ApplicationFailure.create({ message, category: 'BENIGN' });

const wrap = (activities: Activities): Activities => ({
  ...activities,
  store: {
    ...activities.store,
    async tellOwner(...told) {
      await activities.store.tellOwner(...told);
      if (!losesAnswer) return;
      losesAnswer = false;
      throw failure('the answer was lost');
    },
  },
  detection: {
    ...activities.detection,
    async runProbe(...asked) {
      if (!isDying) return activities.detection.runProbe(...asked);
      diedAt += 1;
      throw failure('the worker died');
    },
  },
});

beforeAll(async () => {
  vigil = await startTestVigil({}, { settings: renewAt(250), wrap });
});
afterAll(() => vigil.stop());

it('goes on after its workers died between a record and its effects, and measures each requirement once', async () => {
  const story = await LaunchStory.start(vigil, t3);
  const { launchId, intake } = story.world;
  isDying = true;
  await story.ask('launch_owner', 'answerIntake', { intake: intake as unknown as Json });
  await eventually('the effects began', async () => diedAt > 0);
  await vigil.pause();
  expect((await story.row()).status).toBe('readiness');
  const measured = () => vigil.db.select().from(checkRuns).where(eq(checkRuns.launchId, launchId));
  const before = await measured();
  expect(before.filter((run) => run.requirementId === 'SC-01')).toHaveLength(0);
  isDying = false;
  await vigil.resume();
  const launch = await story.until('all is measured', ({ requirements }) =>
    Object.values(requirements).every(({ runKey }) => runKey === null),
  );
  expect(launch.requirements['SC-01']?.result).toMatchObject({ status: 'pass', observed: 0 });
  const runs = await measured();
  expect(new Set(runs.map((run) => run.requirementId)).size).toBe(runs.length);
  const answered = await vigil.db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.aggregateId, launchId), eq(auditEvents.action, 'launch.answerIntake')));
  expect(answered).toHaveLength(1);
});

it('says what could not be measured, and stays shut because of it', async () => {
  const story = await LaunchStory.start(vigil, t3);
  isDying = true;
  try {
    const launch = await story.answerIntake();
    expect(launch.requirements['SC-01']?.result).toMatchObject({ status: 'error', population: 0, evidenceHash: null });
  } finally {
    isDying = false;
  }
  const refused = await story.try(story.world.people.launch_owner, 'advanceStage', { to: 1 });
  const blocker = expect.objectContaining({ requirementId: 'SC-01', state: 'error', reason: 'probe_error' }) as unknown;
  expect(refused.outcome).toMatchObject({
    code: 'launch.gate_closed',
    detail: { blockers: expect.arrayContaining([blocker]) as unknown },
  });
});

it('pages once although the answer to the page was lost', async () => {
  const story = await LaunchStory.start(vigil, t3);
  await story.answerIntake();
  losesAnswer = true;
  await story.ask('engineer', 'hold', { noteId: story.world.noteId });
  await eventually(
    'the lost answer was followed by another try',
    async () => !losesAnswer && (await raised(story)).length > 0,
  );
  await story.pass(3_600);
  expect(await raised(story)).toMatchObject([
    { title: 'A person holds the launch: Outreach assistant', alertCount: 1 },
  ]);
});

it('continues as new with everything that it knows, and answers a command of an earlier run as it did then', async () => {
  const story = await LaunchStory.start(vigil, t3);
  const { people, noteId } = story.world;
  const runId = async () => (await vigil.temporal.workflow.getHandle(story.workflowId).describe()).runId;
  await story.answerIntake();
  const waiverId = newId('waiver');
  const request = { waiverId, requirementId: 'RE-02', reasonCode: 'tooling_delay', days: 3, noteId };
  const first = await story.ask('ops_lead', 'requestWaiver', request);
  await story.ask('policy', 'approveWaiver', { waiverId });
  const firstRun = await runId();
  for (let asked = 0; (await runId()) === firstRun; asked++) {
    if (asked > 100) throw new Error('it never continued as new');
    const deputyPersonId = asked % 2 === 0 ? story.world.deputy.id : null;
    await story.ask('ops_lead', 'assignRole', { role: 'ops_lead', personId: people.ops_lead.id, deputyPersonId });
  }
  const before = await story.row();
  const again = await deliver(vigil.temporal, first.row, { deadlineMs: 10_000 });
  expect(again).toEqual(first.outcome);
  expect((await story.row()).version).toBe(before.version);
  expect(await vigil.db.select().from(waivers).where(eq(waivers.launchId, story.world.launchId))).toMatchObject([
    { status: 'approved' },
  ]);
  await story.pass((3 * dayMs) / 1_000 + 60);
  await eventually('its timers came along', async () => {
    const [waiver] = await vigil.db.select().from(waivers).where(eq(waivers.id, waiverId));
    return waiver?.status === 'expired';
  });
});

it('takes in everything that was told while no worker was there', async () => {
  const story = await LaunchStory.start(vigil, t3);
  const launch = await story.answerIntake();
  await vigil.pause();
  const handle = vigil.temporal.workflow.getHandle(story.workflowId);
  for (let told = 0; told < 250; told++) {
    await handle.signal(fact('caseLinked'), {
      commandId: newId('command'),
      name: 'caseLinked',
      actor: { kind: 'system', id: 'vigil' },
      requestId: null,
      input: { caseId: newId('case'), severity: 1 },
    });
  }
  await vigil.resume();
  const held = await story.until('all cases are counted', ({ cases }) => cases.severity1 === 250);
  expect(held.version).toBe(launch.version + 250);
  expect(held.holds.severity_1_case).toMatchObject({ count: 250 });
});

const raised = (story: LaunchStory) =>
  vigil.db
    .select({ title: escalations.title, alertCount: escalations.alertCount })
    .from(escalations)
    .where(and(eq(escalations.serviceId, story.world.serviceId), eq(escalations.severity, 2)));
