import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LadderInput } from '#domain/escalation/ladder.ts';
import type { LadderEvent, PagePerson, ResolvedPerson } from '#domain/escalation/messages.ts';
import { nextDue } from '#domain/escalation/due.ts';
import { minuteMs } from '#domain/time.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { startDelivery } from '#db/repositories/deliveries.ts';
import { contactMethods, escalations } from '#db/schema/index.ts';
import { seededRandom } from '../simulation/random.ts';
import type { Random } from '../simulation/random.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { readLedger, startedAfter } from '../support/ladder-ledger.ts';
import { ladderInput, person, policy } from '../support/ladder-story.ts';
import { RacedLadder } from '../support/raced-ladder.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';

let database: TestDatabase;
let db: Database;
let serviceId: string;
let teamId: string;
/** Two people with two contact methods each. */
const people: { id: string; methods: string[] }[] = [];

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
  for (const name of ['first', 'second']) {
    const id = await seedPerson(db, { name, delaysMinutes: [0, 5] });
    const rows = await db
      .select()
      .from(contactMethods)
      .where(eq(contactMethods.personId, id))
      .orderBy(asc(contactMethods.id));
    people.push({ id, methods: rows.map((row) => row.id) });
  }
  const [first] = people;
  const rungs = [{ targets: [{ kind: 'person' as const, personId: first?.id ?? '' }], ackWithinMs: 5 * minuteMs }];
  serviceId = await seedService(db, teamId, first?.id ?? '', { rungs, catchAllPersonId: first?.id ?? '' });
});
afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});

const idOf = (index: number): string => people[index]?.id ?? '';

/** The first person's second rule is due at the very instant at which the first rung's time is over. */
function resolved(index: number): ResolvedPerson {
  const { id, methods } = people[index] ?? { id: '', methods: [] };
  const rules = methods.map((contactMethodId, number) => ({
    ruleId: `nrl_${index}_${number}`,
    contactMethodId,
    channel: 'webhook',
    delayMs: number * 5 * minuteMs,
  }));
  return { personId: id, source: { kind: 'person' }, shadow: false, rules };
}

async function openEscalation(random: Random): Promise<LadderInput> {
  const escalationId = newId('escalation');
  await db.insert(escalations).values({
    id: escalationId,
    serviceId,
    teamId,
    dedupKey: escalationId,
    title: 'The disk is full',
    severity: 1,
    status: 'opening',
    firstTriggerSeq: 1,
    lastTriggerSeq: 1,
  });
  const requiredAcks = random.chance(20) ? 2 : 1;
  const rungs = [0, 1].map((index) => ({
    targets: [{ kind: 'person' as const, personId: idOf(index) }],
    ackWithinMs: 5 * minuteMs,
    requiredAcks,
  }));
  // A thousand races page two people at one instant: the throttle is none of theirs.
  const throttle = { perPersonWindowMs: minuteMs, maxPagesPerWindow: 100_000 };
  const people = policy({ rungs, catchAllPersonId: idOf(0) });
  return ladderInput({ escalationId, serviceId, teamId, throttle, policy: people });
}

function anyStop(random: Random, now: number): LadderEvent {
  const by = person(idOf(random.int(0, 1)));
  if (random.chance(10)) return { type: 'resolve', by };
  if (random.chance(10)) return { type: 'snooze', by, until: now + 60 * minuteMs };
  return { type: 'acknowledge', by };
}

interface Outcome {
  /** A page that was due at the instant left. */
  readonly left: boolean;
  /** One that was ordered did not leave because of the stop. */
  readonly superseded: boolean;
  /** One may have left, and was not tried again because of the stop. */
  readonly unknown: boolean;
}

