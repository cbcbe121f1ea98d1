import type { Client } from 'pg';
import type { Json } from '#domain/json.ts';
import { after, people, policyVersionId, productId, queueId, teamId } from './setting.ts';
import { ChainWriter, command, idOf, insert } from './writer.ts';

export const caseId = idOf('cse', 1);
export const taskId = idOf('rtk', 1);
export const decisionId = idOf('dec', 1);
export const orderId = idOf('enf', 1);
export const noticeId = idOf('ntc', 1);
export const canaryId = idOf('can', 1);
const accountRef = 'account-1';
const action = 'suspend_account';

const { reviewer, other, lead } = people;

/** A case that one reviewer gave back and another decided, and the order that followed: approved, applied, lifted. */
export async function seedReview(client: Client): Promise<void> {
  await seedCase(client);
  await seedOrder(client);
  await seedCanary(client);
}

async function seedCase(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'case', caseId);
  await insert(client, 'cases', {
    id: caseId,
    product_id: productId,
    team_id: teamId,
    account_ref: accountRef,
    harm: 'fraud',
    severity: 2,
    synthetic: false,
    policy_version_id: policyVersionId,
    status: 'opening',
    opened_at: new Date(after(400)),
  });
  await insert(client, 'review_tasks', {
    id: taskId,
    case_id: caseId,
    queue_id: queueId,
    round: 1,
    severity: 2,
    status: 'decided',
    due_at: new Date(after(4_000)),
    lease_owner: other.id,
    lease_token: 2,
    created_at: new Date(after(402)),
  });
  const start = await command(client, chain, after(400), { name: 'open', mode: 'start' });
  const opened = { status: 'open', sensitive: false, decision: null, verdicts: [] };
  await chain.move(after(401), { type: 'opened' }, opened, { cause: start });
  await chain.move(after(402), { type: 'taskCreated', taskId }, { status: 'in_review' });
  const lease = (token: number): { readonly [key: string]: Json } => ({ taskId, token });
  await chain.say({ at: after(410), action: 'taskClaimed', actor: reviewer, cause: taskId, data: lease(1) });
  await chain.say({ at: after(420), action: 'leaseReleased', actor: reviewer, cause: taskId, data: lease(1) });
  await chain.say({ at: after(430), action: 'taskClaimed', actor: other, cause: taskId, data: lease(2) });
  await chain.say({
    at: after(431),
    action: 'taskClaimed.refused',
    actor: reviewer,
    reason: 'task.leased',
    requestId: 'request-1',
    data: { detail: {} },
  });
  await insert(client, 'idempotency_records', {
    principal_id: reviewer.id,
    key: 'claim',
    request_sha256: 'none',
    status: 409,
    body: { instance: 'request-1', code: 'task.leased' },
    headers: {},
    created_at: new Date(after(431)),
  });
  const content = { taskId, contentIds: ['con_1'] };
  await chain.say({ at: after(432), action: 'contentShown', actor: other, cause: taskId, data: content });
  await insert(client, 'decisions', {
    id: decisionId,
    task_id: taskId,
    case_id: caseId,
    verdict: 'violation',
    decided_by: other.id,
    decided_as_role: 'reviewer',
    policy_version_id: policyVersionId,
    lease_token: 2,
    decided_at: new Date(after(440)),
  });
  const said = { decisionId, taskId, leaseToken: 2 };
  await chain.say({ at: after(440), action: 'decided', actor: other, reason: 'violation', cause: taskId, data: said });
  const told = await command(client, chain, after(440), { name: 'decisionRecorded', actor: other });
  const decision = { decisionId, decidedAt: after(441) };
  await chain.move(
    after(441),
    { type: 'decisionRecorded', decisionId },
    { status: 'decided', decision, verdicts: [{ by: other.id }] },
    { actor: other, cause: told },
  );
  await chain.move(after(442), { type: 'enforcementOpened', orderId }, { status: 'enforcing' });
  await chain.end();
  await client.query(`UPDATE cases SET version = $2, status = 'enforcing', state = $3, decided_at = $4 WHERE id = $1`, [
    caseId,
    chain.version,
    JSON.stringify(chain.state),
    new Date(after(441)),
  ]);
}

