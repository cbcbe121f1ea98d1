import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { chainsOf, stepsOf } from './history.ts';
import type { Step } from './history.ts';
import type { WaiverRow } from './rows.ts';

type LaunchStep = Step<unknown>;

/** Sign-offs, opened stages and waivers: each row is the record of one act in the trail, and each act has its row. */
export function checkLaunchRecords(facts: Facts, found: Findings): void {
  const histories = new Map(chainsOf(facts, 'launch').map((chain) => [chain.id, stepsOf<unknown>(chain)]));
  const acts = (launchId: string, type: string): LaunchStep[] =>
    (histories.get(launchId) ?? []).filter(({ event }) => event.type === type);

  for (const row of facts.signOffs) {
    found.saw('sign-offs');
    const matching = acts(row.launch_id, 'signOff').filter(
      ({ event, actorId, at }) => event['role'] === row.role && actorId === row.decided_by && at === row.decided_at,
    );
    if (matching.length !== 1) {
      found.breach(`launch ${row.launch_id}`, `sign-off ${row.id} has ${matching.length} audit events`, row.decided_at);
    }
  }
  for (const row of facts.stages) {
    found.saw('stages');
    const matching = acts(row.launch_id, 'advanceStage').filter(
      ({ event, actorId, at }) => event['to'] === row.percent && actorId === row.decided_by && at === row.opened_at,
    );
    if (matching.length !== 1) {
      found.breach(
        `launch ${row.launch_id}`,
        `the ${row.percent} % stage has ${matching.length} audit events`,
        row.opened_at,
      );
    }
  }
  for (const row of facts.waivers) {
    found.saw('waivers');
    for (const [type, by] of expectedActs(row)) {
      const matching = acts(row.launch_id, type).filter(
        ({ event, actorId }) => event['waiverId'] === row.id && actorId === by,
      );
      if (matching.length !== 1) {
        found.breach(`launch ${row.launch_id}`, `${type} of waiver ${row.id} has ${matching.length} audit events`);
      }
    }
  }
  for (const [launchId, steps] of histories) checkRows(facts, launchId, steps, found);
}

function expectedActs(row: WaiverRow): (readonly [type: string, by: string | null])[] {
  const acts: (readonly [string, string | null])[] = [['requestWaiver', row.requested_by]];
  if (row.status === 'refused') acts.push(['refuseWaiver', row.decided_by]);
  else if (row.decided_by !== null) acts.push(['approveWaiver', row.decided_by]);
  if (row.status === 'revoked') acts.push(['revokeWaiver', row.revoked_by]);
  return acts;
}

function checkRows(facts: Facts, launchId: string, steps: readonly LaunchStep[], found: Findings): void {
  const count = (type: string): number => steps.filter(({ event }) => event.type === type).length;
  const expected = [
    ['sign-offs', count('signOff'), facts.signOffs.filter((row) => row.launch_id === launchId).length],
    ['waivers', count('requestWaiver'), facts.waivers.filter((row) => row.launch_id === launchId).length],
    [
      'stages',
      steps.filter(({ event }) => event.type === 'advanceStage' && event['to'] !== 'sustained').length,
      facts.stages.filter((row) => row.launch_id === launchId).length,
    ],
  ] as const;
  for (const [what, acted, rows] of expected) {
    if (acted !== rows) found.breach(`launch ${launchId}`, `the trail has ${acted} ${what}, the tables have ${rows}`);
  }
}
