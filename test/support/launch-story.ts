import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { Actor, Person } from '#domain/actor.ts';
import { judge } from '#domain/launch/check-result.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import { checkState } from '#domain/launch/check.ts';
import { dutiesByTier } from '#domain/launch/duties.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { requirementsOf } from '#domain/launch/requirements.ts';
import type { LaunchRole } from '#domain/launch/roles.ts';
import type { Requirement } from '#domain/launch/catalogue.ts';
import type { Json } from '#domain/json.ts';
import { newId } from '#db/ids.ts';
import { insertCommand, settleCommand } from '#db/repositories/commands.ts';
import { currentEvidenceSet, loadLaunch } from '#db/repositories/launch-evidence.ts';
import { auditEvents, launches } from '#db/schema/index.ts';
import { deliver } from '#gateway/deliver.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from './ask.ts';
import type { Asked } from './ask.ts';
import { hashOf } from './launches.ts';
import { seedLaunchWorld } from './launch-world.ts';
import type { LaunchWorld, WorldOptions } from './launch-world.ts';
import { seedPerson } from './seed.ts';
import { fastForward } from './temporal.ts';
import { eventually } from './vigil.ts';
import type { TestVigil } from './vigil.ts';

type Input = { readonly [key: string]: Json };

/** One launch on a running Vigil, told as people would: asks, answers, time that passes. */
export class LaunchStory {
  readonly vigil: TestVigil;
  readonly world: LaunchWorld;
  readonly workflowId: string;
  /** Reports measurements from outside. */
  readonly service: Actor = { kind: 'service', id: newId('service') };
  /** Collects evidence and signs nothing. */
  private readonly collector: Person;

  private constructor(vigil: TestVigil, world: LaunchWorld, collector: Person) {
    this.vigil = vigil;
    this.world = world;
    this.collector = collector;
    this.workflowId = workflowId('launch', world.launchId);
  }

  /** Starts the workflow of a launch whose intake is not answered yet. */
  static async start(vigil: TestVigil, options: WorldOptions = {}): Promise<LaunchStory> {
    const { db, temporal } = vigil;
    const world = await seedLaunchWorld(db, options);
    const collector: Person = {
      kind: 'person',
      id: await seedPerson(db, { name: 'collector', roles: ['investigator'] }),
      roles: ['investigator'],
    };
    const { launchId, productId, teamId, people } = world;
    const { row } = await insertCommand(db, {
      principalId: people.launch_owner.id,
      idempotencyKey: randomUUID(),
      mode: 'start',
      name: 'open',
      kind: 'launch',
      aggregateId: launchId,
      input: { id: launchId, productId, teamId, openedBy: people.launch_owner.id },
      actor: people.launch_owner,
      priority: 2,
      reservedForMs: 60_000,
    });
    const outcome = await deliver(temporal, row, { deadlineMs: 30_000 });
    if (outcome.status !== 'done') throw new Error(`the launch did not start: ${JSON.stringify(outcome)}`);
    await db.transaction((tx) => settleCommand(tx, row, outcome));
    return new LaunchStory(vigil, world, collector);
  }

  /** Asks, whatever the answer. */
  try(by: Actor, name: string, input: Input = {}): Promise<Asked> {
    return ask(this.vigil, by, 'launch', this.world.launchId, name, input);
  }

  /** Asks as the person of a role what must not be refused. */
  async ask(role: LaunchRole, name: string, input: Input = {}): Promise<Asked> {
    return this.asked(this.world.people[role], name, input);
  }

  private async asked(by: Actor, name: string, input: Input): Promise<Asked> {
    const asked = await this.try(by, name, input);
    if (asked.outcome.status !== 'done') throw new Error(`${name} was ${JSON.stringify(asked.outcome)}`);
    return asked;
  }

  /** Tells the launch a fact, as intake does, and waits until it was applied. */
  async tell(name: string, input: Input): Promise<void> {
    const { row } = await insertCommand(this.vigil.db, {
      principalId: 'vigil',
      idempotencyKey: randomUUID(),
      mode: 'signal',
      name,
      kind: 'launch',
      aggregateId: this.world.launchId,
      input,
      actor: { kind: 'system', id: 'vigil' },
      priority: 1,
    });
    const { db } = this.vigil;
    await eventually(
      `${name} (${row.id}) is applied`,
      async () => (await db.$count(auditEvents, eq(auditEvents.cause, row.id))) > 0,
    );
  }

  pass(seconds: number): Promise<void> {
    return fastForward(this.vigil.temporal, this.workflowId, seconds);
  }

  state(): Promise<Launch> {
    return loadLaunch(this.vigil.db, this.world.launchId);
  }

