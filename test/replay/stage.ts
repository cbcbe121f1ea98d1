import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll } from 'vitest';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { MirrorOutcome } from '#activities/clients/status-mirror.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Severity } from '#domain/severity.ts';
import { hourMs, minuteMs } from '#domain/time.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { newId } from '#db/ids.ts';
import { escalations, schedules } from '#db/schema/index.ts';
import { writeHistory } from '#scripts/history-file.ts';
import {
  mirrorId,
  mirrorWorkflow,
  oncallWatchWorkflow,
  queues,
  statusChanged,
  workflowId,
} from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { canaryWhen } from '../support/canaries.ts';
import type { PlantedCanary } from '../support/canaries.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld, PersonName } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { TestMonitor } from '../support/heartbeats.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { casesOf } from '../support/reviewing.ts';
import { runsOf } from '../support/runs.ts';
import { sweepUntilFound } from '../support/sweeping.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, renewAt, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

/** What the stories play on, from the beginning of their `describe` to its end. */
export const stage = {} as {
  platform: TestPlatform;
  /** A scoring service that answers no JSON. */
  service: LoopbackServer;
  vigil: TestVigil;
  world: CaseWorld;
  phones: FakePhones;
  /** Where escalations are shown besides. */
  elsewhere: { answer: () => MirrorOutcome; calls: number };
};

/** Sets the stage. Workflows continue as new at so many events; by default at as many as no story has. */
export function setStage(events = 4_096): void {
  beforeAll(async () => {
    stage.platform = await startTestPlatform();
    stage.service = await startLoopbackServer((response) => response.end('not JSON'));
    stage.phones = new FakePhones();
    stage.elsewhere = { answer: () => ({ outcome: 'shown' }), calls: 0 };
    const http = createHttpClient({ guard: createSsrfGuard({ allowList: [stage.service.hostPort] }) });
    const httpDetector = (url: string) => createHttpDetector({ http, url });
    stage.vigil = await startTestVigil(
      {
        channels: stage.phones.channels,
        enforcementApi: stage.platform.api,
        httpDetector,
        mirrors: [{ kind: 'pagerduty_events_v2', targetOf: ({ escalationId }) => escalationId, show: showElsewhere }],
      },
      { settings: renewAt(events) },
    );
    stage.world = await buildCaseWorld(stage.vigil.db);
  });
  afterAll(async () => {
    await stage.vigil.stop();
    await stage.platform.stop();
    await stage.service[Symbol.asyncDispose]();
  });
}

const showElsewhere = (): Promise<MirrorOutcome> => {
  stage.elsewhere.calls += 1;
  return Promise.resolve(stage.elsewhere.answer());
};

/** Tells the mirror of an escalation that something changed; returns its workflow id. */
export async function tellMirror(escalationId: string): Promise<string> {
  const { workflowId } = await stage.vigil.temporal.workflow.signalWithStart(mirrorWorkflow, {
    workflowId: mirrorId(escalationId),
    taskQueue: queues.orchestration,
    args: [escalationId],
    signal: statusChanged,
  });
  return workflowId;
}

/** Beside those that are kept: which of them show something new, and under what name, is for a person to say. */
const newHistories = fileURLToPath(new URL('../../.vigil/histories', import.meta.url));

export async function save(id: string, name: string, runId?: string): Promise<void> {
  const handle = stage.vigil.temporal.workflow.getHandle(id, runId);
  console.log(writeHistory(await handle.fetchHistory(), name, newHistories));
}

/** Saves the first two runs of a workflow that continued as new. */
export async function saveRuns(kind: AggregateKind, id: string): Promise<void> {
  const runs = (await runsOf(stage.vigil.temporal, workflowId(kind, id))).toReversed();
  if (runs.length < 2) throw new Error(`${kind} ${id} did not continue as new`);
  await save(workflowId(kind, id), 'renewed-first-run', runs[0]);
  await save(workflowId(kind, id), 'renewed-second-run', runs[1]);
}

