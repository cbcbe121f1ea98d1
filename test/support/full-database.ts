import { sql } from 'drizzle-orm';
import { connectDatabase } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { createTestDatabase } from './database.ts';
import { runStatement } from './run-statement.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';

/** Tables that grow with what comes in, so that none may be read whole for one of its rows. */
export const large: readonly string[] = [
  'alert_events',
  'commands',
  'contact_methods',
  'contact_verifications',
  'deliveries',
  'escalations',
  'firing_alerts',
  'heartbeat_monitors',
  'idempotency_records',
  'integration_keys',
  'integrations',
  'page_links',
  'provider_circuits',
  'reply_codes',
  'status_mirrors',
  'suppression_rules',
];

/**
 * A database as it is after some months: 30,000 escalations of which 300 are open, with a page and a link each, 5,000
 * integrations and monitors, 10,000 suppression rules of which nearly all are over.
 */
export async function startFullDatabase() {
  const database = await createTestDatabase();
  const db = connectDatabase({
    url: database.appUrl,
    size: 4,
    applicationName: 'vigil-test-plans',
    statementTimeoutMs: 60_000,
    onIdleError: () => undefined,
  });
  const filling = connectDatabase({
    url: database.appUrl,
    size: 1,
    applicationName: 'vigil-test-fill',
    statementTimeoutMs: 60_000,
    onIdleError: () => undefined,
  });
  const teamId = await seedTeam(filling);
  const personId = await seedPerson(filling, { name: 'owner', channel: 'sms', address: '+15550000000' });
  const serviceId = await seedService(filling, teamId, personId, {
    rungs: [{ targets: [{ kind: 'person', personId }], ackWithinMs: 60_000 }],
    catchAllPersonId: personId,
  });
  for (const fill of filled({ teamId, personId, serviceId })) await filling.execute(fill);
  await filling.$client.end();
  await runStatement(database.ownerUrl, 'ANALYZE');
  return {
    /** Has not opened a connection yet. */
    db,
    ownerUrl: database.ownerUrl,
    teamId,
    personId,
    serviceId,
    async stop() {
      await db.$client.end();
      await database.drop();
    },
  };
}
export type FullDatabase = Awaited<ReturnType<typeof startFullDatabase>>;

/** What opens the integration of that number. */
export const keyOf = (number: number): string => sha256Hex(`${number}`).slice(0, 32);
/** The address of the contact method of that number. */
export const phoneOf = (number: number): string => `+1555${String(number).padStart(7, '0')}`;

const numbers = (count: number) => sql`generate_series(1, ${count}::int) AS number`;
const open = 300;

