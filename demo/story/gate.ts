import { ProblemError } from '#cli/http.ts';
import { sha256Hex } from '#db/ids.ts';
import { dayMs, toIso } from '#domain/time.ts';
import { readinessOf, reported } from './launch.ts';
import type { Readiness } from './launch.ts';
import { reviewUntilSuspended } from './review.ts';
import type { Truth } from './traffic.ts';
import { expectThat, idOf, until } from './world.ts';
import type { World } from './world.ts';

/** Step 7a: while something is unmeasured, the gate refuses and says what, whose it is and why. */
export async function expectRefusal(
  world: World,
  launchId: string,
): Promise<readonly { requirementId: string; state: string }[]> {
  try {
    await world.as('launch-owner').post(`/v1/launches/${launchId}/stages`, { to: 1 });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expectThat(error.problem.status === 409, 'the gate refuses', error.problem);
    const { gate } = await readinessOf(world, launchId);
    const unmeasured = gate.blockers.filter(({ state }) => state === 'not_reported');
    expectThat(unmeasured.length > 0, 'the refusal names what was not measured', gate.blockers);
    return unmeasured;
  }
  throw new Error('the gate opened although nothing was measured');
}

/** Step 7b: everything that blocks is measured, shown or waived; then the 1 % stage opens. */
export async function openFirstStage(world: World, launchId: string, truth: Truth): Promise<Readiness> {
  await exerciseKillSwitch(world, truth);
  await world.as('scientist').post(`/v1/launches/${launchId}/check-runs`, {});
  await reportProductChecks(world, launchId);
  await attachEvidence(world, launchId);
  await waive(world, launchId);
  await signRequirements(world, launchId);
  const settled = await until('only sign-offs block', async () => {
    const readiness = await readinessOf(world, launchId);
    const others = readiness.gate.blockers.filter(({ reason }) => !reason.startsWith('sign_off_'));
    return others.length === 0 ? readiness : null;
  }).catch(async (error: unknown) => {
    const { gate } = await readinessOf(world, launchId);
    throw new Error(
      `${String(error)}: ${gate.blockers.map(({ requirementId, reason }) => `${requirementId} ${reason}`).join(', ')}`,
      { cause: error },
    );
  });
  await signOff(world, launchId, settled);
  await releaseHold(world, launchId);
  await world.as('launch-owner').post(`/v1/launches/${launchId}/stages`, { to: 1 });
  const opened = await readinessOf(world, launchId);
  expectThat(opened.stage?.percent === 1, 'the 1 % stage is open', opened.stage);
  expectThat(
    opened.gate.waived.length === 1 && !opened.gate.passed.includes(opened.gate.waived[0] ?? ''),
    'the waived check is shown as waived, never as passed',
    opened.gate,
  );
  return opened;
}

/** A drill of the kill switch: engaged by a person, it holds back the next order until it is released. */
async function exerciseKillSwitch(world: World, truth: Truth): Promise<void> {
  const switches = `/v1/products/${idOf(world, 'products', 'outreach-assistant')}/kill-switches`;
  const engaged = await world.as('oncall-manager').post<{ id: string }>(switches, {});
  const accountRef = await reviewUntilSuspended(world, 'reviewer-a', truth);
  const statusOf = async (): Promise<string | undefined> => {
    const orders = await world.as('ops-lead').list<{ accountRef: string; status: string }>('/v1/enforcement-orders');
    return orders.find((order) => order.accountRef === accountRef)?.status;
  };
  await until('the kill switch holds the order back', async () => (await statusOf()) === 'stopped');
  await world.as('oncall-manager').post(`${switches}/${engaged.id}/releases`, {});
  await until('the order goes on', async () => ['active', 'lifting', 'lifted'].includes((await statusOf()) ?? ''));
}

/** What the product's own pipeline measures and reports: Vigil cannot see inside it. Ids and how much was looked at. */
const productChecks = { 'DA-01': 8, 'DA-05': 6, 'DT-02': 45, 'RE-06': 2, 'RS-05': 2, 'GV-01': 4 };

