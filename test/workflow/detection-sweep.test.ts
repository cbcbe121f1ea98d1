import { asc, eq } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpDetector } from '#activities/clients/http-detector.ts';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import type { DetectorDefinition } from '#domain/detection/definition.ts';
import { hourMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { findDetectorVersion, noteSweep, readCursor } from '#db/repositories/detectors.ts';
import { detectorCursors, escalations, signals } from '#db/schema/index.ts';
import { ask } from '../support/ask.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { answerJson, startLoopbackServer } from '../support/loopback-server.ts';
import type { Answer, LoopbackServer } from '../support/loopback-server.ts';
import { casesOf } from '../support/reviewing.ts';
import { message, record, sweep } from '../support/sweeping.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let world: CaseWorld;
let service: LoopbackServer;
let answer: Answer;

/** Scores every item by its text: `bad` is 0.9, anything else 0.1. */
const scores: Answer = (response, { body }) => {
  const { items } = JSON.parse(body) as { items: { id: string; text: string }[] };
  const results = items.map(({ id, text }) => ({ id, score: text === 'bad' ? 0.9 : 0.1, label: 'spam' }));
  answerJson(response, { model: 'test-1', results });
};

beforeAll(async () => {
  service = await startLoopbackServer((...request) => answer(...request));
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: [service.hostPort] }) });
  vigil = await startTestVigil({
    channels: new FakePhones().channels,
    httpDetector: (url) => createHttpDetector({ http, url, timeoutMs: 1_000 }),
  });
});
beforeEach(async () => {
  answer = scores;
  world = await buildCaseWorld(vigil.db);
});
afterAll(async () => {
  await vigil.stop();
  await service[Symbol.asyncDispose]();
});

const filedBy = (detector: string) =>
  vigil.db.select().from(signals).where(eq(signals.detectorVersionId, detector)).orderBy(asc(signals.id));
const cursorRow = async (detector: string) => {
  const [row] = await vigil.db.select().from(detectorCursors).where(eq(detectorCursors.detectorVersionId, detector));
  return row;
};
const alarmsOf = (detector: string) =>
  vigil.db
    .select()
    .from(escalations)
    .where(eq(escalations.dedupKey, `detector:${detector}:failing`));

/** Sweeps until so many events were read: an event counts only once no older transaction of anybody is open. */
async function sweepUntilRead(detector: string, events: number): Promise<number> {
  let read = 0;
  await eventually(`${events} events are read`, async () => {
    read += (await sweep(vigil, detector)).read;
    return read >= events;
  });
  return read;
}

const scoring = (): DetectorDefinition => ({ kind: 'http', url: `${service.url}/score`, canary: null });
const velocity: DetectorDefinition = {
  kind: 'sql',
  windowMs: hourMs,
  sql: `SELECT account_ref, least(count(*) / 5.0, 1.0) AS score, array_agg(source_id) AS event_ids FROM product_events
        WHERE product_id = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY account_ref HAVING count(*) >= 3`,
  canary: null,
};

