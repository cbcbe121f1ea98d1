import { readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeOver, removeSome, transients } from '#db/repositories/housekeeping.ts';
import type { Transient } from '#db/repositories/housekeeping.ts';
import { keepHouse, tidyUp } from '#worker/housekeeping.ts';
import { startOldRows } from '../support/old-rows.ts';
import type { OldRows } from '../support/old-rows.ts';

let world: OldRows;

beforeAll(async () => {
  world = await startOldRows();
});
afterAll(async () => {
  await world?.stop();
});
afterEach(async () => {
  await world.clear();
});

const failures: unknown[] = [];
beforeEach(() => {
  failures.length = 0;
});

/** One round, over what is there now. */
async function round(): Promise<ReadonlyMap<string, number>> {
  const removed = new Map<string, number>();
  await tidyUp({
    remove: (transient) => removeSome(world.db, transient),
    isOver: () => false,
    onRemoved: ({ table }, rows) => removed.set(table, (removed.get(table) ?? 0) + rows),
    onFailure: (_transient, error) => failures.push(error),
  });
  return removed;
}

const of = (table: string): Transient => {
  const found = transients.find((one) => one.table === table);
  if (!found) throw new Error(`nothing of ${table} is transient`);
  return found;
};

describe('what has lost its use', () => {
  it('goes, and all that still has one stays', async () => {
    const [closed, open] = [await world.escalation({ closedDaysAgo: 40 }), await world.escalation()];
    const justClosed = await world.escalation({ closedDaysAgo: 6 });
    const stays = [
      await world.firing('over for 6 days', { seenDaysAgo: 6, isOver: true }),
      await world.firing('fires for 29 days', { seenDaysAgo: 29 }),
      await world.firing('fires, and its escalation is open', { seenDaysAgo: 400, dedupKey: open.dedupKey }),
      await world.pageLink('expired 29 days ago', { expiredDaysAgo: 29, escalation: closed }),
      await world.replyCode('of an open escalation', { daysAgo: 400, escalation: open }),
      await world.replyCode('closed 6 days ago', { daysAgo: 400, escalation: justClosed }),
      await world.mirror('of an open escalation', { daysAgo: 400, escalation: open }),
      await world.mirror('shown 29 days ago', { daysAgo: 29, escalation: closed }),
      await world.verification('expired an hour ago', { expiredDaysAgo: 1 / 24 }),
      await world.answer('6 days old', 6),
      await world.circuit('29 days old', 29),
    ];
    await world.firing('over for 8 days', { seenDaysAgo: 8, isOver: true });
    await world.firing('over for 8 days, beside one that fires', {
      seenDaysAgo: 8,
      isOver: true,
      dedupKey: open.dedupKey,
    });
    await world.firing('fires since 31 days, nothing is open', { seenDaysAgo: 31 });
    await world.firing('fires since 31 days, closed', { seenDaysAgo: 31, dedupKey: closed.dedupKey });
    await world.pageLink('expired 31 days ago', { expiredDaysAgo: 31, escalation: open });
    await world.replyCode('closed 40 days ago', { daysAgo: 41, escalation: closed });
    await world.mirror('shown 31 days ago', { daysAgo: 31, escalation: closed });
    await world.verification('expired 2 days ago', { expiredDaysAgo: 2 });
    await world.answer('8 days old', 8);
    await world.circuit('31 days old', 31);
    const evidence = await world.countEvidence();

    const removed = await round();

    expect(failures).toEqual([]);
    expect((await world.names()).toSorted()).toEqual(stays.toSorted());
    expect(Object.fromEntries(removed)).toEqual({
      firing_alerts: 4,
      page_links: 1,
      reply_codes: 1,
      contact_verifications: 1,
      idempotency_records: 1,
      provider_circuits: 1,
      status_mirrors: 1,
    });
    expect(await world.countEvidence()).toEqual(evidence);
  });

  it('is removed while others hold some of it: these stay, and nobody waits', async () => {
    await world.answers(3_000, 8);
    const { held, gone } = await world.holding(
      sql`SELECT key FROM idempotency_records ORDER BY created_at, key LIMIT 10 FOR UPDATE`,
      async () => (await round()).get('idempotency_records'),
    );
    expect(failures).toEqual([]);
    expect(gone).toBe(3_000 - held);
    expect(held).toBe(10);
    expect((await round()).get('idempotency_records')).toBe(10);
  });

  it('is shared by workers that do it at once: each row goes once', async () => {
    await world.answers(10_000, 8);
    const both = await Promise.all([round(), round(), round()]);
    expect(failures).toEqual([]);
    const removed = both.map((one) => one.get('idempotency_records') ?? 0);
    expect(removed.reduce((sum, rows) => sum + rows)).toBe(10_000);
    expect(await world.names()).toEqual([]);
  });

  it('is untouched where the connection dies in the middle of a batch, and goes with the next round', async () => {
    await world.answers(500, 8);
    await world.circuit('31 days old', 31);
    const mend = await world.breakAt('idempotency_records', "OLD.key = 'answer-250'");
    await round();
    // Killed by the server: the batch is whole, and the other tables were tidied all the same.
    expect(failures).toHaveLength(1);
    expect(await world.names()).toHaveLength(500);
    await mend();
    expect((await round()).get('idempotency_records')).toBe(500);
  });
});

