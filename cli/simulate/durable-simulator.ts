import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { NativeConnection } from '@temporalio/worker';
import type { RecordInput } from '#domain/audit/transition.ts';
import { nextDue } from '#domain/escalation/due.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { PagePerson, ResolvePeople, ResolveRung } from '#domain/escalation/messages.ts';
import type { WorkingHours } from '#domain/escalation/policy.ts';
import { SimulationLog } from '#domain/escalation/simulation-log.ts';
import { movesOf } from '#domain/escalation/simulation-moves.ts';
import { simulatedOpening, snapshotAnswers } from '#domain/escalation/simulation.ts';
import type { OnCallSnapshot, Simulation, SimulationPlan, SnapshotAnswers } from '#domain/escalation/simulation.ts';
import { aggregates, getState, update } from '#workflows/contract.ts';
import type { CommandEnvelope } from '#workflows/contract.ts';
import { passTime, startMemo } from '#workflows/lib/virtual-clock.ts';

export interface DurableSimulator {
  /** Fails when the server does not skip time, or when the workflow does not come to rest. */
  run(snapshot: OnCallSnapshot, plan: SimulationPlan): Promise<Simulation>;
  stop(): Promise<void>;
}

/**
 * Runs the escalation ladder's own workflow in virtual time on a Temporal server that skips time: on a task queue of its
 * own, with activities that answer out of the snapshot, keep the record in memory and note pages instead of sending them.
 *
 * Nothing that it starts can reach a worker that pages people: its workflows and all of their activities are on that one
 * queue, and the escalations that they name exist in no database.
 */
export async function startDurableSimulator(to: {
  readonly connection: NativeConnection;
  readonly client: Client;
}): Promise<DurableSimulator> {
  const { client, connection } = to;
  const { namespace } = client.options;
  const taskQueue = `simulation-${randomUUID()}`;
  const runs = new Map<string, DurableRun>();
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWithVirtualClock(['own-queue']),
    activities: activitiesOf((workflowId) => {
      const run = runs.get(workflowId);
      if (run === undefined) throw ApplicationFailure.nonRetryable(`${workflowId} is not simulated here`);
      return run;
    }),
  });
  const running = worker.run();
  return {
    async run(snapshot, plan) {
      const workflowId = `simulation:${randomUUID()}`;
      const run = new DurableRun(client, workflowId, snapshot, plan);
      runs.set(workflowId, run);
      try {
        return await run.play(taskQueue);
      } finally {
        runs.delete(workflowId);
      }
    },
    async stop() {
      worker.shutdown();
      await running;
    },
  };
}

/** The workflows as they are deployed, with virtual time. `own-queue`: and with all of
 * their activities on their own queue. */
export const bundleWithVirtualClock = (also: readonly 'own-queue'[] = []) =>
  bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index.ts'),
    workflowInterceptorModules: ['virtual-clock', ...also].map((name) => pathOf(`workflows/lib/${name}.ts`)),
    logger: new DefaultLogger('ERROR'),
  });

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

function activitiesOf(runOf: (workflowId: string) => DurableRun) {
  const run = () => {
    const found = runOf(Context.current().info.workflowExecution?.workflowId ?? '');
    found.stir();
    return found;
  };
  const resolveRung = (effect: ResolveRung, hours: WorkingHours | null, at: number) =>
    run().answers.resolveRung(effect, hours, at);
  const sendPage = (_escalationId: string, { key }: PagePerson) => ({
    type: 'pageSettled',
    effectKey: key,
    result: run().log.send(key),
    deliveryId: null,
  });
  return {
    recordTransitions: async (input: RecordInput) => run().record(input),
    resolveRung: async (...asked: Parameters<typeof resolveRung>) => resolveRung(...asked),
    recordThenResolveRung: async (record: RecordInput, ...asked: Parameters<typeof resolveRung>) => {
      run().record(record);
      return resolveRung(...asked);
    },
    resolvePeople: async (effect: ResolvePeople, at: number) => run().answers.resolvePeople(effect, at),
    sendPage: async (...asked: Parameters<typeof sendPage>) => sendPage(...asked),
    recordThenPage: async (record: RecordInput, ...asked: Parameters<typeof sendPage>) => {
      run().record(record);
      return sendPage(...asked);
    },
    sendResolved: () => Promise.resolve(),
  };
}

