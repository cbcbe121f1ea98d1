import type { Json } from '../json.ts';
import type { Severity } from '../severity.ts';
import {
  isBlank,
  isObject,
  longestDedupKey,
  longestSummary,
  notAnObject,
  readRoutingKey,
  readText,
} from './pagerduty-fields.ts';
import type { Fields, InvalidEvent } from './pagerduty-fields.ts';
import type { SourceReport } from './report.ts';

/** Longer names and values are no labels: conditions have no room for them. */
const longestLabelName = 200;
const longestLabel = 1_024;
const mostLabels = 100;

export interface ReadEvent {
  readonly routingKey: string;
  /** Its key is the sender's own: `ofIntegration` makes it one of the integration. */
  readonly report: SourceReport;
}

const severityByName: ReadonlyMap<Json | undefined, Severity> = new Map([
  ['critical', 1],
  ['error', 2],
  ['warning', 3],
  ['info', 4],
]);

/**
 * Reads one PagerDuty Events API v2 alert event. Fields that PagerDuty demands are checked as strictly as there; fields
 * that it does not demand cannot make an event invalid, whatever they hold, and fields that nobody knows are passed over.
 * A trigger without a key gets `freshKey`, which must never have been used.
 */
export function readEvent(body: Json, freshKey: string): ReadEvent | InvalidEvent {
  if (!isObject(body)) return { errors: [notAnObject] };
  const errors: string[] = [];
  const routingKey = readRoutingKey(body, errors);
  const action = body['event_action'];
  if (action !== 'trigger' && action !== 'acknowledge' && action !== 'resolve')
    errors.push(
      isBlank(action)
        ? "'event_action' is missing or blank"
        : "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
    );
  const dedupKey =
    isBlank(body['dedup_key']) && action === 'trigger'
      ? freshKey
      : readText(body, 'dedup_key', longestDedupKey, errors);
  const payload = isObject(body['payload']) ? body['payload'] : {};
  const labels = labelsOf(payload);
  if (action === 'acknowledge' || action === 'resolve')
    return errors.length > 0
      ? { errors }
      : {
          routingKey,
          report: action === 'resolve' ? { action, dedupKey, labels, group: null } : { action, dedupKey, labels },
        };
  if (!isObject(body['payload'])) errors.push("'payload' is missing or blank");
  const title = readText(payload, 'summary', longestSummary, errors, 'payload.');
  readText(payload, 'source', Infinity, errors, 'payload.');
  const severity = readSeverity(payload, errors);
  if (errors.length > 0) return { errors };
  const details = detailsOf(body, payload);
  return { routingKey, report: { action: 'trigger', dedupKey, labels, severity, title, details, group: null } };
}

/**
 * The report with a key that only this integration has. At PagerDuty an event reaches only alerts of its own routing key:
 * two integrations of one service may use the same key and mean two alerts.
 */
export const ofIntegration = (report: SourceReport, integrationId: string): SourceReport => ({
  ...report,
  dedupKey: `${integrationId}:${report.dedupKey}`,
});

/** The report with the severity that the integration gives to PagerDuty's word for it. */
export function inSeveritiesOf(report: SourceReport, severities: Readonly<Record<string, Severity>>): SourceReport {
  const word = report.labels['severity'];
  if (report.action !== 'trigger' || word === undefined || !Object.hasOwn(severities, word)) return report;
  return { ...report, severity: severities[word] ?? report.severity };
}

function readSeverity(payload: Fields, errors: string[]): Severity {
  const name = payload['severity'];
  const severity = severityByName.get(name);
  if (severity === undefined)
    errors.push(
      isBlank(name)
        ? "'payload.severity' is missing or blank"
        : "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    );
  return severity ?? 1;
}

/**
 * What routes and suppression rules look at: `severity`, `source`, `component`, `group`, `class`, and each plain value of
 * the details as `custom_details.NAME`.
 */
function labelsOf(payload: Fields): Record<string, string> {
  const details = payload['custom_details'];
  const named = ['severity', 'source', 'component', 'group', 'class'].map((name) => [name, payload[name]] as const);
  const custom = isObject(details)
    ? Object.entries(details).map(([name, value]) => [`custom_details.${name}`, value] as const)
    : [];
  const labels: [string, string][] = [];
  for (const [name, value] of [...named, ...custom]) {
    if (value === undefined || value === null || typeof value === 'object' || labels.length === mostLabels) continue;
    const text = String(value);
    if (text !== '' && text.length <= longestLabel && name.length <= longestLabelName) labels.push([name, text]);
  }
  return Object.fromEntries(labels);
}

/** What else the event says, under PagerDuty's names. */
function detailsOf(body: Fields, payload: Fields): Json {
  const kept = [
    ...['source', 'timestamp', 'component', 'group', 'class', 'custom_details'].map((name) => [name, payload[name]]),
    ...['client', 'client_url', 'links', 'images'].map((name) => [name, body[name]]),
  ];
  return Object.fromEntries(kept.filter(([, value]) => value !== undefined && value !== null));
}