describe('rules', () => {
  it('files each finding once, reads only what is new, and feeds one case per account', async () => {
    const detector = await seedDetector(world);
    await record(world, message('acct_a', 500), message('acct_a', 600), message('acct_b', 5));
    expect(await sweepUntilRead(detector, 3)).toBe(3);
    expect((await filedBy(detector)).map(({ accountRef }) => accountRef)).toEqual(['acct_a', 'acct_a']);
    expect(await casesOf(world, 'acct_a')).toMatchObject([{ signalCount: 2, severity: 2 }]);
    expect(await casesOf(world, 'acct_b')).toEqual([]);
    expect(await sweep(vigil, detector)).toEqual({ status: 'ok', read: 0, filed: 0, casesOpened: 0 });
    await record(world, message('acct_a', 700));
    expect(await sweepUntilRead(detector, 1)).toBe(1);
    expect(await casesOf(world, 'acct_a')).toMatchObject([{ signalCount: 3 }]);
  });

  it('says that it could not judge an event for want of an attribute', async () => {
    const detector = await seedDetector(world);
    await record(world, message('acct_dark', 0, { attributes: {} }));
    await sweepUntilRead(detector, 1);
    expect(await cursorRow(detector)).toMatchObject({ lastStatus: 'degraded', failures: 0 });
    expect(await filedBy(detector)).toEqual([]);
  });

  it('keeps the findings of a shadow detector from people, and does not run one that is off', async () => {
    const shadow = await seedDetector(world, { maturity: 'M2' });
    const off = await seedDetector(world, { maturity: 'M1' });
    await record(world, message('acct_shadow', 500));
    await sweepUntilRead(shadow, 1);
    expect(await filedBy(shadow)).toMatchObject([{ mode: 'shadow' }]);
    expect(await casesOf(world, 'acct_shadow')).toEqual([]);
    expect(await sweep(vigil, off)).toMatchObject({ read: 0 });
    expect(await sweep(vigil, newId('detectorVersion'))).toMatchObject({ read: 0 });
  });

  it('files nothing twice when sweeps overlap', async () => {
    const detector = await seedDetector(world);
    await record(world, ...Array.from({ length: 450 }, (_, index) => message(`acct_${index % 9}`, 500)));
    await eventually('all are filed', async () => {
      await Promise.all(Array.from({ length: 4 }, () => sweep(vigil, detector)));
      return (await filedBy(detector)).length >= 450;
    });
    expect(await filedBy(detector)).toHaveLength(450);
    expect((await casesOf(world, 'acct_0')).map(({ signalCount }) => signalCount)).toEqual([50]);
  });

  it('never passes over the events of a slower transaction', async () => {
    const detector = await seedDetector(world);
    const slow = new pg.Client({ connectionString: vigil.appUrl });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(
        `INSERT INTO product_events (occurred_on, product_id, source_id, id, kind, account_ref, attributes, occurred_at)
         VALUES (current_date, $1, 'slow', $2, 'message_sent', 'acct_slow', '{"recipients": 500}', now())`,
        [world.productId, newId('productEvent')],
      );
      await record(world, message('acct_fast', 500));
      expect(await sweep(vigil, detector)).toMatchObject({ read: 0 });
      await slow.query('COMMIT');
    } finally {
      await slow.end();
    }
    expect(await sweepUntilRead(detector, 2)).toBe(2);
    expect((await filedBy(detector)).map(({ accountRef }) => accountRef)).toEqual(['acct_slow', 'acct_fast']);
  });
});

describe('SQL', () => {
  it('finds an account once per window, as the role that can only read', async () => {
    const detector = await seedDetector(world, { definition: velocity, severity: 3 });
    await record(world, ...Array.from({ length: 4 }, () => message('acct_loud', 1)), message('acct_quiet', 1));
    await eventually('the window is seen', async () => (await sweep(vigil, detector)).filed > 0);
    expect(await sweep(vigil, detector)).toMatchObject({ filed: 0 });
    await record(world, message('acct_loud', 1));
    expect(await sweep(vigil, detector)).toMatchObject({ filed: 0 });
    expect(await filedBy(detector)).toMatchObject([{ accountRef: 'acct_loud', eventId: null, severity: 3 }]);
    expect(await casesOf(world, 'acct_loud')).toHaveLength(1);
  });

  it('is refused what its role may not read, and says so', async () => {
    const sql =
      "SELECT id AS account_ref, 1.0 AS score, NULL::text[] AS event_ids FROM principals WHERE $1 <> '' AND $2 < $3";
    const detector = await seedDetector(world, { definition: { ...velocity, sql } });
    expect(await sweep(vigil, detector)).toMatchObject({ status: 'failed' });
    expect(await cursorRow(detector)).toMatchObject({
      lastErrorCode: 'detector.sql_refused',
      failures: 1,
      windowEnd: null,
    });
    expect(await filedBy(detector)).toEqual([]);
  });
});

it('counts the failures of a detector that never came so far as to read anything', async () => {
  const versionId = await seedDetector(world, { definition: velocity });
  const detector = await findDetectorVersion(vigil.db, versionId);
  if (!detector) throw new Error('no such detector version');
  for (let count = 0; count < 5; count++) await noteSweep(vigil.db, detector, 'failed', 'service.unavailable', 15_000);
  expect(await cursorRow(versionId)).toMatchObject({ failures: 5, lastErrorCode: 'service.unavailable' });
  expect(await alarmsOf(versionId)).toHaveLength(1);
});

