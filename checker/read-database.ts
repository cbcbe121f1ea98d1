import { Client, types as standardTypes } from 'pg';
import type { CustomTypesConfig } from 'pg';
import type { Chain, Facts, Scan } from './facts.ts';
import type { AuditRow, ConfigurationRow } from './rows.ts';
import { scanTables } from './scan.ts';

/** The tables of configuration whose changes are audited. */
export const configurationTables = [
  'teams',
  'principals',
  'role_grants',
  'tokens',
  'contact_methods',
  'services',
  'integrations',
  'integration_keys',
  'suppression_rules',
  'products',
  'kill_switches',
  'policies',
  'policy_versions',
  'escalation_policies',
  'escalation_policy_versions',
  'schedules',
  'review_queues',
  'maintenance_windows',
  'detectors',
  'detector_versions',
] as const;

/** Columns that no check reads: content, secrets' hashes and large documents stay in the database. */
const unread: Readonly<Record<string, readonly string[]>> = {
  tokens: ['sha256'],
  integrations: ['document'],
  integration_keys: ['sha256'],
  suppression_rules: ['name', 'conditions'],
  suppressed_alerts: ['title'],
  heartbeat_monitors: ['sha256', 'name'],
  contact_methods: ['address'],
  policy_versions: ['body'],
  detector_versions: ['definition'],
  schedules: ['document'],
  escalation_policy_versions: ['document'],
  escalations: ['title'],
  alert_events: ['title', 'details'],
};

const int8 = 20;
const timestamptz = 1184;

type Parse = (text: string) => unknown;
const standard = standardTypes as unknown as { getTypeParser(oid: number, format?: string): Parse };

/** Numbers for 64-bit integers, milliseconds since the epoch for instants. */
function parserOf(oid: number, format?: string): Parse {
  if (oid === int8) return Number;
  const parse = standard.getTypeParser(oid, format);
  return oid === timestamptz ? (text) => (parse(text) as Date).getTime() : parse;
}

export async function connect(connectionString: string): Promise<Client> {
  const types = { getTypeParser: parserOf } as CustomTypesConfig;
  const client = new Client({ connectionString, types, application_name: 'vigil-checker' });
  await client.connect();
  return client;
}

type FromDatabase = Omit<Facts, 'bounds' | 'platform' | 'phones'>;

/** Reads everything, by the client's own transaction: begin one that is repeatable and read-only to get one moment. */
export async function readDatabase(client: Client, markers: readonly string[]): Promise<FromDatabase> {
  const { rows: clock } = await client.query<{ now: number }>('SELECT clock_timestamp() AS now');
  const configuration = new Map<string, readonly ConfigurationRow[]>();
  for (const table of configurationTables) configuration.set(table, await rowsOf<ConfigurationRow>(client, table));
  const persons = await rowsOf<{ id: string }>(client, 'persons');
  const scans: Scan[] = markers.length === 0 ? [] : await scanTables(client, markers);
  return {
    now: clock[0]?.now ?? Number.NaN,
    chains: toChains(await rowsOf<AuditRow>(client, 'audit_events', 'aggregate_kind, aggregate_id, seq')),
    heads: await rowsOf(client, 'audit_heads'),
    commands: await rowsOf(client, 'commands', 'seq'),
    alerts: await rowsOf(client, 'alert_events', 'seq'),
    suppressed: await rowsOf(client, 'suppressed_alerts'),
    firing: await rowsOf(client, 'firing_alerts'),
    escalations: await rowsOf(client, 'escalations'),
    deliveries: await rowsOf(client, 'deliveries', 'started_at'),
    windows: await rowsOf(client, 'maintenance_windows'),
    launches: await rowsOf(client, 'launches'),
    requirements: await rowsOf(client, 'launch_requirements'),
    signOffs: await rowsOf(client, 'sign_offs'),
    stages: await rowsOf(client, 'stages'),
    waivers: await rowsOf(client, 'waivers'),
    cases: await rowsOf(client, 'cases'),
    tasks: await rowsOf(client, 'review_tasks'),
    decisions: await rowsOf(client, 'decisions'),
    orders: await rowsOf(client, 'enforcement_orders'),
    actions: await rowsOf(client, 'enforcement_actions'),
    notices: await rowsOf(client, 'notices'),
    canaries: await rowsOf(client, 'canary_runs'),
    heartbeats: await rowsOf(client, 'heartbeat_monitors'),
    grants: await rowsOf(client, 'role_grants'),
    personIds: new Set(persons.map(({ id }) => id)),
    answers: await rowsOf(client, 'idempotency_records'),
    configuration,
    scans,
  };
}

/** All rows of a table, without the columns that are not read. The names are this file's own, never input. */
async function rowsOf<R>(client: Client, table: string, order?: string): Promise<R[]> {
  const { rows: columns } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  const read = columns.map(({ name }) => name).filter((name) => !unread[table]?.includes(name));
  const by = order === undefined ? '' : ` ORDER BY ${order}`;
  const { rows } = await client.query(`SELECT ${read.join(', ')} FROM ${table}${by}`);
  return rows as R[];
}

function toChains(events: readonly AuditRow[]): Chain[] {
  const groups = Map.groupBy(events, (row) => `${row.aggregate_kind} ${row.aggregate_id}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ kind: first.aggregate_kind, id: first.aggregate_id, events: group }] : [];
  });
}
