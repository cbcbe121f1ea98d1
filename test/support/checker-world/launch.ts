import type { Client } from 'pg';
import type { Json } from '#domain/json.ts';
import { isBlocking, catalogueOf } from '#domain/launch/catalogue.ts';
import type { Requirement } from '#domain/launch/catalogue.ts';
import { after, people, productId, teamId } from './setting.ts';
import { ChainWriter, command, idOf, insert } from './writer.ts';
import type { Actor } from './writer.ts';

export const launchId = idOf('lch', 1);
export const waiverId = idOf('wvr', 1);
const waived = 'DT-09';
const signed = 'GV-01';
const hash = '7'.repeat(64);
const tier = 'T3';

type State = { readonly [key: string]: Json };

const { owner, scientist } = people;
const catalogue = catalogueOf('v1').filter(({ appliesTo }) => appliesTo === 'all');

/** A launch of the mildest tier: everything that blocks is measured but one thing, which is waived; 1 % is opened. */
export async function seedLaunch(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'launch', launchId);
  const row = { id: launchId, product_id: productId, team_id: teamId, name: 'launch', opened_by: owner.id };
  await insert(client, 'launches', { ...row, status: 'opening', opened_at: new Date(after(700)) });
  const start = await command(client, chain, after(700), { name: 'open', mode: 'start', actor: owner });
  await chain.move(after(701), { type: 'opened' }, opening, { actor: owner, cause: start });
  const act = async (
    seconds: number,
    by: Actor,
    event: State & { readonly type: string },
    changes: State,
  ): Promise<void> => {
    const cause = await command(client, chain, after(seconds - 1), { name: event.type, actor: by });
    await chain.move(after(seconds), event, changes, { actor: by, cause });
  };
  const requirements = Object.fromEntries(catalogue.map(({ id }) => [id, untouched] as const));
  await act(710, owner, { type: 'answerIntake' }, { phase: 'readiness', tier, requirements });
  const measured = Object.fromEntries(catalogue.map((entry) => [entry.id, proofOf(entry)] as const));
  await chain.move(after(720), { type: 'checkCompleted' }, { requirements: measured });
  await act(730, owner, { type: 'requestWaiver', waiverId, requirementId: waived }, {});
  const waiver = { waiverId, requestedBy: owner.id, approvedBy: scientist.id, expiresAt: after(7_200) };
  const withWaiver: Readonly<Record<string, State>> = { ...measured, [waived]: { ...untouched, waiver } };
  await act(740, scientist, { type: 'approveWaiver', waiverId }, { requirements: withWaiver });
  const signOff = { choice: 'approve', at: after(750), revision: 0 };
  const complete = { ...withWaiver, [signed]: { ...withWaiver[signed], signOff } };
  await act(750, scientist, { type: 'signRequirement', requirementId: signed }, { requirements: complete });
  const approval = (by: Actor): State => ({ personId: by.id, choice: 'approve', revision: 0, overruled: null });
  await act(760, owner, { type: 'signOff', role: 'launch_owner' }, { signOffs: { launch_owner: approval(owner) } });
  const signOffs = { launch_owner: approval(owner), protection_scientist: approval(scientist) };
  await act(761, scientist, { type: 'signOff', role: 'protection_scientist' }, { signOffs });
  const blocking = catalogue.filter((entry) => isBlocking(entry, tier));
  const opened = { percent: 1, passed: blocking.length - 1, waived: [waived], notApplicable: [] };
  await act(770, owner, { type: 'advanceStage', to: 1 }, { phase: 'stage', stage: { percent: 1 }, openings: [opened] });
  await chain.end();
  await client.query(
    `UPDATE launches SET version = $2, status = 'stage', tier = 'T3', stage_percent = 1, state = $3 WHERE id = $1`,
    [launchId, chain.version, JSON.stringify(chain.state)],
  );
  await insertRecords(client);
}

const opening: State = {
  phase: 'intake',
  catalogueVersion: 'v1',
  tier: null,
  tierBasis: null,
  capabilities: [],
  requirements: {},
  evidenceRevision: 0,
  signOffs: {},
  conditions: [],
  stage: null,
  heldSinceAt: null,
  openings: [],
  closed: null,
};

const untouched: State = {
  revision: 0,
  result: null,
  evidence: null,
  signOff: null,
  notApplicable: null,
  waiver: null,
};

/** Just what the product's own catalogue asks for, and not a grain more; what only advises stays unmeasured. */
function proofOf(requirement: Requirement): State {
  const { probe, evidence } = requirement.verify;
  if (!isBlocking(requirement, tier) || requirement.id === waived) return untouched;
  const result = probe && {
    status: 'pass',
    observed: probe.measure.threshold[tier],
    threshold: null,
    population: probe.measure.minPopulation[tier],
    windowMs: probe.measure.minWindowMs[tier],
    evidenceHash: hash,
    measuredAt: after(720),
    reportedBy: null,
  };
  const attached = {
    hash,
    validUntilAt: after(7_200),
    attachedAt: after(715),
    collectedBy: owner.id,
    attachedBy: owner.id,
  };
  return { ...untouched, result, evidence: evidence ? attached : null };
}

async function insertRecords(client: Client): Promise<void> {
  for (const requirement of catalogue) {
    const blocking = isBlocking(requirement, tier);
    const state = requirement.id === waived ? 'waived' : blocking ? 'pass' : 'not_reported';
    const row = { launch_id: launchId, requirement_id: requirement.id, state, blocking, owner_role: requirement.owner };
    await insert(client, 'launch_requirements', row);
  }
  await insert(client, 'waivers', {
    id: waiverId,
    launch_id: launchId,
    requirement_id: waived,
    status: 'approved',
    reason_code: 'accepted_risk',
    requested_by: owner.id,
    decided_by: scientist.id,
    expires_at: new Date(after(7_200)),
  });
  for (const [number, role, by, seconds] of [
    [1, 'launch_owner', owner, 760],
    [2, 'protection_scientist', scientist, 761],
  ] as const) {
    await insert(client, 'sign_offs', {
      id: idOf('sgn', number),
      launch_id: launchId,
      role,
      choice: 'approve',
      decided_by: by.id,
      evidence_set_hash: hash,
      catalogue_version: 'v1',
      decided_at: new Date(after(seconds)),
    });
  }
  await insert(client, 'stages', {
    launch_id: launchId,
    percent: 1,
    decided_by: owner.id,
    opened_at: new Date(after(770)),
  });
}