describe('a scoring service', () => {
  const faults: readonly (readonly [string, Answer, string])[] = [
    ['is down', (response) => response.destroy(), 'outgoing.unavailable'],
    ['answers garbage', (response) => response.end('<html>'), 'outgoing.garbage'],
    ['answers 500', (response) => answerJson(response, {}, 500), 'outgoing.unavailable'],
    ['never answers', () => undefined, 'outgoing.unavailable'],
    [
      'gives a score out of range',
      (response) => answerJson(response, { model: 'm', results: [{ id: 'x', score: 7, label: 'l' }] }),
      'outgoing.garbage',
    ],
  ];

  it.each(faults)('%s: the cursor stays, and the next sweep reads what this one could not', async (_, fault, code) => {
    const detector = await seedDetector(world, { definition: scoring() });
    await record(world, message('acct_scored', 1, { text: 'bad' }), message('acct_fine', 1, { text: 'good' }));
    const before = await readCursor(vigil.db, detector);
    answer = fault;
    await eventually('a sweep fails', async () => (await sweep(vigil, detector)).status === 'failed');
    expect(await cursorRow(detector)).toMatchObject({ lastStatus: 'failed', lastErrorCode: code, failures: 1 });
    expect(await readCursor(vigil.db, detector)).toEqual(before);
    expect(await filedBy(detector)).toEqual([]);
    answer = scores;
    expect(await sweep(vigil, detector)).toEqual({ status: 'ok', read: 2, filed: 1, casesOpened: 1 });
    expect(await filedBy(detector)).toMatchObject([{ accountRef: 'acct_scored', score: 0.9 }]);
  });

  it('leaves an item out: what it did not judge is not innocent, and the sweep says so', async () => {
    const detector = await seedDetector(world, { definition: scoring() });
    await record(world, message('acct_left_out', 1, { text: 'bad' }));
    answer = (response) => answerJson(response, { model: 'test-1', results: [] });
    await sweepUntilRead(detector, 1);
    expect(await cursorRow(detector)).toMatchObject({ lastStatus: 'degraded', failures: 0 });
    expect(await filedBy(detector)).toEqual([]);
  });

  it('wakes someone after five failed sweeps in a row, and lets go at the first success', async () => {
    const detector = await seedDetector(world, { definition: scoring() });
    await record(world, message('acct_alarm', 1, { text: 'bad' }));
    await sweepUntilReady(detector);
    const fail = (sweeps: number) => Promise.all(Array.from({ length: sweeps }, () => sweep(vigil, detector)));
    answer = (response) => answerJson(response, {}, 500);
    await fail(4);
    expect(await alarmsOf(detector)).toEqual([]);
    await fail(1);
    const [first] = await alarmsOf(detector);
    expect(first).toMatchObject({ severity: 2, title: 'Detector does not run: Bulk mail' });
    await eventually('someone is paged', async () => {
      const [row] = await alarmsOf(detector);
      return row?.status === 'triggered';
    });
    // Closed by a person while it still fails: five more failures wake someone again.
    await ask(vigil, world.people.oncall, 'escalation', first?.id ?? '', 'resolve');
    await fail(5);
    expect(await alarmsOf(detector)).toHaveLength(2);
    answer = scores;
    expect(await sweep(vigil, detector)).toMatchObject({ status: 'ok' });
    await eventually('the alarm is over', async () => (await alarmsOf(detector)).every((row) => row.closedAt !== null));
    expect(await cursorRow(detector)).toMatchObject({ failures: 0, lastErrorCode: null });
  });
});

/** Waits until an event is there to be judged, without judging it. */
async function sweepUntilReady(detector: string): Promise<void> {
  const failing: Answer = (response) => answerJson(response, {}, 500);
  answer = failing;
  await eventually('there is something to judge', async () => (await sweep(vigil, detector)).status === 'failed');
  await vigil.db.update(detectorCursors).set({ failures: 0 }).where(eq(detectorCursors.detectorVersionId, detector));
}
