import { acknowledgeDrills } from './paging.ts';
import type { CommandAnswer } from './launch.ts';
import { readinessOf } from './launch.ts';
import { expectThat, idOf, until } from './world.ts';
import type { World } from './world.ts';

interface Canary {
  readonly id: string;
  readonly status: string;
  readonly state: {
    readonly passed: boolean | null;
    readonly minutes: number | null;
    readonly caseId: string | null;
  } | null;
}

/** Step 6: canaries go from a synthetic event to a person's acknowledgement; their minutes become evidence of the launch. */
export async function runCanaries(
  world: World,
  launchId: string,
  count: number,
): Promise<{ slowestSeconds: number; population: number }> {
  const detectorVersionId = await liveVersion(world, 'bulk-sales-rules');
  const started: string[] = [];
  for (let index = 0; index < count; index++) {
    const { aggregate } = await world
      .as('scientist')
      .post<CommandAnswer>('/v1/canaries', { detectorVersionId, launchId, deadlineMinutes: 5 });
    started.push(aggregate.id);
  }
  await acknowledgeDrills(world, count);
  const runs = await until('the canaries are judged', async () => {
    const all = await Promise.all(started.map((id) => world.as('scientist').get<Canary>(`/v1/canaries/${id}`)));
    return all.every((run) => run.status === 'done') ? all : null;
  });
  expectThat(
    runs.every((run) => run.state?.passed === true),
    'every canary passed',
    runs,
  );
  const orders = await world.as('ops-lead').list<{ caseId: string }>('/v1/enforcement-orders');
  const drillCases = runs.map((run) => run.state?.caseId);
  expectThat(!orders.some((order) => drillCases.includes(order.caseId)), 'no drill was enforced');
  const evidence = await until('the canary is evidence of the launch', async () => {
    const row = (await readinessOf(world, launchId)).requirements.find(
      ({ requirementId }) => requirementId === 'RS-04',
    );
    return row?.state === 'pass' && row.result ? row.result : null;
  });
  return { slowestSeconds: (evidence.observed ?? 0) / 1_000, population: evidence.population };
}

export async function liveVersion(world: World, detectorKey: string): Promise<string> {
  const { items } = await world
    .as('scientist')
    .get<{ items: readonly { id: string; number: number }[] }>(
      `/v1/detectors/${idOf(world, 'detectors', detectorKey)}/versions`,
    );
  const newest = items.toSorted((a, b) => b.number - a.number)[0];
  if (!newest) throw new Error(`detector ${detectorKey} has no version`);
  return newest.id;
}
