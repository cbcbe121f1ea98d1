import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { dataOf } from './history.ts';
import type { AuditRow, ConfigurationRow } from './rows.ts';

interface Rule {
  readonly table: string;
  readonly actions: readonly string[];
  /** What the event says of the row: the value of this field of its content, or with null its aggregate. */
  readonly field: string | null;
  /** The column that the event names; `id` unless said otherwise. */
  readonly column?: string;
  /** The change happened only to rows in which this column is set. */
  readonly onlyIf?: string;
}

const made = (table: string, action: string, field: string | null = null): Rule => ({
  table,
  actions: [action],
  field,
});
const ended = (table: string, action: string, field: string | null, onlyIf: string): Rule => ({
  table,
  actions: [action],
  field,
  onlyIf,
});

const rules: readonly Rule[] = [
  made('teams', 'team.created'),
  made('principals', 'principal.created'),
  ended('principals', 'principal.disabled', null, 'disabled_at'),
  made('role_grants', 'principal.roleGranted', 'grantId'),
  ended('role_grants', 'principal.roleRevoked', 'grantId', 'revoked_at'),
  made('tokens', 'principal.tokenCreated', 'tokenId'),
  ended('tokens', 'principal.tokenRevoked', 'tokenId', 'revoked_at'),
  made('contact_methods', 'principal.contactMethodAdded', 'contactMethodId'),
  ended('contact_methods', 'principal.contactMethodDisabled', 'contactMethodId', 'disabled_at'),
  made('services', 'service.created'),
  made('integrations', 'service.integrationAdded', 'integrationId'),
  ended('integrations', 'service.integrationDisabled', 'integrationId', 'disabled_at'),
  made('integration_keys', 'integration.keyCreated', 'keyId'),
  ended('integration_keys', 'integration.keyRevoked', 'keyId', 'revoked_at'),
  made('suppression_rules', 'suppressionRule.created'),
  ended('suppression_rules', 'suppressionRule.ended', null, 'ended_at'),
  made('maintenance_windows', 'service.maintenanceAdded', 'windowId'),
  ended('maintenance_windows', 'service.maintenanceEnded', 'windowId', 'ended_by'),
  made('products', 'product.created'),
  made('kill_switches', 'product.killSwitchEngaged', 'killSwitchId'),
  ended('kill_switches', 'product.killSwitchReleased', 'killSwitchId', 'released_at'),
  made('policies', 'policy.created'),
  made('policy_versions', 'policy.versionPublished', 'policyVersionId'),
  made('escalation_policies', 'escalationPolicy.created'),
  made('schedules', 'schedule.created'),
  made('review_queues', 'reviewQueue.created'),
  made('detectors', 'detector.created'),
  made('detector_versions', 'detector.versionAdded', 'detectorVersionId'),
  ended('detector_versions', 'detector.versionRetired', 'detectorVersionId', 'retired_at'),
];

const createdColumns = ['granted_at', 'engaged_at', 'published_at', 'created_at'];

/**
 * Changes of configuration have one audit event each, and each such event its row.
 *
 * What was there before the first audit event of all is how the database was set up: nobody could have acted before it.
 */
export function checkConfiguration(facts: Facts, events: readonly AuditRow[], found: Findings): void {
  const beganAt = Math.min(...events.map(({ at }) => at));
  const byAction = Map.groupBy(events, ({ action }) => action);
  for (const rule of rules) checkRule(facts, rule, byAction, beganAt, found);
  checkNumbered(facts, byAction, beganAt, found);
  checkMaturity(facts, events, found);
}

const createdAt = (row: ConfigurationRow): number =>
  Number(row[createdColumns.find((column) => row[column] !== undefined) ?? ''] ?? Number.POSITIVE_INFINITY);

function checkRule(
  facts: Facts,
  { table, actions, field, onlyIf }: Rule,
  byAction: ReadonlyMap<string, readonly AuditRow[]>,
  beganAt: number,
  found: Findings,
): void {
  const rows = facts.configuration.get(table) ?? [];
  const events = actions.flatMap((action) => byAction.get(action) ?? []);
  const named = Map.groupBy(events, (event) => String(field === null ? event.aggregate_id : dataOf(event, field)));
  for (const row of rows) {
    if (onlyIf !== undefined && row[onlyIf] === null) continue;
    const id = String(row['id']);
    const count = named.get(id)?.length ?? 0;
    const changedAt = onlyIf === undefined ? createdAt(row) : Number(row[onlyIf]);
    if (count === 0 && changedAt < beganAt) continue;
    found.saw('configuration');
    if (count !== 1) found.breach(`${table} ${id}`, `${actions.join(' or ')} has ${count} audit events`);
  }
  const known = new Set(
    rows.filter((row) => onlyIf === undefined || row[onlyIf] !== null).map((row) => String(row['id'])),
  );
  for (const [id, [event]] of named) {
    if (!known.has(id))
      found.breach(`${table} ${id}`, `${event?.action} is in the trail, and the row does not show it`, event?.at);
  }
}

/** Documents with versions: version 1 by the creation, each later one by its own change. */
function checkNumbered(
  facts: Facts,
  byAction: ReadonlyMap<string, readonly AuditRow[]>,
  beganAt: number,
  found: Findings,
): void {
  const versions = [
    ...(facts.configuration.get('escalation_policy_versions') ?? []).map((row) => ({
      kind: 'escalationPolicy',
      id: String(row['policy_id']),
      version: Number(row['version']),
      isOld: createdAt(row) < beganAt,
    })),
    ...(facts.configuration.get('schedules') ?? []).flatMap((row) =>
      Array.from({ length: Number(row['version']) - 1 }, (_, index) => ({
        kind: 'schedule',
        id: String(row['id']),
        version: index + 2,
        isOld: false,
      })),
    ),
  ];
  for (const { kind, id, version, isOld } of versions) {
    const field = kind === 'schedule' ? 'scheduleVersion' : 'policyVersion';
    const events = [...(byAction.get(`${kind}.created`) ?? []), ...(byAction.get(`${kind}.changed`) ?? [])];
    const count = events.filter((event) => event.aggregate_id === id && dataOf(event, field) === version).length;
    if (count === 0 && isOld) continue;
    found.saw('configuration');
    if (count !== 1) found.breach(`${kind} ${id}`, `its version ${version} has ${count} audit events`);
  }
}

/** A detector version is as mature as the last decision about it says. */
function checkMaturity(facts: Facts, events: readonly AuditRow[], found: Findings): void {
  const said = new Map<string, unknown>();
  for (const event of events) {
    const id = String(dataOf(event, 'detectorVersionId'));
    if (event.action === 'detector.versionAdded') said.set(id, dataOf(event, 'maturity'));
    if (event.action === 'detector.maturityChanged') said.set(id, dataOf(event, 'to'));
  }
  for (const row of facts.configuration.get('detector_versions') ?? []) {
    const id = String(row['id']);
    if (!said.has(id)) continue;
    found.saw('maturities');
    if (said.get(id) !== row['maturity']) found.breach(`detector version ${id}`, 'nobody decided its maturity');
  }
}
