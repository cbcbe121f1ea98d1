import { worse } from '../severity.ts';
import type { Severity } from '../severity.ts';
import type { EndedAlert, SingleAlert, SourceReport } from './report.ts';
import { severityOf } from './sender-severity.ts';
import type { SeverityTable } from './sender-severity.ts';
import {
  canonicalLabels,
  cut,
  keptDetails,
  labelsOf,
  objectOf,
  textOf,
  titleLimit,
  unreadable,
} from './sender-values.ts';
import type { Loose, Reading } from './sender-values.ts';

export interface AlertmanagerSettings {
  /** What one escalation is: a group as Alertmanager's routes make it, or each single alert. */
  readonly identity: 'group' | 'alert';
  /** The label of an alert that says how bad it is. */
  readonly severityLabel: string;
  readonly severities: SeverityTable;
}

interface GroupAlert extends EndedAlert {
  readonly isFiring: boolean;
  readonly labels: Loose;
  readonly annotations: Loose;
  readonly severity: Severity;
  readonly body: Loose;
}

interface GroupMessage {
  readonly groupKey: string;
  readonly body: Loose;
  readonly alerts: readonly GroupAlert[];
  readonly firing: readonly GroupAlert[];
  /** Alerts of the group that are not in the message. */
  readonly leftOut: number;
}

/** More alerts than this in one message are counted as left out: a group of so many is never taken for over. */
export const alertsRead = 10_000;
const alertsKept = 20;
const labelsInTitle = 8;

/**
 * Reads the webhook of Alertmanager, version 4, and the one of Grafana, which is built like it. Fields that it does not
 * know are passed over.
 *
 * Alerts are told apart by group key and fingerprint, never by what they say. With identity `group` the key is the
 * SHA-256 of the group key, the same that Alertmanager sends to PagerDuty and Opsgenie.
 * Alertmanager says `status` of the alerts that it did not leave out, so whether a group is over is read from the alerts
 * themselves, and never while any was left out.
 * Fails with `intake.unreadable` when the body names no group or has no list of alerts.
 */
export function readAlertmanager(
  body: unknown,
  settings: AlertmanagerSettings,
  reading: Reading,
): readonly SourceReport[] {
  const message = readMessage(body, settings, reading);
  return settings.identity === 'group' ? [ofGroup(message, reading)] : perAlert(message, reading);
}

function readMessage(body: unknown, settings: AlertmanagerSettings, reading: Reading): GroupMessage {
  const whole = objectOf(body);
  if (whole === null) throw unreadable({ pointer: '/body', detail: 'must be an object' });
  const listed = whole['alerts'];
  if (!Array.isArray(listed)) throw unreadable({ pointer: '/body/alerts', detail: 'must be a list' });
  const read = listed.slice(0, alertsRead).map((alert) => readAlert(alert, settings, reading));
  const alerts = onePerFingerprint(read.filter((alert) => alert !== null));
  const unread = listed.length - read.filter((alert) => alert !== null).length;
  return {
    groupKey: groupKeyOf(whole),
    body: whole,
    alerts,
    firing: alerts.filter(({ isFiring }) => isFiring),
    leftOut: wholeNumberOf(whole['truncatedAlerts']) + unread,
  };
}

/** Before there were group keys there were the labels of groups. */
function groupKeyOf(body: Loose): string {
  const key = textOf(body['groupKey']);
  if (key !== null) return key;
  const labels = objectOf(body['groupLabels']);
  if (labels === null) throw unreadable({ pointer: '/body/groupKey', detail: 'must name the group' });
  return `${textOf(body['receiver']) ?? ''}:${canonicalLabels(labels)}`;
}

function readAlert(value: unknown, settings: AlertmanagerSettings, reading: Reading): GroupAlert | null {
  const body = objectOf(value);
  if (body === null) return null;
  const labels = objectOf(body['labels']) ?? {};
  const named = textOf(body['fingerprint']);
  const startedAt = instantOf(body['startsAt']) ?? reading.receivedAt;
  return {
    fingerprint: named !== null && named.length <= 128 ? named : reading.sha256Hex(named ?? canonicalLabels(labels)),
    startedAt,
    // Without an end the start must do: our own clock could make a new firing look late.
    endedAt: Math.max(startedAt, instantOf(body['endsAt']) ?? startedAt),
    isFiring: isFiring(body, reading.receivedAt),
    labels,
    annotations: objectOf(body['annotations']) ?? {},
    severity: severityOf(textOf(labels[settings.severityLabel]), settings.severities),
    body,
  };
}

/** While it fires, its end is not set: the year 1. */
function isFiring(alert: Loose, receivedAt: number): boolean {
  const status = textOf(alert['status'])?.toLowerCase();
  if (status === 'firing') return true;
  if (status === 'resolved') return false;
  const endsAt = instantOf(alert['endsAt']);
  return endsAt === null || endsAt > receivedAt;
}

/** Named twice, it fires if it does so anywhere. */
function onePerFingerprint(alerts: readonly GroupAlert[]): GroupAlert[] {
  const byName = new Map<string, GroupAlert>();
  for (const alert of alerts) {
    const other = byName.get(alert.fingerprint);
    if (other === undefined || (alert.isFiring && !other.isFiring)) byName.set(alert.fingerprint, alert);
  }
  return [...byName.values()];
}

