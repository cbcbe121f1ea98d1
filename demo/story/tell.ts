import { exportAndVerify, timeline } from './audit.ts';
import { runCanaries } from './canaries.ts';
import { followEnforcement, loseOneAnswer } from './enforcement.ts';
import { expectHold, expectRefusal, openFirstStage } from './gate.ts';
import { startLaunch } from './launch.ts';
import { acknowledgeByCli, expectQuietAndResolved, nextPage, watchLadder } from './paging.ts';
import { measurePrecision, precisionTable } from './precision.ts';
import type { Progress } from './progress.ts';
import { decideSensitive, review } from './review.ts';
import { sendThreat, sendTraffic } from './traffic.ts';
import { until } from './world.ts';
import type { World } from './world.ts';

const decisionsPerReviewer = 15;
const suspensionsPerReviewer = 3;

/** The main job, told once: each step fails the whole story when what it promises is not so. */
export async function tell(world: World, progress: Progress, print: (line: string) => void): Promise<void> {
  const { launchId } = await progress.step(
    '1  A launch owner starts a launch with an intake file',
    () => startLaunch(world),
    ({ readiness, requirements }) =>
      `tier ${readiness.tier}, ${requirements} requirements, ${readiness.gate.blockers.length} block; first: ${readiness.gate.blockers[0]?.requirementId} (${readiness.gate.blockers[0]?.ownerRole}, due ${new Date(readiness.gate.blockers[0]?.dueAt ?? 0).toISOString().slice(0, 10)})`,
  );
  const unmeasured = await progress.step(
    '7a The gate refuses while something is unmeasured',
    () => expectRefusal(world, launchId),
    (blockers) => `${blockers.length} not reported: ${blockers.map(({ requirementId }) => requirementId).join(' ')}`,
  );
  void unmeasured;

  const threat = await sendThreat(world, 'first');
  const ladder = watchLadder(world);
  ladder.catch(() => undefined);
  const traffic = await progress.step(
    '2  A day of real traffic comes in, and three detectors look at it',
    async () => {
      const sent = await sendTraffic(world);
      const cases = await until(
        'cases are opened',
        async () => {
          const list = await world.as('ops-lead').list<{ id: string; signalCount: number }>('/v1/cases', {}, 200);
          return list.length >= 60 ? list : null;
        },
        120_000,
      );
      return { ...sent, cases: cases.length, signals: cases.reduce((sum, { signalCount }) => sum + signalCount, 0) };
    },
    ({ accepted, cases, signals }) => `${accepted} events accepted once; ${signals} signals feed ${cases} cases so far`,
  );

  await loseOneAnswer(world);
  const reviewed = await progress.step(
    '3  Reviewers decide cases under leases; in the middle the worker is killed (9)',
    async () => {
      const options = { decisions: decisionsPerReviewer, suspensions: suspensionsPerReviewer };
      const both = Promise.all([
        review(world, 'reviewer-a', traffic.truth, options),
        review(world, 'reviewer-b', traffic.truth, options),
      ]);
      both.catch(() => undefined);
      const before = world.stack.worker.pid();
      await world.stack.worker.kill();
      await world.stack.worker.start();
      return { done: await both, before, after: world.stack.worker.pid() };
    },
    ({ done, before, after }) =>
      `${done.reduce((sum, one) => sum + one.decided, 0)} decided, ${done.reduce((sum, one) => sum + one.violations, 0)} violations; worker ${before} killed by SIGKILL, ${after} went on`,
  );
  const suspended = reviewed.done.flatMap((one) => one.suspended);

  // Rung 1 keeps its phone silent meanwhile: its deadline is not waited for with nothing else to see.
  await progress.step(
    '6  Canaries: synthetic event, detector, case, drill page, acknowledgement',
    () => runCanaries(world, launchId, 3),
    ({ slowestSeconds, population }) =>
      `slowest of ${population}: ${slowestSeconds.toFixed(1)} s; evidence of the launch`,
  );
  const { escalationId, pagesAtAck } = await progress.step(
    '5  Severity 1: rung 1 stays silent, rung 2 is paged, a person acknowledges by the command line',
    async () => {
      const watched = await ladder;
      return { ...watched, pagesAtAck: await acknowledgeByCli(world, watched.escalationId) };
    },
    ({ secondsBetween, pagesAtAck: pages }) =>
      `${secondsBetween.toFixed(1)} s between the rungs; ${pages} pages, none after the acknowledgement`,
  );
  await progress.step(
    '5  The source resolves it',
    async () => {
      await decideSensitive(world);
      await expectQuietAndResolved(world, escalationId, pagesAtAck);
      await nextPage(world, 'rung-1', 'resolved', ({ page }) => page.escalationId === escalationId);
    },
    () => `resolved by the decision of its case (${threat}); whoever was paged was told`,
  );
  await progress.step(
    '4  Decisions become orders; the platform loses one answer after success',
    () => followEnforcement(world, suspended),
    ({ applied, lifted, lostAnswers }) =>
      `${applied} accounts suspended exactly once, ${lifted} lifted by timer, ${lostAnswers} answer lost`,
  );
  await progress.step(
    '7b Evidence, sign-offs of two roles, one waiver by a second person: the 1 % stage opens',
    () => openFirstStage(world, launchId, traffic.truth),
    ({ gate }) => `${gate.passed.length} passed, ${gate.waived.length} waived (${gate.waived.join(' ')}), 1 % is open`,
  );
  await progress.step(
    '7c A severity 1 case puts the launch on hold',
    async () => {
      await sendThreat(world, 'second');
      await expectHold(world, launchId);
    },
    () => 'on hold until a person releases it',
  );
  const measured = await progress.step(
    '8  Measured precision of each detector, against the corpus',
    () => measurePrecision(world, traffic.truth.byEventId),
    (rows) =>
      rows
        .map(
          (row) => `${row.detector} ${row.observed === null ? 'unmeasured' : `${(100 * row.observed).toFixed(0)} %`}`,
        )
        .join(', '),
  );
  print(precisionTable(measured));
  const entries = await progress.step(
    '10 The audit timeline of the launch',
    () => timeline(world, launchId),
    (events) => `${events.length} events without a hole`,
  );
  for (const entry of entries)
    print(
      `    ${entry.at}  ${entry.actorKind.padEnd(7)} ${entry.action}${entry.reason === null ? '' : ` (${entry.reason})`}`,
    );
  await progress.step(
    '10 One bundle is exported and verified offline; one changed byte is found',
    () => exportAndVerify(world, launchId),
    ({ bytes, fault }) => `${Math.round(bytes / 1_024)} kB; ${fault}`,
  );
}