it('a worker does it by itself, and counts what it removed by table', async () => {
  await world.answers(1_500, 8);
  const registry = new Registry();
  const house = keepHouse({ db: world.db, log: pino({ level: 'silent' }), registry });
  await expect.poll(() => world.names(), { timeout: 30_000 }).toEqual([]);
  await house.stop();
  expect(await registry.metrics()).toContain('vigil_rows_removed_total{table="idempotency_records"} 1500');
});

describe('alerts that are thought to fire', () => {
  it('stay while somebody decides about their key', async () => {
    await world.firing('decided about', { seenDaysAgo: 31, dedupKey: 'busy' });
    await world.firing('left alone', { seenDaysAgo: 31, dedupKey: 'idle' });
    const { gone } = await world.holding(
      sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${world.serviceId} busy`}, 0))`,
      async () => (await round()).get('firing_alerts'),
    );
    expect(gone).toBe(1);
    expect(await world.names()).toEqual(['decided about']);
    expect((await round()).get('firing_alerts')).toBe(1);
  });

  it('are reported again after they were forgotten: the same escalation comes of it as if they were known', async () => {
    await world.firing('a', { seenDaysAgo: 31, dedupKey: 'group' });
    await round();
    const [accepted] = await world.reportFiring('group', 'a');
    expect(accepted?.disposition).toBe('opened');
    expect(await world.names()).toEqual(['a']);
  });
});

describe('100,000 old rows', () => {
  it('go in batches that an index finds, and intake of the same keys goes on meanwhile', async () => {
    await world.firings(100_000, 8);
    await world.answers(100_000, 8);
    for (const table of ['firing_alerts', 'idempotency_records']) {
      const plan = await world.explain(removeOver(of(table)));
      expect(plan).toMatch(new RegExp(`Tid Scan on ${table}`));
      expect(plan).not.toMatch(/Seq Scan|Sort/);
    }

    let batches = 0;
    let most = 0;
    const progress = { isDone: false };
    const tidying = tidyUp({
      remove: (transient) => removeSome(world.db, transient),
      isOver: () => false,
      onRemoved: (_transient, rows) => {
        batches++;
        most = Math.max(most, rows);
      },
      onFailure: (_transient, error) => failures.push(error),
    }).finally(() => {
      progress.isDone = true;
    });
    const dispositions: (string | undefined)[] = [];
    for (let index = 0; !progress.isDone; index++) {
      const [accepted] = await world.reportFiring(`old-${index}`, 'new');
      dispositions.push(accepted?.disposition);
    }
    await tidying;
    expect(failures).toEqual([]);
    expect(most).toBe(1_000);
    expect(batches).toBeGreaterThanOrEqual(200);
    expect(dispositions.length).toBeGreaterThan(1);
    expect(new Set(dispositions)).toEqual(new Set(['opened']));
    // What was reported meanwhile is new: it stays.
    expect(await world.names()).toHaveLength(dispositions.length);
  }, 180_000);
});

it('the handbook names each kind with its days', async () => {
  const handbook = await readFile(new URL('../../docs/operate.md', import.meta.url), 'utf8');
  for (const { table, keptDays } of transients)
    expect(handbook).toMatch(new RegExp(`^\\| \`${table}\` .*\\b${keptDays} days?\\b`, 'm'));
});