export const forward = (kind: AggregateKind, id: string, ms: number): Promise<void> =>
  fastForward(stage.vigil.temporal, workflowId(kind, id), ms / 1_000, { mayEnd: true });

/** Asks as a person of the world what must not be refused. */
export async function tell(
  kind: AggregateKind,
  id: string,
  name: string,
  by: PersonName,
  input: Record<string, string | number> = {},
): Promise<void> {
  const { outcome } = await ask(stage.vigil, stage.world.people[by], kind, id, name, input);
  if (outcome.status !== 'done') throw new Error(`${name} was ${JSON.stringify(outcome)}`);
}

export async function openCase(account: string, severity: Severity = 2): Promise<string> {
  await fileFinding(stage.world, await seedDetector(stage.world, { severity }), account);
  return (await casesOf(stage.world, account))[0]?.id ?? '';
}

export async function trigger(dedupKey: string): Promise<string> {
  const alert = { serviceId: stage.world.serviceId, dedupKey, severity: 1, title: 'Disk', reportedBy: 'test' } as const;
  const { escalationId } = await stage.vigil.db.transaction((tx) => acceptTrigger(tx, alert));
  await escalationWhen(escalationId, 'triggered');
  return escalationId;
}

export const resolve = (dedupKey: string): Promise<string | null> =>
  stage.vigil.db.transaction((tx) =>
    acceptResolve(tx, { serviceId: stage.world.serviceId, dedupKey, reportedBy: 'test' }),
  );

export const escalationWhen = (id: string, status: string) =>
  eventually(`escalation ${id} is ${status}`, async () => {
    const [row] = await stage.vigil.db.select().from(escalations).where(eq(escalations.id, id));
    return row?.status === status ? row : null;
  });

/** Lets the canary be found and its drill be paged, and acknowledges it. */
export async function passCanary({ canaryId, accountRef, detector }: PlantedCanary): Promise<void> {
  await sweepUntilFound(stage.vigil, detector, accountRef);
  await canaryWhen(stage.world, canaryId, ({ status }) => status === 'paged');
  const [drill] = await stage.vigil.db.select().from(escalations).where(eq(escalations.canaryId, canaryId));
  await tell('escalation', drill?.id ?? '', 'acknowledge', 'oncall');
  await canaryWhen(stage.world, canaryId, ({ status }) => status === 'done');
}

/** A heartbeat monitor of ten minutes on the world's service. */
export function openMonitor(): Promise<TestMonitor> {
  const { db, teamId, serviceId, people } = stage.world;
  return TestMonitor.open({ db, teamId, serviceId, createdBy: people.manager.id });
}

/** Lets the watch over on-call run for that long on its own clock; returns its id when it has ended. */
export async function watch(forMs: number): Promise<string> {
  const handle = await stage.vigil.temporal.workflow.start(oncallWatchWorkflow, {
    workflowId: `watch-${randomUUID()}`,
    taskQueue: queues.orchestration,
    args: [forMs],
  });
  await fastForward(stage.vigil.temporal, handle.workflowId, 300, { mayEnd: true, timeoutMs: 120_000 });
  await handle.result();
  return handle.workflowId;
}

/** A rota in which `backup` takes over from `oncall` in five minutes. */
export async function handOverSoon(): Promise<void> {
  const { db, teamId, people } = stage.world;
  const id = newId('schedule');
  const startAt = Date.now() + 5 * minuteMs;
  const document = {
    zone: 'UTC',
    layers: [{ id: 'all', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: [people.oncall.id] }],
    overrides: [
      {
        id: newId('override'),
        kind: 'replace',
        layerId: null,
        personId: people.oncall.id,
        byPersonId: people.backup.id,
        startAt,
        endAt: startAt + hourMs,
      },
    ],
    temporarySchedules: [],
    marks: [],
  };
  await db.insert(schedules).values({ id, teamId, key: id.slice(-12), name: 'Primary', version: 1, document });
}