async function reportProductChecks(world: World, launchId: string): Promise<void> {
  const report = (requirementId: string, result: object) =>
    world.as('outreach-events').post(`/v1/launches/${launchId}/check-results`, { requirementId, result });
  for (const [requirementId, population] of Object.entries(productChecks)) {
    await report(
      requirementId,
      reported(1, population, sha256Hex(`${requirementId} report of the product's pipeline`)),
    );
  }
  // Vigil has seen this stream for a minute; the product's own monitor has seen it for three days.
  await report('DA-02', {
    status: 'pass',
    observed: 42_000,
    threshold: null,
    population: 18_000,
    windowMs: 3 * dayMs,
    evidenceHash: sha256Hex('delay of the stream'),
  });
}

async function attachEvidence(world: World, launchId: string): Promise<void> {
  await world.as('data-engineer').post(`/v1/launches/${launchId}/evidence`, {
    requirementId: 'DA-05',
    reference: 'https://docs.example.com/outreach/content-access',
    sha256: sha256Hex('who may read content, and when the break-glass was tried'),
    validUntil: toIso(world.startedAt + 90 * dayMs),
  });
}

/** A detector that began today cannot show a week of health: asked for by one person, accepted for a time by another. */
async function waive(world: World, launchId: string): Promise<void> {
  const { result } = await world
    .as('launch-owner')
    .post<{ result: { waiverId?: string } }>(`/v1/launches/${launchId}/waivers`, {
      requirementId: 'DT-09',
      reasonCode: 'not_yet_measurable',
      days: 7,
      note: 'The detectors started today; their week of health is measured by then.',
    });
  const waiverId = result.waiverId ?? (await pendingWaiver(world, launchId));
  await expectRefused(
    () => world.as('launch-owner').post(`/v1/launches/${launchId}/waiver-approvals`, { waiverId }),
    'nobody approves their own waiver',
  );
  await world.as('ops-lead').post(`/v1/launches/${launchId}/waiver-approvals`, { waiverId });
}

async function pendingWaiver(world: World, launchId: string): Promise<string> {
  const launch = await world
    .as('launch-owner')
    .get<{ state: { requirements: Record<string, { waiverRequest: { waiverId: string } | null }> } }>(
      `/v1/launches/${launchId}`,
    );
  const waiverId = launch.state.requirements['DT-09']?.waiverRequest?.waiverId;
  if (waiverId === undefined) throw new Error('the waiver was not requested');
  return waiverId;
}

/** Requirements that a named role must judge too: by people who did not collect the evidence. */
async function signRequirements(world: World, launchId: string): Promise<void> {
  for (const [requirementId, who] of [
    ['GV-01', 'scientist'],
    ['RE-06', 'legal'],
  ] as const) {
    const row = (await readinessOf(world, launchId)).requirements.find(
      (requirement) => requirement.requirementId === requirementId,
    );
    if (!row) throw new Error(`the launch has no requirement ${requirementId}`);
    await world.as(who).post(`/v1/launches/${launchId}/requirement-sign-offs`, {
      requirementId,
      choice: 'approve',
      revision: row.revision,
    });
  }
}

/** Two people in two roles approve the evidence that they saw. */
async function signOff(world: World, launchId: string, { evidenceSet }: Readiness): Promise<void> {
  for (const [role, who] of [
    ['launch_owner', 'launch-owner'],
    ['protection_scientist', 'scientist'],
  ] as const) {
    await world.as(who).post(`/v1/launches/${launchId}/sign-offs`, {
      role,
      choice: 'approve',
      evidenceRevision: evidenceSet.revision,
      evidenceSetHash: evidenceSet.hash,
    });
  }
}

async function expectRefused(ask: () => Promise<unknown>, what: string): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status >= 400 && error.problem.status < 500) return;
    throw error;
  }
  throw new Error(`${what}, but it was allowed`);
}

/** The first severity 1 case held the launch already; it is decided now, and a person who does not own the launch lets it go on. */
async function releaseHold(world: World, launchId: string): Promise<void> {
  const held = (await readinessOf(world, launchId)).holds['severity_1_case'];
  if (held === undefined) throw new Error('the severity 1 case did not hold the launch');
  await world.as('ops-lead').post(`/v1/launches/${launchId}/releases`, {
    reason: 'severity_1_case',
    seenCount: held.count,
    note: 'The case is decided, the account is suspended, and the detector caught it within seconds.',
  });
}

/** Step 7c: a severity 1 case of the product puts the launch on hold, by itself. */
export async function expectHold(world: World, launchId: string): Promise<void> {
  await until(
    'the severity 1 case holds the launch',
    async () => (await readinessOf(world, launchId)).holds['severity_1_case'] !== undefined,
  );
}
