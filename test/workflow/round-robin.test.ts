import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import type { Schedule } from '#domain/oncall/schedule.ts';
import { minuteMs } from '#domain/time.ts';
import { insertSchedule } from '#db/repositories/schedules.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { readLedger } from '../support/ladder-ledger.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { ladderWhen, trigger } from '../support/two-rungs.ts';
import { startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
const phones = new FakePhones();
/** How many answers about a rung are still to be lost on their way to the workflow. */
let answersToLose = 0;

function lost<T>(answer: T): T {
  if (answersToLose-- > 0) throw new Error('the answer was lost');
  return answer;
}

const losing = (activities: Activities): Activities => ({
  ...activities,
  store: {
    ...activities.store,
    resolveRung: async (...args) => lost(await activities.store.resolveRung(...args)),
    recordThenResolveRung: async (...args) => lost(await activities.store.recordThenResolveRung(...args)),
  },
});

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels }, { wrap: losing });
});
afterAll(() => vigil?.stop());

it('an answer that was lost in the workflow task, and again in the activity, costs nobody a turn', async () => {
  const teamId = await seedTeam(vigil.db);
  const people: string[] = [];
  for (const name of ['one', 'two', 'three']) people.push(await seedPerson(vigil.db, { name }));
  const document: Omit<Schedule, 'id' | 'version'> = {
    zone: 'UTC',
    layers: [{ id: 'all', rotation: { kind: 'daily' }, start: '2026-01-01T00:00', participants: people }],
    overrides: [],
    temporarySchedules: [],
    marks: [],
  };
  const schedule = await insertSchedule(vigil.db, { teamId, key: 'turns', name: 'turns', document });
  const target = { kind: 'round_robin' as const, scheduleId: schedule?.id ?? '' };
  const rungs = [{ targets: [target], ackWithinMs: 15 * minuteMs }];
  const catchAllPersonId = people[0] ?? '';
  const paged: (string | undefined)[] = [];
  for (const toLose of [2, 0]) {
    answersToLose = toLose;
    const service = await seedService(vigil.db, teamId, catchAllPersonId, { rungs, catchAllPersonId });
    const id = await trigger(vigil, service);
    await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
    paged.push((await readLedger(vigil.db, id)).deliveries[0]?.personId);
  }
  expect(answersToLose).toBeLessThan(0);
  expect(paged).toEqual(people.slice(0, 2));
});