function ofGroup(message: GroupMessage, { sha256Hex }: Reading): SourceReport {
  const { body, alerts, firing, leftOut } = message;
  const dedupKey = sha256Hex(message.groupKey);
  const labels = labelsOf(body['commonLabels'], body['groupLabels']);
  const saysFiring = alerts.length === 0 && textOf(body['status'])?.toLowerCase() !== 'resolved';
  const isSingleKey = alerts.length === 0 && leftOut === 0;
  const resolved = alerts.filter((alert) => !alert.isFiring);
  const group = isSingleKey ? null : { firing: firing.map(single), resolved: resolved.map(ended), leftOut };
  if (firing.length === 0 && !saysFiring) return { action: 'resolve', dedupKey, labels, group };
  return {
    action: 'trigger',
    dedupKey,
    labels,
    severity: worstOf(firing),
    title: titleOfGroup(message, labels),
    details: detailsOf(message),
    group,
  };
}

/** What was left out of the message would page nobody: it gets an escalation of its own. */
function perAlert(message: GroupMessage, { sha256Hex }: Reading): SourceReport[] {
  const { body, groupKey, alerts, firing, leftOut } = message;
  const common = [body['commonLabels'], body['groupLabels']] as const;
  const reports = alerts.map((alert): SourceReport => {
    const of = {
      dedupKey: sha256Hex(`${groupKey}\n${alert.fingerprint}`),
      labels: labelsOf(...common, alert.labels),
    };
    const group = { firing: [], resolved: [], leftOut: 0 };
    if (!alert.isFiring) return { ...of, action: 'resolve', group: { ...group, resolved: [ended(alert)] } };
    return {
      ...of,
      action: 'trigger',
      severity: alert.severity,
      title: titleOfAlert(alert),
      details: keptDetails(keptOfAlert(alert)),
      group: { ...group, firing: [single(alert)] },
    };
  });
  if (leftOut === 0) return reports;
  const labels = labelsOf(...common);
  return [
    ...reports,
    {
      action: 'trigger',
      dedupKey: sha256Hex(`${groupKey}\nleft out`),
      labels,
      severity: worstOf(firing),
      title: cut(`${leftOut} alerts were left out of a message about ${namedBy(labels) ?? 'this group'}`, titleLimit),
      details: null,
      group: null,
    },
  ];
}

const single = ({ fingerprint, startedAt }: GroupAlert): SingleAlert => ({ fingerprint, startedAt });
const ended = ({ fingerprint, startedAt, endedAt }: GroupAlert): EndedAlert => ({ fingerprint, startedAt, endedAt });

/** Of a message without alerts nothing is known: 3, as of an alert without a severity. */
const worstOf = (firing: readonly GroupAlert[]): Severity =>
  firing.reduce<Severity | null>((worst, { severity }) => (worst === null ? severity : worse(worst, severity)), null) ??
  3;

function titleOfGroup({ body, firing }: GroupMessage, labels: Readonly<Record<string, string>>): string {
  const [first] = firing;
  const said =
    summaryIn(objectOf(body['commonAnnotations']) ?? {}) ??
    (firing.length === 1 && first ? summaryIn(first.annotations) : null);
  // The title of Grafana's own message says how many fire, so it comes after what the rule says.
  return cut(
    said ?? textOf(body['title']) ?? namedBy(labels) ?? (first ? titleOfAlert(first) : 'An alert without a name'),
    titleLimit,
  );
}

const titleOfAlert = ({ annotations, labels }: GroupAlert): string =>
  cut(summaryIn(annotations) ?? namedBy(labelsOf(labels)) ?? 'An alert without a name', titleLimit);

const summaryIn = (annotations: Loose): string | null =>
  textOf(annotations['summary']) ?? textOf(annotations['title']) ?? textOf(annotations['message']);

/** `HighLatency (job=api, zone=b)`. Null without labels. */
function namedBy(labels: Readonly<Record<string, string>>): string | null {
  const { alertname, ...others } = labels;
  const named = Object.entries(others)
    .slice(0, labelsInTitle)
    .map(([name, value]) => `${name}=${value}`);
  if (alertname === undefined && named.length === 0) return null;
  const name = alertname ?? 'Alert';
  return named.length === 0 ? name : `${name} (${named.join(', ')})`;
}

const detailsOf = ({ body, firing, alerts, leftOut }: GroupMessage) =>
  keptDetails({
    receiver: body['receiver'],
    externalURL: body['externalURL'],
    commonLabels: body['commonLabels'],
    commonAnnotations: body['commonAnnotations'],
    firing: firing.length,
    resolved: alerts.length - firing.length,
    leftOut,
    alerts: firing.slice(0, alertsKept).map(keptOfAlert),
  });

/** Fingerprint and status are elsewhere; what else the source says of an alert stays, Grafana's links and values too. */
function keptOfAlert({ body }: GroupAlert): Loose {
  const { fingerprint: _fingerprint, status: _status, endsAt: _endsAt, ...said } = body;
  return said;
}

const wholeNumberOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;

const lastInstant = Date.UTC(9999, 11, 31);

/** Null for what is no time, and for the year 1, which stands for no time. */
function instantOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return at > 0 && at <= lastInstant ? at : null;
}