/** One race: everything that is due at one instant against one person's stop. Throws when the ledger and the ladder differ. */
async function race(seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const jitter = async () => {
    const kind = random.int(0, 3);
    if (kind === 1) await new Promise((resolve) => setImmediate(resolve));
    if (kind > 1) await new Promise((resolve) => setTimeout(resolve, random.int(0, 6)));
  };
  const input = await openEscalation(random);
  const openedAt = Date.UTC(2026, 0, 5, 9);
  const pages: PagePerson[] = [];
  const ladder = new RacedLadder(db, input, openedAt, {
    jitter,
    triesOf: (page) => {
      pages.push(page);
      const tries = random.chance(30) ? random.int(1, 2) : 0;
      return Array.from({ length: tries }, () => (random.chance(50) ? 'refused' : 'lost'));
    },
    people: (effect) => [resolved(effect.type === 'resolveRung' ? effect.rung : 0)],
  });
  ladder.hear({ type: 'opened' });
  await ladder.rest();
  const before = ladder.calls.length;

  ladder.now = nextDue(ladder.state) ?? 0;
  expect(ladder.now).toBe(openedAt + 5 * minuteMs);
  const stop = anyStop(random, ladder.now);
  let stoppedVersion = 0;
  const ask = async () => {
    for (let turns = random.int(0, 9); turns > 0; turns--) await jitter();
    const step = ladder.hear(stop, 'by' in stop ? stop.by : undefined);
    if (step.outcome !== 'moved') throw new Error(`${stop.type} was ${step.outcome}`);
    stoppedVersion = step.state.version;
    await ladder.recorded(stoppedVersion);
  };
  const clock = async () => {
    while (nextDue(ladder.state) === ladder.now) {
      ladder.hear({ type: 'due' });
      await jitter();
    }
  };
  await Promise.all(random.chance(50) ? [ask(), clock()] : [clock(), ask()]);
  await ladder.rest();
  return check(ladder, { stop, stoppedVersion, pages, before });
}

async function check(
  ladder: RacedLadder,
  seen: { stop: LadderEvent; stoppedVersion: number; pages: PagePerson[]; before: number },
): Promise<Outcome> {
  const { escalationId, counts } = ladder.state;
  const ledger = await readLedger(db, escalationId);
  expect(ledger.ladder).toEqual(ladder.state);
  expect(counts.in_flight).toBe(0);

  // After the stop's record committed no page starts: neither of those who were stopped, nor of anybody when all were.
  const stoppedBy = 'by' in seen.stop ? seen.stop.by.id : '';
  const isAll = ladder.state.status !== 'triggered';
  const forbidden = startedAfter(ledger, seen.stoppedVersion).filter(
    ({ cause }) => isAll || (cause ?? '').includes(`:${stoppedBy}:`),
  );
  expect(forbidden).toEqual([]);
  for (const page of seen.pages) {
    if (!isAll && page.personId !== stoppedBy) continue;
    const again = await startDelivery(db, escalationId, page);
    expect(again === null || again.settled !== null, page.key).toBe(true);
  }
  return { left: ladder.calls.length > seen.before, superseded: counts.superseded > 0, unknown: counts.unknown > 0 };
}

describe('an acknowledgement against a page that is due in the same instant', () => {
  it('1,000 interleavings: state, log and pages always agree, and no page starts after the record', async () => {
    const seeds = Array.from({ length: 1_000 }, (_, index) => index + 1);
    const outcomes: Outcome[] = [];
    const lane = async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        try {
          outcomes.push(await race(seed));
        } catch (cause) {
          seeds.length = 0;
          throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
        }
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: 8 }, lane));
    expect(lanes.flatMap((ended) => (ended.status === 'rejected' ? [ended.reason] : []))).toEqual([]);
    // It was a race: the page won, the person won, and they met between the order and the call.
    expect(outcomes).toHaveLength(1_000);
    expect(outcomes.filter(({ left }) => left).length).toBeGreaterThan(200);
    expect(outcomes.filter(({ left }) => !left).length).toBeGreaterThan(200);
    expect(outcomes.filter(({ superseded }) => superseded).length).toBeGreaterThan(200);
    expect(outcomes.filter(({ unknown }) => unknown).length).toBeGreaterThan(10);
  }, 300_000);
});
