import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Transition } from '#domain/audit/transition.ts';
import { evidenceSetText } from '#domain/launch/evidence-set.ts';
import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import { openLaunch } from '#domain/launch/launch.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { launchMachine } from '#domain/launch/machine.ts';
import type { Json } from '#domain/json.ts';
import { dayMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { currentEvidenceSet } from '#db/repositories/launch-evidence.ts';
import { noteRollout, tellOwner } from '#db/repositories/launch-notices.ts';
import { recordTransitions } from '#db/repositories/record.ts';
import {
  alertEvents,
  auditEvents,
  checkRuns,
  escalations,
  launchRequirements,
  signOffs,
  waivers,
} from '#db/schema/index.ts';
import { hashOf, idOf } from '../support/launches.ts';
import type { LaunchWorld } from '../support/launch-world.ts';
import { startProbing } from '../support/probing.ts';
import type { Probing } from '../support/probing.ts';

let probing: Probing;
let db: Database;
beforeAll(async () => {
  probing = await startProbing();
  ({ db } = probing);
});
afterAll(() => probing.close());

/** Moves a launch and records each version, as its workflow does. */
class Recorder {
  launch: Launch;
  now = Date.now();
  last: Transition | null = null;
  readonly world: LaunchWorld;

  constructor(world: LaunchWorld) {
    this.world = world;
    const { launchId: id, productId, teamId, people } = world;
    this.launch = openLaunch({ id, productId, teamId, openedBy: people.launch_owner.id }, this.now);
  }

  static async answered(world: LaunchWorld): Promise<Recorder> {
    const recorder = new Recorder(world);
    await recorder.do({ type: 'opened' });
    await recorder.do({ type: 'answerIntake', intake: world.intake, by: world.people.launch_owner });
    return recorder;
  }

  async do(event: LaunchEvent): Promise<readonly LaunchEffect[]> {
    const step = launchMachine.transition(this.launch, event, this.now);
    if (step.outcome !== 'moved') throw new Error(`${event.type} was ${JSON.stringify(step)}`);
    this.launch = step.state;
    this.last = {
      version: step.state.version,
      at: this.now,
      event: event as unknown as Transition['event'],
      state: step.state as unknown as Json,
      effects: step.effects.map(({ key, type }) => ({ key, type })),
      actor: 'by' in event ? event.by : { kind: 'system', id: 'vigil' },
      cause: `cause-${step.state.version}`,
      requestId: null,
    };
    await this.record();
    return step.effects;
  }

  /** Records the last version; called again, again. */
  record(): Promise<void> {
    const { launchId: id } = this.world;
    if (this.last === null) throw new Error('nothing to record');
    return recordTransitions(db, {
      kind: 'launch',
      id,
      workflowId: `launch:${id}`,
      runId: 'run',
      transitions: [this.last],
    });
  }

  async request(requirementId: string, by: 'ops_lead' | 'policy' = 'ops_lead'): Promise<string> {
    const waiverId = newId('waiver');
    const { noteId, people } = this.world;
    await this.do({
      type: 'requestWaiver',
      waiverId,
      requirementId,
      reasonCode: 'tooling_delay',
      days: 10,
      noteId,
      by: people[by],
    });
    return waiverId;
  }

  async grant(requirementId: string): Promise<string> {
    const waiverId = await this.request(requirementId);
    await this.do({ type: 'approveWaiver', waiverId, by: this.world.people.policy });
    return waiverId;
  }
}

async function waiver(id: string) {
  const [row] = await db.select().from(waivers).where(eq(waivers.id, id));
  return row;
}

it('keeps an owner that nobody knows out of the rows, and is not stopped by it', async () => {
  const world = await probing.launch();
  const ownership = { ...world.intake.ownership, ownerPersonId: idOf('person', 404) };
  const recorder = await Recorder.answered({ ...world, intake: { ...world.intake, ownership } });
  const rows = await db.select().from(launchRequirements).where(eq(launchRequirements.launchId, world.launchId));
  expect(rows).toHaveLength(Object.keys(recorder.launch.requirements).length);
  expect(rows.every((row) => row.ownerPersonId === null && row.state !== 'pass')).toBe(true);
});

it('takes requirements away that no longer apply, and ends their waivers', async () => {
  const world = await probing.launch();
  const recorder = await Recorder.answered({
    ...world,
    intake: { ...world.intake, memory: { span: 'across_sessions' } },
  });
  const waiverId = await recorder.grant('CP-08');
  await recorder.do({ type: 'answerIntake', intake: world.intake, by: world.people.launch_owner });
  const rows = await db.select().from(launchRequirements).where(eq(launchRequirements.launchId, world.launchId));
  expect(rows.map((row) => row.requirementId)).not.toContain('CP-08');
  expect(await waiver(waiverId)).toMatchObject({ status: 'superseded' });
});

it('tells how each waiver ended, and who decided it', async () => {
  const world = await probing.launch();
  const { people } = world;
  const recorder = await Recorder.answered(world);
  const refused = await recorder.request('DA-01');
  await recorder.do({ type: 'refuseWaiver', waiverId: refused, by: people.policy });
  expect(await waiver(refused)).toMatchObject({
    status: 'refused',
    requestedBy: people.ops_lead.id,
    decidedBy: people.policy.id,
  });
  const withdrawn = await recorder.request('DA-01');
  await recorder.do({ type: 'refuseWaiver', waiverId: withdrawn, by: people.ops_lead });
  expect(await waiver(withdrawn)).toMatchObject({ status: 'withdrawn', decidedBy: null });
  const revoked = await recorder.grant('DA-02');
  await recorder.do({ type: 'revokeWaiver', waiverId: revoked, by: people.ops_lead });
  expect(await waiver(revoked)).toMatchObject({
    status: 'revoked',
    decidedBy: people.policy.id,
    revokedBy: people.ops_lead.id,
  });
  const renewed = await recorder.grant('DA-03');
  const renewal = await recorder.request('DA-03');
  expect([await waiver(renewed), await waiver(renewal)]).toMatchObject([
    { status: 'approved' },
    { status: 'requested', expiresAt: null },
  ]);
  await recorder.do({ type: 'approveWaiver', waiverId: renewal, by: people.policy });
  expect([await waiver(renewed), await waiver(renewal)]).toMatchObject([
    { status: 'superseded' },
    { status: 'approved' },
  ]);
  recorder.now += 10 * dayMs;
  await recorder.do({ type: 'due' });
  expect(await waiver(renewal)).toMatchObject({ status: 'expired', decidedBy: people.policy.id });
});

it('keeps each check run once, as the catalogue judges it', async () => {
  const world = await probing.launch();
  const recorder = await Recorder.answered(world);
  const result = {
    status: 'pass',
    observed: 1,
    threshold: null,
    population: 0,
    windowMs: 1e300,
    evidenceHash: hashOf(1),
  } as const;
  const by = { kind: 'service', id: newId('service') } as const;
  await recorder.do({ type: 'reportCheck', requirementId: 'DA-01', result, by });
  await recorder.record();
  await recorder.do({
    type: 'reportCheck',
    requirementId: 'DA-01',
    result: { ...result, population: 8, windowMs: 5 },
    by: world.people.engineer,
  });
  const runs = await db
    .select()
    .from(checkRuns)
    .where(eq(checkRuns.launchId, world.launchId))
    .orderBy(checkRuns.population);
  expect(runs).toMatchObject([
    {
      state: 'not_reported',
      probe: 'event_schema',
      population: 0,
      windowMs: Number.MAX_SAFE_INTEGER,
      reportedBy: null,
    },
    { state: 'pass', population: 8, threshold: 1, windowMs: 5, reportedBy: world.people.engineer.id },
  ]);
});

it('keeps each sign-off, on the hash of the evidence set that was shown', async () => {
  const world = await probing.launch();
  const recorder = await Recorder.answered(world);
  const sign = async (choice: 'object' | 'approve') => {
    const { revision, hash } = await currentEvidenceSet(db, world.launchId);
    expect(hash).toBe(sha256Hex(evidenceSetText(recorder.launch)));
    expect(revision).toBe(recorder.launch.evidenceRevision);
    const noteId = choice === 'object' ? world.noteId : null;
    const signed = { role: 'policy', choice, noteId, conditionDueAt: null, by: world.people.policy } as const;
    await recorder.do({ type: 'signOff', ...signed, evidenceRevision: revision, evidenceSetHash: hash });
    return hash;
  };
  const first = await sign('object');
  const evidence = { evidenceId: newId('evidence'), evidenceHash: hashOf(2), validUntilAt: recorder.now + dayMs };
  const { investigator } = world.people;
  await recorder.do({
    type: 'attachEvidence',
    requirementId: 'SC-02',
    ...evidence,
    collectedBy: investigator.id,
    by: investigator,
  });
  const second = await sign('approve');
  expect(second).not.toBe(first);
  const rows = await db
    .select()
    .from(signOffs)
    .where(eq(signOffs.launchId, world.launchId))
    .orderBy(signOffs.decidedAt, signOffs.choice);
  expect(
    rows.map(({ choice, evidenceSetHash, decidedBy, noteId }) => ({ choice, evidenceSetHash, decidedBy, noteId })),
  ).toEqual(
    expect.arrayContaining([
      { choice: 'object', evidenceSetHash: first, decidedBy: world.people.policy.id, noteId: world.noteId },
      { choice: 'approve', evidenceSetHash: second, decidedBy: world.people.policy.id, noteId: null },
    ]),
  );
});

it('reminds a role once for all that one moment brings, and never twice for one effect', async () => {
  const world = await probing.launch();
  const reminder = { type: 'remindOwner', reminder: 'due', personId: null, deputyPersonId: null } as const;
  const tell = (effect: Parameters<typeof tellOwner>[2]) =>
    db.transaction((tx) => tellOwner(tx, world.launchId, effect));
  const of = (version: number, subjectId: string, role: 'engineer' | 'policy') => ({
    ...reminder,
    key: `v${version}:remindOwner:${subjectId}:due`,
    subjectId,
    role,
  });
  for (const effect of [
    of(4, 'CP-01', 'engineer'),
    of(4, 'CP-02', 'engineer'),
    of(4, 'SC-04', 'policy'),
    of(5, 'CP-03', 'engineer'),
  ]) {
    await tell(effect);
    await tell(effect);
  }
  const opened = await db.select().from(escalations).where(eq(escalations.serviceId, world.serviceId));
  expect(opened).toHaveLength(3);
  expect(
    opened.every(({ severity, title }) => severity === 4 && title === 'Requirements are due: Outreach assistant'),
  ).toBe(true);
  expect(await db.select().from(alertEvents).where(eq(alertEvents.serviceId, world.serviceId))).toHaveLength(4);
});

it('notes an opened stage once', async () => {
  const world = await probing.launch();
  const effect = { type: 'stageOpened', key: 'v9:stageOpened:1', percent: 1 } as const;
  for (let n = 0; n < 2; n++) await db.transaction((tx) => noteRollout(tx, world.launchId, effect));
  const notes = await db.select().from(auditEvents).where(eq(auditEvents.aggregateId, world.launchId));
  expect(notes).toMatchObject([
    { action: 'launch.stageOpened', cause: effect.key, data: { percent: 1 }, version: null },
  ]);
});