function filled({ teamId, personId, serviceId }: Record<'teamId' | 'personId' | 'serviceId', string>) {
  const escalation = sql`'esc_' || number`;
  const delivery = sql`'dlv_' || number`;
  return [
    sql`INSERT INTO escalations (id, service_id, team_id, dedup_key, title, severity, status, first_trigger_seq,
          last_trigger_seq, opened_via, opened_at, closed_at)
        SELECT ${escalation}, ${serviceId}, ${teamId}, 'key-' || number, 'old', 3, 'resolved', number, number,
          'itg_' || number % 5000, now() - number * interval '1 min', CASE WHEN number > ${open} THEN now() END
        FROM ${numbers(30_000)}`,
    sql`INSERT INTO alert_events (id, service_id, reported_by, dedup_key, action, severity, title, escalation_id, disposition)
        SELECT 'ale_' || number, ${serviceId}, 'test', 'key-' || number, 'trigger', 3, 'old', ${escalation}, 'opened'
        FROM ${numbers(30_000)}`,
    sql`INSERT INTO firing_alerts (service_id, dedup_key, fingerprint, started_at)
        SELECT ${serviceId}, 'key-' || number, 'one', now() FROM ${numbers(30_000)}`,
    sql`INSERT INTO commands (id, principal_id, idempotency_key, request_sha256, mode, name, aggregate_kind, aggregate_id,
          workflow_id, input, actor, priority, status, outcome, settled_at)
        SELECT 'cmd_' || number, 'vigil', 'open:' || ${escalation}, 'x', 'start', 'open', 'escalation', ${escalation},
          'escalation:' || ${escalation}, '{}', '{}', 3, 'done', '{}', now()
        FROM ${numbers(30_000)}`,
    sql`INSERT INTO contact_methods (id, person_id, channel, address, verified_at)
        SELECT 'com_' || number, ${personId}, 'sms', '+1555' || lpad(number::text, 7, '0'), now() FROM ${numbers(5_000)}`,
    sql`INSERT INTO contact_verifications (contact_method_id, sha256, attempts_left, expires_at)
        SELECT 'com_' || number, 'x', 5, now() + interval '10 min' FROM ${numbers(5_000)}`,
    sql`INSERT INTO provider_circuits (provider, state) SELECT 'host-' || number, 'closed' FROM ${numbers(5_000)}`,
    sql`INSERT INTO deliveries (id, escalation_id, effect_key, kind, pass, rung, person_id, contact_method_id, channel,
          status, provider_ref, settled_at)
        SELECT ${delivery}, ${escalation}, 'page:1', 'page', 1, 0, ${personId}, 'com_' || number % 5000 + 1, 'sms',
          CASE WHEN number > ${open} THEN 'delivered' ELSE 'sent' END, 'SM' || number, now() - number * interval '1 min'
        FROM ${numbers(30_000)}`,
    sql`INSERT INTO page_links (id, sha256, escalation_id, person_id, delivery_id, action, expires_at)
        SELECT 'lnk_' || number, encode(sha256(('token-' || number)::bytea), 'hex'), ${escalation}, ${personId}, ${delivery},
          'acknowledge', now() + interval '1 hour'
        FROM ${numbers(30_000)}`,
    sql`INSERT INTO reply_codes (contact_method_id, code, escalation_id, delivery_id)
        SELECT 'com_' || number % 5000 + 1, 1 + number / 5000, ${escalation}, ${delivery} FROM ${numbers(30_000)}`,
    sql`INSERT INTO status_mirrors (escalation_id, kind, target) SELECT ${escalation}, 'chat', 'C:' || number FROM ${numbers(30_000)}`,
    sql`INSERT INTO integrations (id, service_id, kind, name, principal_id)
        SELECT 'itg_' || number, ${serviceId}, 'pagerduty', 'old', ${personId} FROM ${numbers(5_000)}`,
    sql`INSERT INTO integration_keys (id, integration_id, sha256, created_by)
        SELECT 'itk_' || number, 'itg_' || number,
          encode(sha256(left(encode(sha256(number::text::bytea), 'hex'), 32)::bytea), 'hex'), ${personId}
        FROM ${numbers(5_000)}`,
    sql`INSERT INTO suppression_rules (id, team_id, name, owner_id, conditions, created_by, expires_at)
        SELECT 'sup_' || number, ${teamId}, 'old', ${personId}, '[]', ${personId},
          now() + (CASE WHEN number > 20 THEN -1 ELSE 1 END) * number * interval '1 min'
        FROM ${numbers(10_000)}`,
    sql`INSERT INTO heartbeat_monitors (id, team_id, service_id, name, sha256, interval_seconds, severity, status, created_by)
        SELECT 'hbm_' || number, ${teamId}, ${serviceId}, 'old', encode(sha256(('beat-' || number)::bytea), 'hex'), 60, 3,
          'beating', ${personId}
        FROM ${numbers(5_000)}`,
    sql`INSERT INTO idempotency_records (principal_id, key, request_sha256, status, headers)
        SELECT 'mail', 'mail:' || number, 'x', 250, '{}' FROM ${numbers(30_000)}`,
  ];
}
