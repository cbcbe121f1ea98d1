import type { Facts, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { dataOf } from './history.ts';
import { checkConfiguration } from './i3-configuration.ts';
import { checkCommands } from './i3-commands.ts';
import { checkLaunchRecords } from './i3-launches.ts';
import type { AuditRow, DeliveryRow } from './rows.ts';

const needs = ['decisions', 'pages', 'acknowledgements', 'commands', 'refusals', 'configuration', 'transitions'];

/** I3: every decision, page, acknowledgement, override, refusal and change of configuration has exactly one audit event. */
export const recordedOnce: PromiseCheck = {
  promise: 'I3',
  title: 'every decision, page, ack, override, refusal and config change has exactly one audit event',
  needs,
  check(facts) {
    const found = new Findings('I3', needs);
    const events = facts.chains.flatMap((chain) => chain.events);
    checkLedgers(facts, events, found);
    checkVersions(facts, found);
    checkCommands(facts, events, found);
    checkLaunchRecords(facts, found);
    checkConfiguration(facts, events, found);
    return found;
  },
};

interface Ledger {
  readonly what: string;
  readonly actions: readonly string[];
  /** The field of the event that names the row. */
  readonly field: string;
  readonly rows: readonly { readonly id: string }[];
  readonly at: (id: string) => number | null;
  /** True for an event that has no row by its nature. */
  readonly rowless?: (event: AuditRow) => boolean;
}

/** Ledgers whose rows and events are written in one transaction: each row has its event, each event its row. */
function checkLedgers(facts: Facts, events: readonly AuditRow[], found: Findings): void {
  const decidedAt = new Map(facts.decisions.map((row) => [row.id, row.decided_at]));
  const startedAt = new Map(facts.deliveries.map((row) => [row.id, row.started_at]));
  const ledgers: readonly Ledger[] = [
    {
      what: 'decisions',
      actions: ['case.decided'],
      field: 'decisionId',
      rows: facts.decisions,
      at: (id) => decidedAt.get(id) ?? null,
      // To pass a task on is a decision about the task and none about the case.
      rowless: (event) => event.reason === 'skip',
    },
    {
      what: 'pages',
      actions: ['escalation.pageStarted', 'escalation.resolvedNoticeStarted'],
      field: 'deliveryId',
      rows: facts.deliveries.filter(wasStarted),
      at: (id) => startedAt.get(id) ?? null,
    },
    {
      what: 'bundled pages',
      actions: ['escalation.pageBundled'],
      field: 'deliveryId',
      rows: facts.deliveries.filter(wasBundled),
      at: (id) => startedAt.get(id) ?? null,
    },
    {
      what: 'enforcement calls',
      actions: ['enforcement.actionStarted'],
      field: 'actionId',
      rows: facts.actions,
      at: () => null,
    },
  ];
  for (const ledger of ledgers) checkLedger(ledger, events, found);
}

/** A page that the throttle held back, or left to another message, has not been sent. */
const wasStarted = (row: DeliveryRow): boolean =>
  row.status !== 'held' && !wasBundled(row) && row.error_code !== 'held_back';

/** Also when the message that it was left to did not arrive. */
const wasBundled = ({ status, error_code: code }: DeliveryRow): boolean =>
  status === 'bundled' || code === 'carrier_failed';

function checkLedger(
  { what, actions, field, rows, at, rowless }: Ledger,
  events: readonly AuditRow[],
  found: Findings,
): void {
  const byRow = Map.groupBy(
    events.filter(({ action }) => actions.includes(action)),
    (event) => String(dataOf(event, field)),
  );
  for (const { id } of rows) {
    found.saw(what);
    const count = byRow.get(id)?.length ?? 0;
    if (count !== 1) found.breach(`${what} ${id}`, `it has ${count} audit events`, at(id));
  }
  const known = new Set(rows.map(({ id }) => id));
  for (const [id, named] of byRow) {
    const [event] = named;
    if (known.has(id) || event === undefined || rowless?.(event) === true) continue;
    found.breach(`${what} ${id}`, `${event.action} is in the audit trail, and there is no such row`, event.at);
  }
}

/** Each aggregate's versions run from 1 to the one that its row shows, each once. */
function checkVersions(facts: Facts, found: Findings): void {
  const rows = new Map<string, number>(
    Object.entries({
      launch: facts.launches,
      case: facts.cases,
      enforcement: facts.orders,
      escalation: facts.escalations,
      canary: facts.canaries,
      heartbeat: facts.heartbeats,
    }).flatMap(([kind, list]) => list.map((row) => [`${kind} ${row.id}`, row.version] as const)),
  );
  const last = new Map<string, number>();
  for (const { kind, id, events } of facts.chains) {
    const name = `${kind} ${id}`;
    const versions = events.flatMap(({ version }) => (version === null ? [] : [version]));
    if (versions.length === 0) continue;
    found.saw('transitions', versions.length);
    last.set(name, versions.length);
    const hole = versions.findIndex((version, index) => version !== index + 1);
    if (hole !== -1) found.breach(name, `version ${hole + 1} has no audit event of its own in its place`);
    if (!rows.has(name)) found.breach(name, 'it has transitions, and there is no such row');
  }
  for (const [name, version] of rows) {
    const recorded = last.get(name) ?? 0;
    if (version !== recorded)
      found.breach(name, `it is at version ${version}, and ${recorded} transitions are recorded`);
  }
}
