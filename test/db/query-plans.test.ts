import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDocument } from '#domain/intake/integration.ts';
import type { Sender } from '#domain/intake/integration.ts';
import { sha256Hex } from '#db/ids.ts';
import { acceptBeat } from '#db/repositories/heartbeats.ts';
import { findOver, transients } from '#db/repositories/housekeeping.ts';
import { acceptReports } from '#db/repositories/intake/accept.ts';
import { findIntegrationByKey } from '#db/repositories/integrations.ts';
import { findPageLink, usePageLink } from '#db/repositories/page-links.ts';
import { acceptReceipt, takeUnreceipted } from '#db/repositories/receipts.ts';
import { assignReplyCode, findAnsweredPages, isKnownPhone } from '#db/repositories/reply-codes.ts';
import { hasShownPages, listMirrors } from '#db/repositories/status-mirrors.ts';
import { liveSuppressionRules } from '#db/repositories/suppression-rules.ts';
import { wasMailTaken } from '#db/repositories/taken-mails.ts';
import { keyOf, large, phoneOf, startFullDatabase } from '../support/full-database.ts';
import type { FullDatabase } from '../support/full-database.ts';
import { acknowledge, groupOf, resolve, trigger } from '../support/intake.ts';
import { explain, listenToStatements, tablesReadWhole } from '../support/query-plans.ts';

let world: FullDatabase;
let statements: ReturnType<typeof listenToStatements>;

beforeAll(async () => {
  world = await startFullDatabase();
  statements = listenToStatements(world.db);
}, 180_000);
afterAll(async () => {
  await world?.stop();
});

/** Tables that grow and that some statement of the work reads whole. Fails when it makes none, or names none of `of`. */
async function readWhole(of: string, work: () => Promise<unknown>): Promise<string[]> {
  const plans = await statements.plansOf(work);
  expect(plans.join('\n')).toMatch(new RegExp(`\\b${of}\\b`));
  return plans.flatMap(tablesReadWhole).filter((table) => large.includes(table));
}

describe('of what comes in, no statement reads a table whole', () => {
  it('an integration by its key', async () => {
    const found = await readWhole('integration_keys', async () => {
      expect(await findIntegrationByKey(world.db, keyOf(4_000))).toMatchObject({ id: 'itg_4000' });
    });
    expect(found).toEqual([]);
  });

  it('fifty reports of one sender: triggers, groups, acknowledgements and ends, of open keys and new ones', async () => {
    const { db, serviceId, teamId } = world;
    const sender: Sender = {
      id: 'itg_7',
      serviceId,
      teamId,
      principalId: 'test',
      document: { ...emptyDocument, routes: [{ when: [], serviceId, severity: null, stop: true }] },
    };
    const group = groupOf({ firing: [{ fingerprint: 'one', startedAt: Date.now() }] });
    const reports = Array.from({ length: 10 }, (_, index) => [
      trigger(`key-${index + 1}`, { severity: 1 }),
      trigger(`new-${index}`),
      trigger(`key-${index + 20}`, { group }),
      acknowledge(`key-${index + 40}`),
      resolve(`key-${index + 60}`),
    ]).flat();
    const found = await readWhole('escalations', () =>
      db.transaction(async (tx) => {
        const accepted = await acceptReports(tx, sender, reports, []);
        expect(new Set(accepted.map(({ disposition }) => disposition))).toContain('opened');
      }),
    );
    expect(found).toEqual([]);
  });

  it('the rules that keep quiet now, of many that are over', async () => {
    const found = await readWhole('suppression_rules_live', async () => {
      expect(await liveSuppressionRules(world.db)).toHaveLength(20);
    });
    expect(found).toEqual([]);
  });

  it('a beat', async () => {
    const found = await readWhole('heartbeat_monitors', () =>
      world.db.transaction(async (tx) => {
        expect(await acceptBeat(tx, sha256Hex('beat-400'))).toBe(true);
      }),
    );
    expect(found).toEqual([]);
  });

  it('a mail that was taken', async () => {
    const mail = { principalId: 'mail', integrationId: 'itg_1', identity: 'x' };
    expect(await readWhole('idempotency_records', () => wasMailTaken(world.db, mail))).toEqual([]);
  });
});

describe('of pages and their answers, no statement reads a table whole', () => {
  it('a link by its token, and its use', async () => {
    const { db } = world;
    const found = await readWhole('page_links', async () => {
      const link = await findPageLink(db, 'token-7');
      if (!link) throw new Error('the link is not there');
      await db.transaction((tx) => usePageLink(tx, link, 'cmd_7'));
    });
    expect(found).toEqual([]);
  });

  it('a receipt, and the pages that still wait for one', async () => {
    const { db } = world;
    const receipt = {
      deliveryId: 'dlv_9',
      providerRef: 'SM9',
      result: 'failed_permanent',
      errorCode: 'unreachable',
    } as const;
    const found = await readWhole('deliveries', async () => {
      expect(await takeUnreceipted(db, ['sms', 'voice'], 50)).toHaveLength(50);
      expect(await acceptReceipt(db, receipt)).toBe(true);
    });
    expect(found).toEqual([]);
  });

  it('a number to answer with, and an answer', async () => {
    const { db } = world;
    const page = { contactMethodId: 'com_9', escalationId: 'esc_8', deliveryId: 'dlv_8' };
    const found = await readWhole('reply_codes', async () => {
      await assignReplyCode(db, { ...page, deliveryId: 'dlv_1' });
      await findAnsweredPages(db, phoneOf(9), 1);
      await findAnsweredPages(db, phoneOf(9), null);
      expect(await isKnownPhone(db, phoneOf(9))).toBe(true);
    });
    expect(found).toEqual([]);
  });

  it('where an escalation is shown besides', async () => {
    const found = await readWhole('status_mirrors', async () => {
      await hasShownPages(world.db, 'esc_8');
      await listMirrors(world.db, 'esc_8');
    });
    expect(found).toEqual([]);
  });
});

it('what has lost its use is found by an index of its own, in each table', async () => {
  const indexes: (string | undefined)[] = [];
  for (const transient of transients) {
    const [plan = ''] = await statements.plansOf(() => world.db.execute(findOver(transient, sql`ctid`, 1_000)));
    expect(tablesReadWhole(plan)).toEqual([]);
    indexes.push(/Index Scan (?:using|on) (\w+)/.exec(plan)?.[1]);
  }
  expect(indexes).toEqual([
    'firing_alerts_over',
    'firing_alerts_firing',
    'page_links_expires',
    'reply_codes_created',
    'contact_verifications_expires',
    'idempotency_records_created',
    'provider_circuits_updated',
    'status_mirrors_updated',
  ]);
});

it('an index that is missing is found out', async () => {
  const owner = new Client({ connectionString: world.ownerUrl });
  await owner.connect();
  try {
    await owner.query('BEGIN; ALTER TABLE page_links DROP CONSTRAINT page_links_sha256_unique');
    const plan = await explain(owner, { text: 'SELECT FROM page_links WHERE sha256 = $1', values: ['x'] });
    expect(tablesReadWhole(plan)).toEqual(['page_links']);
  } finally {
    await owner.end();
  }
});
