import { eq } from 'drizzle-orm';
import { afterAll, beforeAll } from 'vitest';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Severity } from '#domain/severity.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { escalations } from '#db/schema/index.ts';
import { writeHistory } from '#scripts/history-file.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { canaryWhen } from '../support/canaries.ts';
import type { PlantedCanary } from '../support/canaries.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld, PersonName } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { casesOf } from '../support/reviewing.ts';
import { runsOf } from '../support/runs.ts';
import { sweep } from '../support/sweeping.ts';
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
};

/** Sets the stage. Workflows continue as new at so many events; by default at as many as no story has. */
export function setStage(events = 4_096): void {
  beforeAll(async () => {
    stage.platform = await startTestPlatform();
    stage.service = await startLoopbackServer((response) => response.end('not JSON'));
    stage.phones = new FakePhones();
    const http = createHttpClient({ guard: createSsrfGuard({ allowList: [stage.service.hostPort] }) });
    const httpDetector = (url: string) => createHttpDetector({ http, url });
    stage.vigil = await startTestVigil(
      { channels: stage.phones.channels, enforcementApi: stage.platform.api, httpDetector },
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

export async function save(id: string, name: string, runId?: string): Promise<void> {
  const handle = stage.vigil.temporal.workflow.getHandle(id, runId);
  console.log(writeHistory(await handle.fetchHistory(), name));
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
  input: Record<string, string> = {},
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
export async function passCanary({ canaryId, detector }: PlantedCanary): Promise<void> {
  await eventually('the canary is found', async () => (await sweep(stage.vigil, detector)).filed > 0);
  await canaryWhen(stage.world, canaryId, ({ status }) => status === 'paged');
  const [drill] = await stage.vigil.db.select().from(escalations).where(eq(escalations.canaryId, canaryId));
  await tell('escalation', drill?.id ?? '', 'acknowledge', 'oncall');
  await canaryWhen(stage.world, canaryId, ({ status }) => status === 'done');
}
