import { eq } from 'drizzle-orm';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createResponderActivities } from '#activities/responders.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { auditEvents } from '#db/schema/index.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import type { ResolveRung } from '#domain/escalation/messages.ts';
import type { Json } from '#domain/json.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';
import { openLinkedLadder } from '#test/support/linked-ladder.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 4,
    applicationName: 'vigil-test',
    statementTimeoutMs: 30_000,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});

it('answers once the version is recorded, though a lock holds up the look-up; asked again it finds who is on the rung', async () => {
  const { escalationId, story, ann } = await openLinkedLadder(db);
  const [opened] = story.records;
  const lookUp = story.effects.find((effect): effect is ResolveRung => effect.type === 'resolveRung');
  if (!opened || !lookUp) throw new Error('the ladder asked for nobody');
  const record: RecordInput = {
    kind: 'escalation',
    id: escalationId,
    workflowId: `escalation:${escalationId}`,
    runId: 'run',
    transitions: [
      {
        version: 1,
        at: opened.at,
        event: { type: 'opened' },
        state: opened.state as unknown as Json,
        effects: [{ key: lookUp.key, type: lookUp.type }],
        actor: { kind: 'system', id: 'vigil' },
        cause: null,
        requestId: null,
      },
    ],
  };
  const responders = createResponderActivities({ db });
  const blocker = new Client({ connectionString: database.ownerUrl });
  await blocker.connect();
  await blocker.query('BEGIN; LOCK TABLE contact_methods IN ACCESS EXCLUSIVE MODE');
  expect(await responders.recordThenResolveRung(record, lookUp, null, opened.at)).toBeNull();
  const versions = await db.select().from(auditEvents).where(eq(auditEvents.aggregateId, escalationId));
  expect(versions).toMatchObject([{ version: 1, action: 'escalation.opened' }]);

  const again = responders.resolveRung(lookUp, null, opened.at);
  await blocker.query('COMMIT');
  await blocker.end();
  expect(await again).toMatchObject({ type: 'rungResolved', effectKey: lookUp.key, people: [{ personId: ann }] });
  // The worker that was late with its answer is asked once more: nothing is recorded twice.
  expect(await responders.recordThenResolveRung(record, lookUp, null, opened.at)).toEqual(await again);
  expect(await db.$count(auditEvents, eq(auditEvents.aggregateId, escalationId))).toBe(1);
});
