import type { Json } from '../json.ts';
import type { Severity } from '../severity.ts';
import type { SourceReport } from './report.ts';

/** The longest that PagerDuty takes, in characters. */
export const longestSummary = 1_024;
export const longestDedupKey = 255;
const routingKeyLength = 32;
/** Longer names and values are no labels: conditions have no room for them. */
const longestLabelName = 200;
const longestLabel = 1_024;
const mostLabels = 100;

/** What was wrong with an event, in PagerDuty's words. Never repeats what was sent. */
export interface InvalidEvent {
  readonly errors: readonly string[];
}

export interface ReadEvent {
  readonly routingKey: string;
  /** Its key is the sender's own: `ofIntegration` makes it one of the integration. */
  readonly report: SourceReport;
}

export interface ChangeLink {
  /** http or https. */
  readonly href: string;
  readonly text: string | null;
}

export interface ReadChange {
  readonly routingKey: string;
  readonly change: {
    readonly summary: string;
    readonly source: string | null;
    /** Epoch milliseconds; null when the event names no instant that can be read. */
    readonly happenedAt: number | null;
    readonly details: Json;
    readonly links: readonly ChangeLink[];
  };
}

type Fields = { readonly [key: string]: Json };

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

/** Reads one PagerDuty change event: only its key and its summary are demanded. */
export function readChange(body: Json): ReadChange | InvalidEvent {
  if (!isObject(body)) return { errors: [notAnObject] };
  const errors: string[] = [];
  const routingKey = readRoutingKey(body, errors);
  if (!isObject(body['payload'])) errors.push("'payload' is missing or blank");
  const payload = isObject(body['payload']) ? body['payload'] : {};
  const summary = readText(payload, 'summary', longestSummary, errors, 'payload.');
  if (errors.length > 0) return { errors };
  const source = payload['source'];
  return {
    routingKey,
    change: {
      summary,
      source: typeof source === 'string' && !isBlank(source) ? source : null,
      happenedAt: instantOf(payload['timestamp']),
      details: payload['custom_details'] ?? null,
      links: linksOf(body['links']),
    },
  };
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

const notAnObject = 'The body is not a JSON object';

function readRoutingKey(body: Fields, errors: string[]): string {
  const key = body['routing_key'];
  if (isBlank(key)) errors.push("'routing_key' cannot be blank");
  else if (typeof key !== 'string') errors.push("'routing_key' is not a string");
  else {
    if (key.length !== routingKeyLength)
      errors.push(`Length of 'routing_key' is incorrect (should be ${routingKeyLength} characters)`);
    if (!/^[\dA-Za-z]*$/.test(key)) errors.push("'routing_key' cannot contain non-alphanumeric characters.");
  }
  return typeof key === 'string' ? key : '';
}

/** Said of every well-formed key that opens nothing, whatever the reason. */
export const unknownRoutingKey = 'Invalid routing key';

function readText(fields: Fields, name: string, longest: number, errors: string[], prefix = ''): string {
  const text = fields[name];
  if (isBlank(text)) errors.push(`'${prefix}${name}' is missing or blank`);
  else if (typeof text !== 'string') errors.push(`'${prefix}${name}' is not a string`);
  else if (isLonger(text, longest)) errors.push(`'${prefix}${name}' is too long (maximum is ${longest} characters)`);
  return typeof text === 'string' ? text : '';
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

/** Whether a text has more characters than that; one outside the basic plane is one character, as in PagerDuty's count. */
function isLonger(text: string, longest: number): boolean {
  if (text.length <= longest) return false;
  return text.length > 2 * longest || Array.from(text).length > longest;
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

const mostLinks = 20;

/** The links that a person can follow; others are passed over. */
function linksOf(value: Json | undefined): ChangeLink[] {
  const links = Array.isArray(value) ? (value as readonly Json[]) : [];
  return links.slice(0, mostLinks).flatMap((link) => {
    if (!isObject(link)) return [];
    const { href, text } = link;
    if (typeof href !== 'string' || !/^https?:\/\//i.test(href)) return [];
    return [{ href, text: typeof text === 'string' ? text : null }];
  });
}

/** Other years are a sender with a broken clock. */
const firstChangeAt = Date.UTC(2000, 0, 1);
const lastChangeAt = Date.UTC(2100, 0, 1);

const isoInstant =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[Tt ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(?<zone>[Zz]|[+-]\d\d:?\d\d)?)?$/;

/** Takes offsets as PagerDuty's examples write them, `+0000`; no offset means UTC. */
function instantOf(value: Json | undefined): number | null {
  const { date, time = '00:00', zone = 'Z' } = isoInstant.exec(typeof value === 'string' ? value : '')?.groups ?? {};
  const at = Date.parse(`${date}T${time}${zone.toUpperCase().replace(/(\d\d):?(\d\d)$/, '$1:$2')}`);
  return at >= firstChangeAt && at < lastChangeAt ? at : null;
}

const isBlank = (value: Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

const isObject = (value: Json | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
