import { eq, inArray } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { takeTurn } from '#db/repositories/oncall.ts';
import { insertSchedule } from '#db/repositories/schedules.ts';
import { roundRobinTurns, takenTurns } from '#db/schema/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { seedTeam } from '../support/seed.ts';

let database: TestDatabase;
let db: Database;
let teamId: string;
let scheduleId: string;
let schedules = 0;

const members = ['per_a', 'per_b', 'per_c'];

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 16,
    applicationName: 'vigil-test',
    statementTimeoutMs: 20_000,
    onIdleError: () => undefined,
  });
  teamId = await seedTeam(db);
});
afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});

beforeEach(async () => {
  const document = { zone: 'UTC', layers: [], overrides: [], temporarySchedules: [], marks: [] };
  const schedule = await insertSchedule(db, { teamId, key: `turns-${++schedules}`, name: 'turns', document });
  scheduleId = schedule?.id ?? '';
});

const take = (cause: string, of = scheduleId) => db.transaction((tx) => takeTurn(tx, of, cause, members));

describe('turns of a round robin', () => {
  it('who asks again for the same cause gets the same person, also after others have had their turn', async () => {
    expect(await take('escalation:1:ask:1')).toBe('per_a');
    expect(await take('escalation:2:ask:1')).toBe('per_b');
    expect(await take('escalation:1:ask:1')).toBe('per_a');
    expect(await take('escalation:1:ask:2')).toBe('per_c');
    expect((await db.select().from(roundRobinTurns).where(eq(roundRobinTurns.scheduleId, scheduleId)))[0]?.turn).toBe(
      3,
    );
  });

  it('100 causes at once, each asked for twice, take each turn once', async () => {
    const causes = Array.from({ length: 100 }, (_, index) => `escalation:${index}:ask:1`);
    const people = await Promise.all([...causes, ...causes].map((cause) => take(cause)));
    expect(people.slice(0, 100)).toEqual(people.slice(100));
    expect(members.map((member) => people.filter((one) => one === member).length)).toEqual([68, 66, 66]);
    const rows = await db.select().from(takenTurns).where(inArray(takenTurns.causeKey, causes));
    const turns = rows.filter((row) => row.scheduleId === scheduleId).map(({ turn }) => turn);
    expect(turns.toSorted((a, b) => a - b)).toEqual(causes.map((_, index) => index + 1));
  });

  it('one cause has a turn in each schedule that it asks', async () => {
    const document = { zone: 'UTC', layers: [], overrides: [], temporarySchedules: [], marks: [] };
    const other = await insertSchedule(db, { teamId, key: `turns-${++schedules}`, name: 'turns', document });
    expect(await take('escalation:9:ask:1', other?.id)).toBe('per_a');
    expect(await take('escalation:9:ask:1')).toBe('per_a');
    expect(await take('escalation:9:ask:2')).toBe('per_b');
  });

  it('forgets all but the newest thousand', async () => {
    await db.insert(roundRobinTurns).values({ scheduleId, turn: 1_001 });
    await db.insert(takenTurns).values([
      { scheduleId, causeKey: 'old', turn: 1 },
      { scheduleId, causeKey: 'younger', turn: 2 },
      { scheduleId, causeKey: 'remembered', turn: 3 },
    ]);
    await take('new');
    const rows = await db.select().from(takenTurns).where(eq(takenTurns.scheduleId, scheduleId));
    expect(rows.map(({ causeKey }) => causeKey).toSorted()).toEqual(['new', 'remembered']);
  });

  it('nobody has a turn where there are no members', async () => {
    expect(await db.transaction((tx) => takeTurn(tx, scheduleId, 'escalation:1:ask:1', []))).toBeNull();
  });
});
