import { DrizzleQueryError, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { Activities } from '#activities/index.ts';
import { createLogger } from '#config/log.ts';
import { newId } from '#db/ids.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { insertNote } from '#db/repositories/notes.ts';
import { auditEvents, contentItems, escalations, pageLinks } from '#db/schema/index.ts';
import { ask } from '../support/ask.ts';
import { canaryWhen, plantCanary } from '../support/canaries.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { allHistories, textsOf } from '../support/histories.ts';
import { LaunchStory } from '../support/launch-story.ts';
import { answerJson, startLoopbackServer } from '../support/loopback-server.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { casesOf, caseWhen, decide, orderOf, orderWhen, suspension, taskOf } from '../support/reviewing.ts';
import { message, record, sweepUntilFound } from '../support/sweeping.ts';
import { sdkLog } from '../support/sdk-runtime.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

/** Planted wherever a person, a product or another service may write freely. It must come out nowhere but in Postgres. */
const marker = 'zqxjcanarystring';
const free = `Meet me at ${marker}, call 555-0199`;

let vigil: TestVigil;
let platform: TestPlatform;
let service: LoopbackServer;
let world: CaseWorld;
const phones = new FakePhones();
const relayLog: string[] = [];
const answers = { isGarbage: true };

/** Every activity does its work once and then fails as a driver does, quoting what it was given. */
function failOnce<T extends object>(activities: T): T {
  const failed = new Set<string>();
  const wrapped = Object.entries(activities).map(([name, run]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    name,
    async (...args: unknown[]) => {
      const result = await run(...args);
      if (failed.has(name)) return result;
      failed.add(name);
      throw new DrizzleQueryError(`INSERT INTO content VALUES ($1) -- ${free}`, [free], new Error(`value "${free}"`));
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

const wrap = (activities: Activities): Activities => ({
  store: failOnce(activities.store),
  paging: failOnce(activities.paging),
  mirroring: failOnce(activities.mirroring),
  platform: failOnce(activities.platform),
  detection: failOnce(activities.detection),
});

beforeAll(async () => {
  service = await startLoopbackServer((response, { body }) => {
    if (answers.isGarbage) {
      answers.isGarbage = false;
      response.end(`<html>${free}`);
      return;
    }
    const { items } = JSON.parse(body) as { items: { id: string }[] };
    answerJson(response, { model: 'm', results: items.map(({ id }) => ({ id, score: 0.9, label: 'spam' })) });
  });
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: [service.hostPort] }) });
  platform = await startTestPlatform();
  vigil = await startTestVigil(
    {
      channels: phones.channels,
      publicUrl: 'https://vigil.example',
      enforcementApi: platform.api,
      httpDetector: (url) => createHttpDetector({ http, url, timeoutMs: 2_000 }),
    },
    { wrap, log: createLogger('relay', 'trace', { write: (line) => void relayLog.push(line) }) },
  );
  world = await buildCaseWorld(vigil.db, { policyText: free });
});
afterAll(async () => {
  await vigil.stop();
  await platform.stop();
  await service[Symbol.asyncDispose]();
});

/** Puts the marker into every column that a person may have written, besides those that the stories fill. */
async function plant(): Promise<void> {
  for (const column of [
    'teams.name',
    'principals.name',
    'services.name',
    'products.name',
    'review_queues.title',
    'policies.title',
    'detectors.title',
    'escalation_policies.name',
    'launches.name',
    'notes.body',
  ]) {
    const [table = '', name = ''] = column.split('.');
    await vigil.db.execute(sql`UPDATE ${sql.identifier(table)} SET ${sql.identifier(name)} = ${free}`);
  }
  await vigil.db.execute(sql`UPDATE contact_methods SET address = replace(address, '//phone/', ${`//${marker}/`})`);
}

it('comes out in no history, no visibility row and no log line, although everything fails once', async () => {
  const { db, temporal } = vigil;
  const rules = await seedDetector(world, {
    definition: {
      kind: 'rules',
      rules: {
        format: 1,
        threshold: 50,
        rules: [{ id: 'r', weight: 60, when: { type: 'text_contains_any', words: [marker] } }],
      },
      canary: { kind: 'message_sent', attributes: { subject: free }, text: free, repeat: 1 },
    },
    severity: 1,
  });
  const scored = await seedDetector(world, { definition: { kind: 'http', url: `${service.url}/score`, canary: null } });
  const launch = await LaunchStory.start(vigil);
  await plant();

  // From content to a decision and its enforcement, which the platform refuses at first with a text of its own.
  await platform.fault({ mode: 'error_500', route: '/enforcement/actions' });
  await record(world, message('acct_content', 1, { text: free, attributes: { subject: free } }));
  for (const detector of [rules, scored]) await sweepUntilFound(vigil, detector, 'acct_content');
  const [found] = await casesOf(world, 'acct_content');
  const caseId = found?.id ?? '';
  await decide(world, await taskOf(world, caseId), world.people.reviewer, 'violation', suspension);
  const order = await orderOf(world, caseId, (row) => row.status === 'active');
  const noteId = await db.transaction((tx) => insertNote(tx, world.people.ops.id, free));
  await ask(vigil, world.people.ops, 'enforcement', order.id, 'reverse', { reasonCode: 'mistake', noteId });
  await orderWhen(world, order.id, (row) => row.closedAt !== null);
  await caseWhen(world, caseId, (row) => row.closedAt !== null);

  // An alert whose every field says too much.
  const alert = { serviceId: world.serviceId, dedupKey: free, severity: 1, title: free, reportedBy: 'test' } as const;
  const { escalationId } = await db.transaction((tx) => acceptTrigger(tx, { ...alert, details: { text: free } }));
  await eventually('it is paged', async () => phones.log.some((entry) => entry.message.escalationId === escalationId));
  await ask(vigil, world.people.oncall, 'escalation', escalationId, 'acknowledge', { noteId });
  await ask(vigil, world.people.oncall, 'escalation', escalationId, 'resolve', { noteId });

  // A canary whose sample is real abuse.
  const { canaryId, accountRef } = await plantCanary(world, rules, launch.world.launchId);
  await sweepUntilFound(vigil, rules, accountRef);
  const drill = await eventually('the drill is paged', async () => {
    const [row] = await db.select().from(escalations).where(eq(escalations.canaryId, canaryId));
    return row && phones.log.some((entry) => entry.message.escalationId === row.id) ? row : null;
  });
  await ask(vigil, world.people.oncall, 'escalation', drill.id, 'acknowledge');
  await canaryWhen(world, canaryId, ({ status }) => status === 'done');

  // A launch with reasons in writing.
  await launch.answerIntake();
  await launch.fulfilAll(['RE-02']);
  await launch.ask('ops_lead', 'requestWaiver', {
    waiverId: newId('waiver'),
    requirementId: 'RE-02',
    reasonCode: 'not_yet_measurable',
    days: 30,
    noteId: launch.world.noteId,
  });

  const ids = [caseId, order.id, escalationId, drill.id, canaryId, launch.world.launchId];
  const histories = await eventually('Temporal shows all of them', async () => {
    const all = await allHistories(temporal);
    return ids.every((id) => all.some(({ workflowId }) => workflowId.endsWith(id))) ? all : null;
  });
  const texts = histories.flatMap(({ history }) => textsOf(history));
  // The secrets of the links in pages are out of place wherever content is, and in the tables too.
  const secrets = phones.log.flatMap(({ message: { ackUrl } }) => ackUrl?.split('/').at(-1) ?? []);
  expect(secrets.length).toBeGreaterThanOrEqual(2);
  const holdsSecret = (text: string) => secrets.some((secret) => text.includes(secret));
  expect([...texts, ...sdkLog, ...relayLog].filter(holdsSecret)).toEqual([]);
  expect((await db.select().from(pageLinks)).filter((row) => holdsSecret(JSON.stringify(row)))).toEqual([]);
  // The search would find it: the marker is in the tables, and what histories do hold is found the same way.
  expect((await db.select().from(contentItems)).some(({ body }) => body.includes(marker))).toBe(true);
  for (const id of ids) expect(texts.some((text) => text.includes(id))).toBe(true);
  expect(texts.some((text) => text.includes('DrizzleQueryError'))).toBe(true);
  expect(texts.filter((text) => text.includes(marker))).toEqual([]);

  const { executions } = await temporal.workflowService.listWorkflowExecutions({
    namespace: temporal.options.namespace,
    pageSize: 500,
  });
  expect(executions.length).toBeGreaterThan(ids.length);
  expect(textsOf(executions).filter((text) => text.includes(marker))).toEqual([]);

  expect(sdkLog.length).toBeGreaterThan(10);
  expect(sdkLog.some((line) => line.includes('DrizzleQueryError'))).toBe(true);
  expect([...sdkLog, ...relayLog].filter((line) => line.includes(marker))).toEqual([]);

  const audited = await db.select({ data: auditEvents.data, reason: auditEvents.reason }).from(auditEvents);
  expect(audited.length).toBeGreaterThan(50);
  expect(audited.filter((row) => JSON.stringify(row).includes(marker) || holdsSecret(JSON.stringify(row)))).toEqual([]);
});