  async row(): Promise<typeof launches.$inferSelect> {
    const [row] = await this.vigil.db.select().from(launches).where(eq(launches.id, this.world.launchId));
    if (!row) throw new Error('the launch has no row');
    return row;
  }

  async actions(): Promise<string[]> {
    const rows = await this.vigil.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.aggregateId, this.world.launchId))
      .orderBy(auditEvents.seq);
    return rows.map((row) => row.action);
  }

  /** Waits until the recorded state is as described. */
  until(what: string, is: (launch: Launch) => boolean): Promise<Launch> {
    return eventually(what, async () => {
      const launch = await this.state();
      return is(launch) && launch;
    });
  }

  /** Answers the intake and waits for the measurements that follow. */
  async answerIntake(): Promise<Launch> {
    await this.ask('launch_owner', 'answerIntake', { intake: this.world.intake as unknown as Json });
    return this.until('every measurement is answered', ({ requirements }) =>
      Object.values(requirements).every(({ runKey }) => runKey === null),
    );
  }

  async report(requirement: Requirement, change: Partial<CheckResult> = {}): Promise<void> {
    const { tier } = await this.state();
    const measure = requirement.verify.probe?.measure;
    if (measure === undefined || tier === null) throw new Error(`${requirement.id} is not measured`);
    const result: CheckResult = {
      status: 'pass',
      observed: measure.threshold[tier],
      threshold: null,
      population: measure.minPopulation[tier],
      windowMs: measure.minWindowMs[tier],
      evidenceHash: hashOf(7),
      ...change,
    };
    if (Object.keys(change).length === 0 && judge(measure, tier, result).status !== 'pass')
      throw new Error('not a good result');
    await this.asked(this.service, 'reportCheck', { requirementId: requirement.id, result });
  }

  async attach(requirement: Requirement, validForMs?: number): Promise<void> {
    const { tier } = await this.state();
    const now = await this.now();
    await this.asked(this.collector, 'attachEvidence', {
      requirementId: requirement.id,
      evidenceId: newId('evidence'),
      evidenceHash: hashOf(8),
      validUntilAt: now + (validForMs ?? dutiesByTier[tier ?? 'T0'].recertifyMs - 60_000),
      collectedBy: this.collector.id,
    });
  }

  /** The workflow's own clock, as the last audited transition shows it or the machine's if that is later. */
  private async now(): Promise<number> {
    const launch = await this.state();
    return Math.max(Date.now(), launch.lastPersonAt);
  }

  async requirement(id: string): Promise<Requirement> {
    const found = requirementsOf(await this.state()).find((requirement) => requirement.id === id);
    if (!found) throw new Error(`no requirement ${id}`);
    return found;
  }

  /** Supplies whatever the requirement is verified by. */
  async fulfil(requirement: Requirement): Promise<void> {
    const { verify, id } = requirement;
    if (verify.probe !== null) await this.report(requirement);
    if (verify.evidence) await this.attach(requirement);
    if (verify.signOff !== null) {
      const revision = (await this.state()).requirements[id]?.revision ?? -1;
      await this.ask(verify.signOff, 'signRequirement', {
        requirementId: id,
        choice: 'approve',
        revision,
        noteId: null,
      });
    }
  }

  /** Fulfils all blocking requirements that do not pass, but those named. */
  async fulfilAll(except: readonly string[] = []): Promise<void> {
    const { tier } = await this.state();
    for (const requirement of requirementsOf(await this.state())) {
      const launch = await this.state();
      const state = launch.requirements[requirement.id];
      if (tier === null || state === undefined || except.includes(requirement.id) || !requirement.blocks.includes(tier))
        continue;
      if (checkState(requirement, state, tier, await this.now()) !== 'pass') await this.fulfil(requirement);
    }
  }

  /** Signs off the launch in a role, on the evidence as it is now. */
  async sign(role: LaunchRole): Promise<void> {
    const { revision, hash } = await currentEvidenceSet(this.vigil.db, this.world.launchId);
    const input = {
      role,
      choice: 'approve',
      evidenceRevision: revision,
      evidenceSetHash: hash,
      noteId: null,
      conditionDueAt: null,
    };
    await this.ask(role, 'signOff', input);
  }

  async signAll(): Promise<void> {
    const { tier } = await this.state();
    for (const role of dutiesByTier[tier ?? 'T0'].signOffs) await this.sign(role);
  }

  /** From nothing to the open 1 % stage. */
  async openFirstStage(): Promise<void> {
    await this.answerIntake();
    await this.fulfilAll();
    await this.signAll();
    await this.ask('launch_owner', 'advanceStage', { to: 1 });
  }
}