async function seedOrder(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'enforcement', orderId);
  await insert(client, 'enforcement_orders', {
    id: orderId,
    team_id: teamId,
    product_id: productId,
    case_id: caseId,
    decision_id: decisionId,
    account_ref: accountRef,
    action,
    duration_ms: 60_000,
    policy_version_id: policyVersionId,
    decided_by: other.id,
    approved_by: lead.id,
    status: 'opening',
    opened_at: new Date(after(442)),
    ends_at: new Date(after(513)),
  });
  const duties = (apply: string, lift: string, notice: string): { readonly [key: string]: Json } => ({
    duties: { apply: { status: apply }, lift: { status: lift }, notice: { status: notice } },
  });
  const start = await command(client, chain, after(442), { name: 'open', mode: 'start' });
  const opened = {
    status: 'awaiting_approval',
    action,
    target: { kind: 'account', ref: accountRef },
    durationMs: 60_000,
    protectedSubject: true,
    decidedBy: other.id,
    approvedBy: null,
    madePermanentBy: null,
    applyUncertain: false,
    appliedAt: null,
    endsAt: null,
    ...duties('idle', 'idle', 'idle'),
  };
  await chain.move(after(443), { type: 'opened' }, opened, { cause: start });
  const approval = await command(client, chain, after(450), { name: 'approve', actor: lead });
  const approved = { status: 'applying', approvedBy: lead.id, ...duties('pending', 'idle', 'idle') };
  await chain.move(after(451), { type: 'approve' }, approved, { actor: lead, cause: approval });
  await call(client, chain, 452, 'apply');
  const applied = { status: 'active', appliedAt: after(453), endsAt: after(513), ...duties('done', 'idle', 'pending') };
  await chain.move(after(453), { type: 'actionSettled', result: 'applied' }, applied);
  await insert(client, 'notices', { id: noticeId, order_id: orderId, kind: 'restricted', status: 'sent' });
  await chain.move(after(455), { type: 'noticeSent', result: 'sent' }, duties('done', 'idle', 'done'));
  await chain.move(after(513), { type: 'due' }, { status: 'lifting', ...duties('done', 'pending', 'done') });
  await call(client, chain, 514, 'reverse');
  await chain.move(after(515), { type: 'actionSettled' }, { status: 'lifted', ...duties('done', 'done', 'done') });
  await chain.end();
  await client.query(`UPDATE enforcement_orders SET version = $2, status = 'lifted', state = $3 WHERE id = $1`, [
    orderId,
    chain.version,
    JSON.stringify(chain.state),
  ]);
}

async function call(
  client: Client,
  chain: ChainWriter,
  seconds: number,
  operation: 'apply' | 'reverse',
): Promise<void> {
  const id = idOf('act', seconds);
  await insert(client, 'enforcement_actions', {
    id,
    order_id: orderId,
    operation,
    action,
    account_ref: accountRef,
    idempotency_key: `${orderId}:${operation}`,
    status: 'done',
    effect_id: 'effect-1',
  });
  const data = { actionId: id, operation };
  await chain.say({ at: after(seconds), action: 'actionStarted', reason: operation, data });
}

async function seedCanary(client: Client): Promise<void> {
  const chain = new ChainWriter(client, 'canary', canaryId);
  const start = await command(client, chain, after(600), { name: 'open', mode: 'start' });
  await chain.move(after(601), { type: 'opened' }, { status: 'opened' }, { cause: start });
  await chain.end();
  await insert(client, 'canary_runs', {
    id: canaryId,
    product_id: productId,
    team_id: teamId,
    detector_version_id: 'dtv_1',
    version: chain.version,
    status: 'opened',
    state: chain.state,
    account_ref: 'canary-1',
    opened_at: new Date(after(600)),
  });
}

const change = (seq: number, seconds: number, operation: string): { readonly [key: string]: Json } => ({
  seq,
  at: new Date(after(seconds)).toISOString(),
  type: 'action',
  key: `/enforcement/actions ${orderId}:${operation}`,
  orderId,
  action,
  operation,
  target: { kind: 'account', ref: accountRef },
  dryRun: false,
  effectId: 'effect-1',
  changed: true,
});

/** What the platform wrote down: one call was repeated, and answered from memory. */
export const platformLines = (): { readonly [key: string]: Json }[] => [
  { seq: 1, at: new Date(after(452)).toISOString(), type: 'arrival' },
  change(2, 452.5, 'apply'),
  { seq: 3, at: new Date(after(452.7)).toISOString(), type: 'replayed', key: 'again' },
  { seq: 4, at: new Date(after(454)).toISOString(), type: 'notice', noticeId, accountRef, outcome: 'sent' },
  change(5, 514.5, 'reverse'),
];
