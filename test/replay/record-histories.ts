import { rmSync } from 'node:fs';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Severity } from '#domain/severity.ts';
import { dayMs, hourMs, minuteMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { insertCanaryRun } from '#db/repositories/canary-runs.ts';
import { leaveCommand } from '#db/repositories/commands.ts';
import { canaryRuns, escalations } from '#db/schema/index.ts';
import { historiesFolder, writeHistory } from '#scripts/history-file.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { LaunchStory } from '../support/launch-story.ts';
import { t3Intake } from '../support/launches.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { casesOf, caseWhen, claim, decide, openOrder, orderWhen, suspension, taskOf } from '../support/reviewing.ts';
import { runsOf } from '../support/runs.ts';
import { message, record, startSweep } from '../support/sweeping.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, renewAt, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

/** Not a test: plays the stories whose histories the replay tests keep, against servers of its own. */

let platform: TestPlatform;
let service: LoopbackServer;
let vigil: TestVigil;
let world: CaseWorld;
let phones: FakePhones;

beforeAll(async () => {
  rmSync(historiesFolder, { recursive: true, force: true });
  platform = await startTestPlatform();
  service = await startLoopbackServer((response) => response.end('not JSON'));
});
afterAll(async () => {
  await platform.stop();
  await service[Symbol.asyncDispose]();
});

/** A Vigil whose workflows continue as new at so many events; by default at as many as no story has. */
function onVigil(events = 4_096): void {
  beforeAll(async () => {
    phones = new FakePhones();
    const http = createHttpClient({ guard: createSsrfGuard({ allowList: [service.hostPort] }) });
    vigil = await startTestVigil(
      {
        channels: phones.channels,
        enforcementApi: platform.api,
        httpDetector: (url) => createHttpDetector({ http, url }),
      },
      { settings: renewAt(events) },
    );
    world = await buildCaseWorld(vigil.db);
  });
  afterAll(() => vigil.stop());
}

const save = async (id: string, name: string, runId?: string): Promise<void> => {
  const handle = vigil.temporal.workflow.getHandle(id, runId);
  console.log(writeHistory(await handle.fetchHistory(), name));
};
const forward = (kind: AggregateKind, id: string, ms: number) =>
  fastForward(vigil.temporal, workflowId(kind, id), ms / 1_000, { mayEnd: true });
const tell = (
  kind: AggregateKind,
  id: string,
  name: string,
  by: keyof CaseWorld['people'],
  input: Record<string, string> = {},
) => ask(vigil, world.people[by], kind, id, name, input);

async function openCase(account: string, severity: Severity = 2): Promise<string> {
  await fileFinding(world, await seedDetector(world, { severity }), account);
  return (await casesOf(world, account))[0]?.id ?? '';
}

async function trigger(dedupKey: string): Promise<string> {
  const alert = { serviceId: world.serviceId, dedupKey, severity: 1, title: 'Disk', reportedBy: 'test' } as const;
  const { escalationId } = await vigil.db.transaction((tx) => acceptTrigger(tx, alert));
  await escalationWhen(escalationId, 'triggered');
  return escalationId;
}
const resolve = (dedupKey: string) =>
  vigil.db.transaction((tx) => acceptResolve(tx, { serviceId: world.serviceId, dedupKey, reportedBy: 'test' }));
const escalationWhen = (id: string, status: string) =>
  eventually(`escalation ${id} is ${status}`, async () => {
    const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
    return row?.status === status ? row : null;
  });

async function plantCanary(): Promise<{ canaryId: string; detector: string }> {
  const detector = await seedDetector(world);
  const canaryId = newId('canary');
  const { productId, teamId } = world;
  const run = { launchId: null, productId, detectorVersionId: detector };
  await vigil.db.transaction(async (tx) => {
    await insertCanaryRun(tx, { id: canaryId, ...run, teamId });
    const open = {
      mode: 'start',
      name: 'open',
      kind: 'canary',
      idempotencyKey: `open:${canaryId}`,
      priority: 2,
    } as const;
    const input = { canaryId, ...run, deadlineMs: 15 * minuteMs, requirementId: 'RS-04' };
    await leaveCommand(tx, { ...open, aggregateId: canaryId, input });
  });
  await eventually('the canary is planted', async () => (await canaryRow(canaryId))?.status === 'injected');
  return { canaryId, detector };
}
const canaryRow = async (canaryId: string) => {
  const [row] = await vigil.db.select().from(canaryRuns).where(eq(canaryRuns.id, canaryId));
  return row;
};
const canaryDone = (canaryId: string) =>
  eventually('the canary is done', async () => (await canaryRow(canaryId))?.status === 'done');

/** Lets the canary be found and its drill be paged, and acknowledges it. */
async function passCanary({ canaryId, detector }: Awaited<ReturnType<typeof plantCanary>>): Promise<void> {
  await eventually('the canary is found', async () => (await (await startSweep(vigil, detector)).result()).filed > 0);
  const drill = await eventually('the drill', async () => {
    const [row] = await vigil.db.select().from(escalations).where(eq(escalations.canaryId, canaryId));
    return row?.status === 'triggered' ? row : null;
  });
  await eventually('the drill is paged', async () => (await canaryRow(canaryId))?.status === 'paged');
  await tell('escalation', drill.id, 'acknowledge', 'oncall');
  await canaryDone(canaryId);
}

describe('stories', () => {
  onVigil();

  it('reviewCase', async () => {
    const short = await openCase('acct_short', 3);
    await decide(world, await taskOf(world, short), world.people.reviewer, 'no_violation');
    await caseWhen(world, short, (row) => row.closedAt !== null);
    await save(workflowId('case', short), 'cleared');

    const long = await openCase('acct_long', 3);
    await taskOf(world, long);
    await fileFinding(world, await seedDetector(world, { severity: 2 }), 'acct_long');
    await caseWhen(world, long, (row) => row.state?.severity === 2);
    await forward('case', long, 9 * hourMs);
    await caseWhen(world, long, (row) => row.state?.escalatedFor.length === 2);
    await claim(world, (await taskOf(world, long)).id, world.people.reviewer);
    await caseWhen(world, long, (row) => row.state?.firstLookAt !== null);
    await tell('case', long, 'escalate', 'second');
    await platform.fault({
      mode: 'reject_permanent',
      route: '/enforcement/actions',
      match: { 'target.ref': 'acct_long' },
    });
    await decide(world, await taskOf(world, long, 2), world.people.third, 'violation', suspension);
    const { state } = await caseWhen(world, long, (row) => row.state?.enforcementOutcome === 'failed');
    await tell('enforcement', state?.orderId ?? '', 'retry', 'oncall');
    await caseWhen(world, long, (row) => row.closedAt !== null);
    await save(workflowId('case', long), 'late-escalated-enforced');

    const merged = await openCase('acct_merged');
    const into = await openCase('acct_into');
    await taskOf(world, merged);
    await tell('case', merged, 'merge', 'ops', { into });
    await save(workflowId('case', merged), 'merged');
    await caseWhen(world, into, (row) => (row.state?.signalCount ?? 0) > 1);
    await save(workflowId('case', into), 'open-after-merge');
  });

  it('enforce', async () => {
    const detector = await seedDetector(world);
    const permanent = { action: 'suspend_account', durationMs: null } as const;
    const refused = await openOrder(world, detector, 'acct_refused', permanent);
    await orderWhen(world, refused.id, (row) => row.status === 'awaiting_approval');
    await tell('enforcement', refused.id, 'refuse', 'ops', { reasonCode: 'not_proven' });
    await orderWhen(world, refused.id, (row) => row.closedAt !== null);
    await save(workflowId('enforcement', refused.id), 'refused');

    const lifted = await openOrder(world, detector, 'acct_lifted', suspension);
    await orderWhen(world, lifted.id, (row) => row.status === 'active');
    await forward('enforcement', lifted.id, 8 * dayMs);
    await orderWhen(world, lifted.id, (row) => row.status === 'lifted');
    await forward('enforcement', lifted.id, 184 * dayMs);
    await orderWhen(world, lifted.id, (row) => row.closedAt !== null);
    await save(workflowId('enforcement', lifted.id), 'lifted-in-time');

    await platform.goDown();
    const down = await openOrder(world, detector, 'acct_down', suspension);
    await forward('enforcement', down.id, 12 * hourMs);
    await orderWhen(world, down.id, (row) => row.status === 'apply_failed');
    await platform.comeBack();
    await tell('enforcement', down.id, 'retry', 'oncall');
    await orderWhen(world, down.id, (row) => row.state?.duties.notice.status === 'done');
    await tell('enforcement', down.id, 'reverse', 'ops', { reasonCode: 'appeal_overturned' });
    await orderWhen(world, down.id, (row) => row.closedAt !== null);
    await save(workflowId('enforcement', down.id), 'outage-retried-reversed');
  });

  it('escalationLadder', async () => {
    const short = await trigger('short');
    await resolve('short');
    await escalationWhen(short, 'resolved');
    await save(workflowId('escalation', short), 'resolved-by-source');

    const long = await trigger('long');
    await forward('escalation', long, 11 * minuteMs);
    await forward('escalation', long, 11 * minuteMs);
    await escalationWhen(long, 'exhausted');
    await tell('escalation', long, 'acknowledge', 'manager');
    await tell('escalation', long, 'unacknowledge', 'manager');
    await forward('escalation', long, minuteMs);
    await tell('escalation', long, 'acknowledge', 'oncall');
    await tell('escalation', long, 'resolve', 'oncall');
    await save(workflowId('escalation', long), 'exhausted-acknowledged-twice');

    phones.answer = ({ address }) =>
      address.includes('oncall') ? { outcome: 'failed_transient', retryAfterMs: null } : { outcome: 'unknown' };
    const failing = await trigger('failing');
    await forward('escalation', failing, 11 * minuteMs);
    await eventually('the backup is paged', () => Promise.resolve(phones.received('backup').length > 0));
    phones.answer = () => ({ outcome: 'sent' });
    await tell('escalation', failing, 'acknowledge', 'backup');
    await save(workflowId('escalation', failing), 'channel-down-still-open');
  });

  it('canary', async () => {
    const passed = await plantCanary();
    await passCanary(passed);
    await save(workflowId('canary', passed.canaryId), 'passed');

    const missed = await plantCanary();
    await forward('canary', missed.canaryId, 16 * minuteMs);
    await canaryDone(missed.canaryId);
    await save(workflowId('canary', missed.canaryId), 'never-detected');

    const waiting = await plantCanary();
    await save(workflowId('canary', waiting.canaryId), 'planted-still-open');
  });

  it('detectionSweep', async () => {
    const rules = await seedDetector(world);
    await record(world, message('acct_swept', 500));
    const swept = await eventually('the event is read', async () => {
      const handle = await startSweep(vigil, rules);
      return (await handle.result()).filed > 0 ? handle : null;
    });
    await save(swept.workflowId, 'swept');

    const off = await startSweep(vigil, await seedDetector(world, { maturity: 'M1' }));
    await off.result();
    await save(off.workflowId, 'detector-off');

    const failing = await seedDetector(world, {
      definition: { kind: 'http', url: `${service.url}/score`, canary: null },
    });
    await record(world, message('acct_failing', 1, { text: 'any' }));
    const failed = await eventually('the service is asked', async () => {
      const handle = await startSweep(vigil, failing);
      await fastForward(vigil.temporal, handle.workflowId, 60, { mayEnd: true });
      return (await handle.result()).status === 'failed' ? handle : null;
    });
    await save(failed.workflowId, 'service-answers-garbage');
  });

  it('launchReadiness', async () => {
    const { ability, audience, signIn, volume } = t3Intake;
    const intake = { ability, audience, signIn, volume };
    const short = await LaunchStory.start(vigil, { intake });
    await short.ask('launch_owner', 'abort', { reasonCode: 'product_decision', noteId: short.world.noteId });
    await save(short.workflowId, 'aborted-at-once');

    const long = await LaunchStory.start(vigil, { intake });
    await long.openFirstStage();
    await long.pass(5 * 3_600);
    await long.tell('caseLinked', { caseId: newId('case'), severity: 1 });
    await save(long.workflowId, 'first-stage-held');

    const stale = await LaunchStory.start(vigil, { intake });
    await stale.answerIntake();
    await stale.pass((2 * dayMs) / 1_000);
    await save(stale.workflowId, 'nothing-measured-for-days');
  });
});

describe('stories that continue as new', () => {
  onVigil(20);

  const saveRuns = async (kind: AggregateKind, id: string): Promise<void> => {
    const runs = (await runsOf(vigil.temporal, workflowId(kind, id))).toReversed();
    if (runs.length < 2) throw new Error(`${kind} ${id} did not continue as new`);
    await save(workflowId(kind, id), 'renewed-first-run', runs[0]);
    await save(workflowId(kind, id), 'renewed-second-run', runs[1]);
  };

  it('reviewCase and enforce', async () => {
    const caseId = await openCase('acct_renewed', 4);
    for (const severity of [3, 2] as const) {
      await taskOf(world, caseId);
      await fileFinding(world, await seedDetector(world, { severity }), 'acct_renewed');
      await caseWhen(world, caseId, (row) => row.state?.severity === row.severity);
    }
    await forward('case', caseId, 10 * hourMs);
    await decide(world, await taskOf(world, caseId), world.people.reviewer, 'violation', suspension);
    const { state } = await caseWhen(world, caseId, (row) => row.state?.orderId !== null);
    const orderId = state?.orderId ?? '';
    await orderWhen(world, orderId, (row) => row.state?.duties.notice.status === 'done');
    await forward('enforcement', orderId, 8 * dayMs);
    await orderWhen(world, orderId, (row) => row.status === 'lifted');
    await saveRuns('case', caseId);
    await saveRuns('enforcement', orderId);
  });

  it('escalationLadder and canary', async () => {
    const id = await trigger('renewed');
    for (let turn = 0; turn < 3; turn++) {
      await tell('escalation', id, 'acknowledge', 'oncall');
      await tell('escalation', id, 'unacknowledge', 'oncall');
      await forward('escalation', id, minuteMs);
    }
    await tell('escalation', id, 'resolve', 'oncall');
    await saveRuns('escalation', id);
    const canary = await plantCanary();
    await passCanary(canary);
    await saveRuns('canary', canary.canaryId);
  });

  it('launchReadiness', async () => {
    const { ability, audience, signIn, volume } = t3Intake;
    const story = await LaunchStory.start(vigil, { intake: { ability, audience, signIn, volume } });
    await story.answerIntake();
    await story.fulfilAll();
    await saveRuns('launch', story.world.launchId);
  });
});
