import { describe, it } from 'vitest';
import { dayMs, hourMs, minuteMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { workflowId } from '#workflows/contract.ts';
import { canaryWhen, plantCanary } from '../support/canaries.ts';
import { fileFinding, seedDetector } from '../support/case-world.ts';
import { LaunchStory } from '../support/launch-story.ts';
import { t3Intake } from '../support/launches.ts';
import { caseWhen, claim, decide, openOrder, orderWhen, suspension, taskOf } from '../support/reviewing.ts';
import { message, record, startSweep } from '../support/sweeping.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually } from '../support/vigil.ts';
import {
  escalationWhen,
  forward,
  handOverSoon,
  openCase,
  openMonitor,
  passCanary,
  resolve,
  save,
  saveRuns,
  setStage,
  stage,
  tell,
  tellMirror,
  trigger,
  watch,
} from './stage.ts';

/** Not a test: plays the stories whose histories the replay tests keep, against servers of its own. */

describe('stories', () => {
  setStage();

  it('reviewCase', async () => {
    const short = await openCase('acct_short', 3);
    await decide(stage.world, await taskOf(stage.world, short), stage.world.people.reviewer, 'no_violation');
    await caseWhen(stage.world, short, (row) => row.closedAt !== null);
    await save(workflowId('case', short), 'cleared');

    const long = await openCase('acct_long', 3);
    await taskOf(stage.world, long);
    await fileFinding(stage.world, await seedDetector(stage.world, { severity: 2 }), 'acct_long');
    await caseWhen(stage.world, long, (row) => row.state?.severity === 2);
    await forward('case', long, 9 * hourMs);
    await caseWhen(stage.world, long, (row) => row.state?.escalatedFor.length === 2);
    await claim(stage.world, (await taskOf(stage.world, long)).id, stage.world.people.reviewer);
    await caseWhen(stage.world, long, (row) => row.state?.firstLookAt !== null);
    await tell('case', long, 'escalate', 'second');
    await stage.platform.fault({
      mode: 'reject_permanent',
      route: '/enforcement/actions',
      match: { 'target.ref': 'acct_long' },
    });
    await decide(stage.world, await taskOf(stage.world, long, 2), stage.world.people.third, 'violation', suspension);
    const { state } = await caseWhen(stage.world, long, (row) => row.state?.enforcementOutcome === 'failed');
    await tell('enforcement', state?.orderId ?? '', 'retry', 'oncall');
    await caseWhen(stage.world, long, (row) => row.closedAt !== null);
    await save(workflowId('case', long), 'late-escalated-enforced');

    const merged = await openCase('acct_merged');
    const into = await openCase('acct_into');
    await taskOf(stage.world, merged);
    await tell('case', merged, 'merge', 'ops', { into });
    await save(workflowId('case', merged), 'merged');
    await caseWhen(stage.world, into, (row) => (row.state?.signalCount ?? 0) > 1);
    await save(workflowId('case', into), 'open-after-merge');
  });

  it('enforce', async () => {
    const detector = await seedDetector(stage.world);
    const permanent = { action: 'suspend_account', durationMs: null } as const;
    const refused = await openOrder(stage.world, detector, 'acct_refused', permanent);
    await orderWhen(stage.world, refused.id, (row) => row.status === 'awaiting_approval');
    await tell('enforcement', refused.id, 'refuse', 'ops', { reasonCode: 'not_proven' });
    await orderWhen(stage.world, refused.id, (row) => row.closedAt !== null);
    await save(workflowId('enforcement', refused.id), 'refused');

    const lifted = await openOrder(stage.world, detector, 'acct_lifted', suspension);
    await orderWhen(stage.world, lifted.id, (row) => row.status === 'active');
    await forward('enforcement', lifted.id, 8 * dayMs);
    await orderWhen(stage.world, lifted.id, (row) => row.status === 'lifted');
    await forward('enforcement', lifted.id, 184 * dayMs);
    await orderWhen(stage.world, lifted.id, (row) => row.closedAt !== null);
    await save(workflowId('enforcement', lifted.id), 'lifted-in-time');

    await stage.platform.goDown();
    const down = await openOrder(stage.world, detector, 'acct_down', suspension);
    await forward('enforcement', down.id, 12 * hourMs);
    await orderWhen(stage.world, down.id, (row) => row.status === 'apply_failed');
    await stage.platform.comeBack();
    await tell('enforcement', down.id, 'retry', 'oncall');
    await orderWhen(stage.world, down.id, (row) => row.state?.duties.notice.status === 'done');
    await tell('enforcement', down.id, 'reverse', 'ops', { reasonCode: 'appeal_overturned' });
    await orderWhen(stage.world, down.id, (row) => row.closedAt !== null);
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

    stage.phones.answer = ({ address }) =>
      address.includes('oncall') ? { outcome: 'failed_transient', retryAfterMs: null } : { outcome: 'unknown' };
    const failing = await trigger('failing');
    await forward('escalation', failing, 11 * minuteMs);
    await eventually('the backup is paged', () => Promise.resolve(stage.phones.received('backup').length > 0));
    stage.phones.answer = () => ({ outcome: 'sent' });
    await tell('escalation', failing, 'acknowledge', 'backup');
    await save(workflowId('escalation', failing), 'channel-down-still-open');
  });

  it('canary', async () => {
    const passed = await plantCanary(stage.world, await seedDetector(stage.world));
    await passCanary(passed);
    await save(workflowId('canary', passed.canaryId), 'passed');

    const missed = await plantCanary(stage.world, await seedDetector(stage.world));
    await forward('canary', missed.canaryId, 16 * minuteMs);
    await canaryWhen(stage.world, missed.canaryId, ({ status }) => status === 'done');
    await save(workflowId('canary', missed.canaryId), 'never-detected');

    const waiting = await plantCanary(stage.world, await seedDetector(stage.world));
    await save(workflowId('canary', waiting.canaryId), 'planted-still-open');
  });

  it('heartbeatMonitor', async () => {
    const missed = await openMonitor();
    await missed.beat();
    await missed.when('beating');
    await forward('heartbeat', missed.id, 11 * minuteMs);
    await missed.when('missed');
    await missed.beat();
    await missed.when('beating');
    await tell('heartbeat', missed.id, 'close', 'manager');
    await save(workflowId('heartbeat', missed.id), 'missed-beat-again-closed');

    const long = await openMonitor();
    await long.beat();
    await long.when('beating');
    for (let turn = 0; turn < 3; turn++) {
      await forward('heartbeat', long.id, 9 * minuteMs);
      await long.beatAgo(minuteMs);
    }
    await tell('heartbeat', long.id, 'pause', 'oncall');
    await forward('heartbeat', long.id, dayMs);
    await tell('heartbeat', long.id, 'resume', 'manager');
    await tell('heartbeat', long.id, 'change', 'manager', { settingsVersion: 1, intervalMs: 2 * minuteMs });
    await forward('heartbeat', long.id, 3 * minuteMs);
    await long.when('missed');
    await save(workflowId('heartbeat', long.id), 'paused-changed-missed-still-open');

    const odd = await openMonitor();
    await forward('heartbeat', odd.id, 3 * dayMs);
    await tell('heartbeat', odd.id, 'pause', 'manager');
    await tell('heartbeat', odd.id, 'close', 'manager');
    await save(workflowId('heartbeat', odd.id), 'never-beat');
  });

  it('oncallWatch', async () => {
    await save(await watch(0), 'looked-once');
    await save(await watch(55_000), 'nothing-to-tell');
    await handOverSoon();
    await save(await watch(55_000), 'hand-off-told');
    stage.phones.answer = () => ({ outcome: 'failed_transient', retryAfterMs: null });
    await handOverSoon();
    await save(await watch(5_000), 'phone-that-does-not-answer');
    stage.phones.answer = () => ({ outcome: 'sent' });
  });

  it('statusMirror', async () => {
    const { elsewhere } = stage;
    const isDone = (id: string) => stage.vigil.temporal.workflow.getHandle(id).result();
    const limited = { outcome: 'failed_transient', code: 'rate_limited', retryAfterMs: 2_000 } as const;
    const short = await tellMirror(await trigger('shown'));
    await isDone(short);
    await save(short, 'shown-at-once');

    elsewhere.answer = () => limited;
    const stormy = await trigger('stormy');
    const long = await tellMirror(stormy);
    await eventually('it is refused', () => Promise.resolve(elsewhere.calls > 1));
    await resolve('stormy');
    await escalationWhen(stormy, 'resolved');
    elsewhere.answer = () => ({ outcome: 'shown' });
    await tellMirror(stormy);
    await fastForward(stage.vigil.temporal, long, 60, { mayEnd: true });
    await isDone(long);
    await save(long, 'refused-then-news-then-shown');

    elsewhere.answer = () => ({ ...limited, retryAfterMs: hourMs });
    const odd = await tellMirror(await trigger('silent'));
    await fastForward(stage.vigil.temporal, odd, (7 * hourMs) / 1_000, { mayEnd: true });
    await isDone(odd);
    await save(odd, 'given-up-after-hours');
    elsewhere.answer = () => ({ outcome: 'shown' });
  });

  it('detectionSweep', async () => {
    const rules = await seedDetector(stage.world);
    await record(stage.world, message('acct_swept', 500));
    const swept = await eventually('the event is read', async () => {
      const handle = await startSweep(stage.vigil, rules);
      return (await handle.result()).filed > 0 ? handle : null;
    });
    await save(swept.workflowId, 'swept');

    const off = await startSweep(stage.vigil, await seedDetector(stage.world, { maturity: 'M1' }));
    await off.result();
    await save(off.workflowId, 'detector-off');

    const failing = await seedDetector(stage.world, {
      definition: { kind: 'http', url: `${stage.service.url}/score`, canary: null },
    });
    await record(stage.world, message('acct_failing', 1, { text: 'any' }));
    const failed = await eventually('the service is asked', async () => {
      const handle = await startSweep(stage.vigil, failing);
      await fastForward(stage.vigil.temporal, handle.workflowId, 60, { mayEnd: true });
      return (await handle.result()).status === 'failed' ? handle : null;
    });
    await save(failed.workflowId, 'service-answers-garbage');
  });

  it('launchReadiness', async () => {
    const { ability, audience, signIn, volume } = t3Intake;
    const intake = { ability, audience, signIn, volume };
    const short = await LaunchStory.start(stage.vigil, { intake });
    await short.ask('launch_owner', 'abort', { reasonCode: 'product_decision', noteId: short.world.noteId });
    await save(short.workflowId, 'aborted-at-once');

    const long = await LaunchStory.start(stage.vigil, { intake });
    await long.openFirstStage();
    await long.pass(5 * 3_600);
    await long.tell('caseLinked', { caseId: newId('case'), severity: 1 });
    await save(long.workflowId, 'first-stage-held');

    const stale = await LaunchStory.start(stage.vigil, { intake });
    await stale.answerIntake();
    await stale.pass((2 * dayMs) / 1_000);
    await save(stale.workflowId, 'nothing-measured-for-days');
  });
});

describe('stories that continue as new', () => {
  setStage(20);

  it('reviewCase and enforce', async () => {
    const caseId = await openCase('acct_renewed', 4);
    for (const severity of [3, 2] as const) {
      await taskOf(stage.world, caseId);
      await fileFinding(stage.world, await seedDetector(stage.world, { severity }), 'acct_renewed');
      await caseWhen(stage.world, caseId, (row) => row.state?.severity === row.severity);
    }
    await forward('case', caseId, 10 * hourMs);
    await decide(stage.world, await taskOf(stage.world, caseId), stage.world.people.reviewer, 'violation', suspension);
    const { state } = await caseWhen(stage.world, caseId, (row) => row.state?.orderId !== null);
    const orderId = state?.orderId ?? '';
    await orderWhen(stage.world, orderId, (row) => row.state?.duties.notice.status === 'done');
    await forward('enforcement', orderId, 8 * dayMs);
    await orderWhen(stage.world, orderId, (row) => row.status === 'lifted');
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
    const canary = await plantCanary(stage.world, await seedDetector(stage.world));
    await passCanary(canary);
    await saveRuns('canary', canary.canaryId);
  });

  it('heartbeatMonitor', async () => {
    const monitor = await openMonitor();
    await monitor.beat();
    await monitor.when('beating');
    for (let turn = 0; turn < 6; turn++) {
      await forward('heartbeat', monitor.id, 9 * minuteMs);
      await monitor.beatAgo(minuteMs);
    }
    await forward('heartbeat', monitor.id, 30 * minuteMs);
    await monitor.when('missed');
    await saveRuns('heartbeat', monitor.id);
  });

  it('launchReadiness', async () => {
    const { ability, audience, signIn, volume } = t3Intake;
    const story = await LaunchStory.start(stage.vigil, { intake: { ability, audience, signIn, volume } });
    await story.answerIntake();
    await story.fulfilAll();
    await saveRuns('launch', story.world.launchId);
  });
});
