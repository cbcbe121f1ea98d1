import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Database } from '#db/client.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import {
  canaryRuns,
  cases,
  caseSignals,
  contentItems,
  decisions,
  detectors,
  detectorVersions,
  enforcementOrders,
  escalationPolicies,
  escalationPolicyVersions,
  escalations,
  heartbeatMonitors,
  integrations,
  killSwitches,
  launches,
  maintenanceWindows,
  policies,
  policyVersions,
  productEvents,
  products,
  reviewQueues,
  reviewTasks,
  schedules,
  services,
  signals,
} from '#db/schema/index.ts';
import { seedPerson, seedTeam } from './seed.ts';

/** The ids of one object of each kind, all of one team. */
export type World = Awaited<ReturnType<typeof seedWorld>>;

/**
 * Puts one object of each kind that belongs to a team into the database, as the workflows would have left them at
 * their start: nothing stands behind them in Temporal.
 */
export async function seedWorld(db: Database) {
  const teamId = await seedTeam(db);
  const personId = await seedPerson(db, { name: 'owner' });
  const ids = {
    policyId: newId('escalationPolicy'),
    scheduleId: newId('schedule'),
    serviceId: newId('service'),
    productId: newId('product'),
    integrationId: newId('integration'),
    windowId: newId('maintenanceWindow'),
    monitorId: newId('heartbeat'),
    escalationId: newId('escalation'),
    detectorId: newId('detector'),
    detectorVersionId: newId('detectorVersion'),
    contentId: newId('contentItem'),
    eventId: newId('productEvent'),
    signalId: newId('signal'),
    reviewPolicyId: newId('policy'),
    policyVersionId: newId('policyVersion'),
    queueId: newId('reviewQueue'),
    caseId: newId('case'),
    taskId: newId('reviewTask'),
    decidedTaskId: newId('reviewTask'),
    decisionId: newId('decision'),
    orderId: newId('enforcement'),
    killSwitchId: newId('killSwitch'),
    launchId: newId('launch'),
    canaryId: newId('canary'),
  };
  const key = teamId.slice(-12);
  const policy: PolicyDocument = {
    rungs: [{ targets: [{ kind: 'person', personId }], ackWithinMs: 60_000 }],
    catchAllPersonId: personId,
  };
  const schedule = { zone: 'UTC', layers: [], overrides: [], temporarySchedules: [], marks: [] };

  await db.insert(escalationPolicies).values({ id: ids.policyId, teamId, key, name: 'policy', version: 1 });
  await db.insert(escalationPolicyVersions).values({
    id: newId('escalationPolicyVersion'),
    policyId: ids.policyId,
    version: 1,
    document: policy,
    createdBy: personId,
  });
  await db.insert(schedules).values({ id: ids.scheduleId, teamId, key, name: 'rota', version: 1, document: schedule });
  await db.insert(services).values({ id: ids.serviceId, teamId, key, name: 'service', policyId: ids.policyId });
  await db
    .insert(products)
    .values({ id: ids.productId, teamId, key, name: 'product', serviceId: ids.serviceId, countries: ['DE'] });
  await db.insert(integrations).values({
    id: ids.integrationId,
    serviceId: ids.serviceId,
    kind: 'generic',
    name: 'sender',
    principalId: personId,
  });
  const until = new Date(Date.now() + 3_600_000);
  await db
    .insert(maintenanceWindows)
    .values({ id: ids.windowId, serviceId: ids.serviceId, startsAt: new Date(), endsAt: until, createdBy: personId });
  await db.insert(heartbeatMonitors).values({
    id: ids.monitorId,
    teamId,
    serviceId: ids.serviceId,
    name: 'nightly job',
    sha256: sha256Hex(ids.monitorId),
    intervalSeconds: 3_600,
    severity: 2,
    status: 'waiting',
    createdBy: personId,
  });
  await db.insert(escalations).values({
    id: ids.escalationId,
    serviceId: ids.serviceId,
    teamId,
    dedupKey: 'seeded',
    title: 'seeded',
    severity: 2,
    status: 'triggered',
    firstTriggerSeq: 1,
    lastTriggerSeq: 1,
  });

  await db.insert(launches).values({
    id: ids.launchId,
    productId: ids.productId,
    teamId,
    name: 'launch',
    openedBy: personId,
    status: 'intake',
  });
  await db.insert(detectors).values({
    id: ids.detectorId,
    productId: ids.productId,
    teamId,
    key,
    kind: 'http',
    harm: 'fraud',
    severity: 2,
    title: 'detector',
    ownerId: personId,
  });
  await db.insert(detectorVersions).values({
    id: ids.detectorVersionId,
    detectorId: ids.detectorId,
    number: 1,
    definition: {
      kind: 'http',
      url: 'https://detector.example/score',
      canary: { kind: 'message_sent', attributes: {}, text: 'bait', repeat: 1 },
    },
    sha256: sha256Hex('definition'),
    maturity: 'M3',
    threshold: 0.5,
    createdBy: personId,
  });
  await db.insert(contentItems).values({
    id: ids.contentId,
    productId: ids.productId,
    body: 'the reported text',
    sha256: sha256Hex('the reported text'),
  });
  await db.insert(productEvents).values({
    occurredOn: '2026-01-05',
    productId: ids.productId,
    sourceId: 'seeded',
    id: ids.eventId,
    kind: 'message_sent',
    accountRef: 'account-1',
    attributes: {},
    contentId: ids.contentId,
    occurredAt: new Date('2026-01-05T10:00:00Z'),
  });
  await db.insert(signals).values({
    id: ids.signalId,
    detectorVersionId: ids.detectorVersionId,
    productId: ids.productId,
    accountRef: 'account-1',
    harm: 'fraud',
    severity: 2,
    score: 0.9,
    eventId: ids.eventId,
    contentId: ids.contentId,
    dedupeKey: ids.signalId,
    mode: 'assisted',
    synthetic: false,
    occurredAt: new Date('2026-01-05T10:00:00Z'),
  });

  await db.insert(policies).values({ id: ids.reviewPolicyId, key, title: 'policy', harm: 'fraud' });
  await db.insert(policyVersions).values({
    id: ids.policyVersionId,
    policyId: ids.reviewPolicyId,
    number: 1,
    body: 'No fraud.',
    sha256: sha256Hex('No fraud.'),
    publishedBy: personId,
  });
  await db.insert(reviewQueues).values({ id: ids.queueId, teamId, key, title: 'queue', harms: [] });
  await db.insert(cases).values({
    id: ids.caseId,
    productId: ids.productId,
    teamId,
    accountRef: 'account-1',
    harm: 'fraud',
    severity: 2,
    synthetic: false,
    policyVersionId: ids.policyVersionId,
    status: 'in_review',
    state: { task: { round: 2, purpose: 'first', taskId: ids.taskId } },
    signalCount: 1,
  });
  await db.insert(caseSignals).values({ caseId: ids.caseId, signalId: ids.signalId });
  const task = { caseId: ids.caseId, queueId: ids.queueId, severity: 2, dueAt: until };
  await db.insert(reviewTasks).values([
    { ...task, id: ids.decidedTaskId, round: 1, status: 'decided' },
    { ...task, id: ids.taskId, round: 2, status: 'open' },
  ]);
  await db.insert(decisions).values({
    id: ids.decisionId,
    taskId: ids.decidedTaskId,
    caseId: ids.caseId,
    verdict: 'violation',
    decidedBy: personId,
    decidedAsRole: 'reviewer',
    policyVersionId: ids.policyVersionId,
    leaseToken: 1,
  });
  await db.insert(enforcementOrders).values({
    id: ids.orderId,
    teamId,
    productId: ids.productId,
    caseId: ids.caseId,
    decisionId: ids.decisionId,
    accountRef: 'account-1',
    action: 'suspend_account',
    durationMs: 86_400_000,
    policyVersionId: ids.policyVersionId,
    decidedBy: personId,
    status: 'active',
  });
  await db.insert(killSwitches).values({ id: ids.killSwitchId, productId: ids.productId, engagedBy: personId });
  await db.insert(canaryRuns).values({
    id: ids.canaryId,
    productId: ids.productId,
    teamId,
    detectorVersionId: ids.detectorVersionId,
    status: 'injected',
    accountRef: `canary-${key}`,
  });
  return { teamId, personId, productKey: key, ...ids };
}