/** How long the workflow may take for what is due at one moment. */
const settleWithinMs = 30_000;

class DurableRun {
  readonly log: SimulationLog;
  readonly answers: SnapshotAnswers;
  private readonly client: Client;
  private readonly snapshot: OnCallSnapshot;
  private readonly plan: SimulationPlan;
  private readonly handle: WorkflowHandle;
  private wake: () => void = () => undefined;

  constructor(client: Client, workflowId: string, snapshot: OnCallSnapshot, plan: SimulationPlan) {
    this.client = client;
    this.snapshot = snapshot;
    this.plan = plan;
    this.log = new SimulationLog(snapshot, plan);
    this.answers = snapshotAnswers(snapshot);
    this.handle = client.workflow.getHandle(workflowId);
  }

  /** Something was asked of the world: the workflow may soon be at rest. */
  stir(): void {
    this.wake();
  }

  /** What is recorded already is passed over: two pages bring the same record along. */
  record({ transitions }: RecordInput): void {
    const known = this.log.recorded?.version ?? 0;
    for (const { version, at, state } of transitions)
      if (version > known) this.log.record(at, state as unknown as Ladder);
  }

  async play(taskQueue: string): Promise<Simulation> {
    const { client, handle, plan } = this;
    await client.workflow.start(aggregates.escalation.workflow, {
      workflowId: handle.workflowId,
      taskQueue,
      memo: { [startMemo]: plan.at },
      args: [
        {
          id: handle.workflowId,
          opening: simulatedOpening(this.snapshot, plan, handle.workflowId),
          cause: { commandId: 'open', actor: { kind: 'system', id: 'simulation' }, requestId: null },
        },
      ],
    });
    try {
      await skipTime(client, handle.workflowId);
      const moves = movesOf(plan);
      let reachedAt = plan.at;
      for (let move = moves.next(); !move.done;) {
        reachedAt = move.value.at;
        const ladder =
          move.value.kind === 'advance'
            ? await this.advance(reachedAt)
            : await this.acknowledge(move.value.personId, reachedAt);
        move = moves.next({ ladder, pages: this.log.pages });
      }
      return this.log.summary(reachedAt);
    } finally {
      await handle.terminate('the simulation is over').catch(() => undefined);
    }
  }

  private async advance(toAt: number): Promise<Ladder> {
    await this.handle.signal(passTime, toAt);
    return this.rest(toAt);
  }

  private async acknowledge(personId: string, at: number): Promise<Ladder> {
    const by = { kind: 'person', id: personId, roles: ['responder'] } as const;
    const commandId = randomUUID();
    const envelope: CommandEnvelope = { commandId, name: 'acknowledge', actor: by, requestId: null, input: {} };
    try {
      await this.handle.executeUpdate(update('acknowledge'), { args: [envelope], updateId: commandId });
    } catch (error) {
      const refusal = error instanceof WorkflowUpdateFailedError ? error.cause : null;
      if (!(refusal instanceof ApplicationFailure)) throw error;
      this.log.refuse(at, personId, refusal.type ?? 'unknown');
    }
    return this.rest(at);
  }

  /** Waits until all that is due by then has happened, is recorded and answered. */
  private async rest(at: number): Promise<Ladder> {
    const until = performance.now() + settleWithinMs;
    for (;;) {
      const ladder = (await this.handle.query(getState)) as unknown as Ladder;
      if (isAtRest(ladder, at) && this.log.recorded?.version === ladder.version) return ladder;
      const stirred = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await Promise.race([stirred, delay(100)]);
      if (performance.now() > until) {
        throw new Error(
          `${this.handle.workflowId} does not come to rest: does the Temporal server skip time (frontend.WorkflowTimeSkippingEnabled)?`,
        );
      }
    }
  }
}

export function isAtRest(ladder: Ladder, at: number): boolean {
  const due = nextDue(ladder);
  return (
    ladder.version > 0 && ladder.questions.length === 0 && ladder.counts.in_flight === 0 && (due === null || due > at)
  );
}

/** Has the server pass over the time in which the workflow only waits. */
export async function skipTime(client: Client, workflowId: string): Promise<void> {
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    workflowExecutionOptions: {
      timeSkippingConfig: { enabled: true, disablePropagation: true, maxSessionSkipCount: 100_000 },
    },
    updateMask: { paths: ['time_skipping_config'] },
  });
}
