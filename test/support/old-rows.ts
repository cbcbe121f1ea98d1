import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import { newId } from '#db/ids.ts';
import { accept, groupOf, startIntakeWorld, trigger } from './intake.ts';
import { runStatement } from './run-statement.ts';

interface SeededEscalation {
  readonly id: string;
  readonly dedupKey: string;
}

/** The tables that are tidied, each with what its rows are called here. */
const named: Readonly<Record<string, string>> = {
  firing_alerts: 'fingerprint',
  page_links: 'sha256',
  reply_codes: "'code ' || code",
  contact_verifications: 'sha256',
  idempotency_records: 'key',
  provider_circuits: 'provider',
  status_mirrors: 'target',
};
const kept = ['escalations', 'deliveries', 'alert_events', 'commands', 'contact_methods'];

const ago = (days: number): SQL => sql`now() - ${days} * interval '1 day'`;

/** A database with rows of a given age. Each is known by its name, which is what it was seeded as. */
export async function startOldRows() {
  const world = await startIntakeWorld();
  const { db, serviceId, teamId, personId } = world;
  let codes = 0;

  async function escalation({ closedDaysAgo = null as number | null } = {}): Promise<SeededEscalation> {
    const [id, dedupKey] = [newId('escalation'), `key-${randomUUID()}`];
    await db.execute(sql`
      INSERT INTO escalations (id, service_id, team_id, dedup_key, title, severity, status, first_trigger_seq, last_trigger_seq, closed_at)
      VALUES (${id}, ${serviceId}, ${teamId}, ${dedupKey}, 'old', 3, ${closedDaysAgo === null ? 'triggered' : 'resolved'}, 1, 1,
        ${closedDaysAgo === null ? null : ago(closedDaysAgo)})`);
    return { id, dedupKey };
  }

  async function contactMethod(): Promise<string> {
    const id = newId('contactMethod');
    await db.execute(sql`
      INSERT INTO contact_methods (id, person_id, channel, address) VALUES (${id}, ${personId}, 'sms', ${`+1555${codes++}`})`);
    return id;
  }

  async function delivery({ id: escalationId }: SeededEscalation, contactMethodId: string): Promise<string> {
    const id = newId('delivery');
    await db.execute(sql`
      INSERT INTO deliveries (id, escalation_id, effect_key, kind, pass, rung, person_id, contact_method_id, channel, status)
      VALUES (${id}, ${escalationId}, ${id}, 'page', 1, 0, ${personId}, ${contactMethodId}, 'sms', 'sent')`);
    return id;
  }

  return {
    db,
    serviceId,
    escalation,
    async firing(name: string, row: { seenDaysAgo: number; isOver?: boolean; dedupKey?: string }): Promise<string> {
      const { seenDaysAgo, isOver = false, dedupKey = `key-${randomUUID()}` } = row;
      await db.execute(sql`
        INSERT INTO firing_alerts (service_id, dedup_key, fingerprint, started_at, ended_at, seen_at)
        VALUES (${serviceId}, ${dedupKey}, ${name}, ${ago(seenDaysAgo)}, ${isOver ? ago(seenDaysAgo) : null}, ${ago(seenDaysAgo)})`);
      return name;
    },
    async pageLink(name: string, row: { expiredDaysAgo: number; escalation: SeededEscalation }): Promise<string> {
      const deliveryId = await delivery(row.escalation, await contactMethod());
      await db.execute(sql`
        INSERT INTO page_links (id, sha256, escalation_id, person_id, delivery_id, action, expires_at)
        VALUES (${newId('pageLink')}, ${name}, ${row.escalation.id}, ${personId}, ${deliveryId}, 'acknowledge', ${ago(row.expiredDaysAgo)})`);
      return name;
    },
    async replyCode(_name: string, row: { daysAgo: number; escalation: SeededEscalation }): Promise<string> {
      const code = ++codes;
      const contactMethodId = await contactMethod();
      await db.execute(sql`
        INSERT INTO reply_codes (contact_method_id, code, escalation_id, delivery_id, created_at)
        VALUES (${contactMethodId}, ${code}, ${row.escalation.id}, ${await delivery(row.escalation, contactMethodId)}, ${ago(row.daysAgo)})`);
      return `code ${code}`;
    },
    async mirror(name: string, row: { daysAgo: number; escalation: SeededEscalation }): Promise<string> {
      await db.execute(sql`
        INSERT INTO status_mirrors (escalation_id, kind, target, updated_at) VALUES (${row.escalation.id}, 'chat', ${name}, ${ago(row.daysAgo)})`);
      return name;
    },
    async verification(name: string, row: { expiredDaysAgo: number }): Promise<string> {
      await db.execute(sql`
        INSERT INTO contact_verifications (contact_method_id, sha256, attempts_left, expires_at)
        VALUES (${await contactMethod()}, ${name}, 5, ${ago(row.expiredDaysAgo)})`);
      return name;
    },
    async answer(name: string, daysAgo: number): Promise<string> {
      await db.execute(sql`
        INSERT INTO idempotency_records (principal_id, key, request_sha256, status, headers, created_at)
        VALUES ('old', ${name}, 'x', 200, '{}', ${ago(daysAgo)})`);
      return name;
    },
    async circuit(name: string, daysAgo: number): Promise<string> {
      await db.execute(
        sql`INSERT INTO provider_circuits (provider, state, updated_at) VALUES (${name}, 'closed', ${ago(daysAgo)})`,
      );
      return name;
    },
    /** So many stored answers, `answer-1` and so on. */
    async answers(count: number, daysAgo: number): Promise<void> {
      await db.execute(sql`
        INSERT INTO idempotency_records (principal_id, key, request_sha256, status, headers, created_at)
        SELECT 'old', 'answer-' || number, 'x', 200, '{}', ${ago(daysAgo)} - number * interval '1 ms'
        FROM generate_series(1, ${count}::int) AS number`);
      await runStatement(world.ownerUrl, 'ANALYZE idempotency_records');
    },
    /** So many alerts that are over, each of a key of its own: `old-0` and so on. */
    async firings(count: number, daysAgo: number): Promise<void> {
      await db.execute(sql`
        INSERT INTO firing_alerts (service_id, dedup_key, fingerprint, started_at, ended_at, seen_at)
        SELECT ${serviceId}, 'old-' || number - 1, 'old', at, at, at
        FROM generate_series(1, ${count}::int) AS number, LATERAL (SELECT ${ago(daysAgo)} - number * interval '1 ms' AS at) AS once`);
      await runStatement(world.ownerUrl, 'ANALYZE firing_alerts');
    },
    reportFiring: (dedupKey: string, fingerprint: string) =>
      accept(
        world.intake,
        world.sender(),
        trigger(dedupKey, { group: groupOf({ firing: [{ fingerprint, startedAt: Date.now() }] }) }),
      ),
    /** What is left in the tables that are tidied. */
    async names(): Promise<string[]> {
      const each = Object.entries(named).map(([table, name]) => `SELECT ${name} AS name FROM ${table}`);
      const { rows } = await db.execute<{ name: string }>(sql.raw(each.join(' UNION ALL ')));
      return rows.map(({ name }) => name);
    },
    async countEvidence(): Promise<Record<string, number>> {
      const counts = kept.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
      const { rows } = await db.execute<Record<string, number>>(sql.raw(`SELECT ${counts.join(', ')}`));
      return rows[0] ?? {};
    },
    /** Does `work` while another transaction holds what that statement locks. */
    async holding<T>(lock: SQL, work: () => Promise<T>): Promise<{ held: number; gone: T }> {
      return db.transaction(async (tx) => {
        const { rows } = await tx.execute(lock);
        return { held: rows.length, gone: await work() };
      });
    },
    /** Each deletion of such a row ends the connection. Returns what mends it. */
    async breakAt(table: string, condition: string): Promise<() => Promise<void>> {
      await runStatement(
        world.ownerUrl,
        `CREATE FUNCTION break_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END $$;
         CREATE TRIGGER breaks BEFORE DELETE ON ${table} FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION break_down()`,
      );
      return () => runStatement(world.ownerUrl, `DROP TRIGGER breaks ON ${table}; DROP FUNCTION break_down()`);
    },
    async explain(statement: SQL): Promise<string> {
      const { rows } = await db.execute<{ 'QUERY PLAN': string }>(sql`EXPLAIN ${statement}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    },
    async clear(): Promise<void> {
      for (const table of Object.keys(named)) await db.execute(sql.raw(`DELETE FROM ${table}`));
      await db.execute(sql`UPDATE escalations SET closed_at = now(), status = 'resolved' WHERE closed_at IS NULL`);
    },
    stop: () => world.stop(),
  };
}
export type OldRows = Awaited<ReturnType<typeof startOldRows>>;
