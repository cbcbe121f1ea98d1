import { caseId, orderId, taskId } from './review.ts';
import { people } from './setting.ts';
import { idOf } from './writer.ts';
import { at, broken, event, json, line, rewrite, stamp, withLogs } from './mutate.ts';
import type { Mutation } from './mutate.ts';

const secondClaim = `action = 'case.taskClaimed' AND data->>'token' = '2'`;
const forgetRelease = event('case.leaseReleased', `action = 'case.forgotten'`);

/** Enforcement and review: I2 and I7. */
export const reviewMutations: readonly Mutation[] = [
  withLogs('I2', /took effect twice/, ({ platform }) => platform.push({ ...line(platform, 2), seq: 6 })),
  withLogs('I2', /took effect 0 times/, ({ platform }) => (line(platform, 2)['changed'] = false)),
  withLogs('I2', /lifted 0 times/, ({ platform }) => (line(platform, 5)['changed'] = false)),
  withLogs('I2', /order that is not there/, ({ platform }) => (line(platform, 2)['orderId'] = 'enf_x')),
  withLogs(
    'I2',
    /to another account/,
    ({ platform }) => (line(platform, 2)['target'] = { kind: 'account', ref: 'account-2' }),
  ),
  withLogs('I2', /a rehearsal changed/, ({ platform }) => (line(platform, 2)['dryRun'] = true)),
  withLogs('I2', /applied before anything wanted that/, ({ platform }) => (line(platform, 2)['at'] = at(449))),
  withLogs('I2', /lifted before anything wanted that/, ({ platform }) => (line(platform, 5)['at'] = at(511))),
  broken('I2', /before a second person agreed/, rewrite(orderId, 'state,approvedBy', null)),
  withLogs('I2', /another effect/, ({ platform }) => (line(platform, 2)['effectId'] = 'effect-2')),
  withLogs('I2', /line 3 is missing/, ({ platform }) => platform.splice(2, 1)),
  broken('I2', /without an entry in the ledger/, `DELETE FROM enforcement_actions WHERE operation = 'reverse'`),
  broken('I2', /it is active, and was lifted/, `UPDATE enforcement_orders SET status = 'active'`),
  withLogs('I2', /it was sent twice/, ({ platform }) => platform.push({ ...line(platform, 4), seq: 6 })),
  withLogs('I2', /never arrived/, ({ platform }) => (line(platform, 4)['outcome'] = 'already_sent')),
  broken('I2', /no notice was sent/, `UPDATE notices SET status = 'failed'`),
  broken('I7', /while the lease of .* was live/, forgetRelease),
  broken(
    'I7',
    /while the lease of .* was live/,
    forgetRelease,
    `UPDATE audit_events SET at = ${stamp(410 + 700)} WHERE ${secondClaim}`,
    `UPDATE idempotency_records SET status = 201, body = ${json({ id: taskId, leaseToken: 1, leaseExpiresAt: at(410 + 900) })}`,
  ),
  broken('I7', /token 5 followed token 1/, rewrite(caseId, 'token', 5, secondClaim)),
  broken('I7', /its row has token 3/, `UPDATE review_tasks SET lease_token = 3`),
  broken('I7', /without the newest lease/, rewrite(caseId, 'leaseToken', 1, `action = 'case.decided'`)),
  broken('I7', /it was decided twice/, event('case.leaseReleased', `action = 'case.decided'`)),
  broken(
    'I7',
    /it was claimed after it was settled/,
    event('case.leaseReleased', `action = 'case.decided', reason = 'skip'`),
  ),
  broken('I7', /who did not hold it/, event('case.contentShown', `actor_id = '${people.reviewer.id}'`)),
  broken('I7', /who must not have it/, `UPDATE review_tasks SET excluded = ARRAY['${people.other.id}']`),
  broken('I7', /it is open, and the trail says violation/, `UPDATE review_tasks SET status = 'open'`),
  broken(
    'I7',
    /was replaced/,
    rewrite(caseId, 'state,decision,decisionId', idOf('dec', 9), `action = 'case.enforcementOpened'`),
  ),
  broken(
    'I7',
    /one person judged it twice/,
    rewrite(caseId, 'state,verdicts', [{ by: 'per_1' }, { by: 'per_1' }], `action = 'case.decisionRecorded'`),
  ),
];
