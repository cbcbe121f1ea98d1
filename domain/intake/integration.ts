import type { Json } from '../json.ts';
import type { Severity } from '../severity.ts';
import { allHold } from './conditions.ts';
import type { Condition, Labels } from './conditions.ts';

/** What a sender speaks. The names are stored and public. */
export const integrationKinds = [
  'generic',
  'alertmanager',
  'grafana',
  'opsgenie',
  'pagerduty_events_v2',
  'email',
] as const;

/** How reports of an integration are read and where they go. */
export interface IntegrationDocument {
  /** What makes alerts one where the source sends groups: the group, or each alert for itself. */
  readonly identity: 'group' | 'alert';
  /** How a JSON of its own is read: the kind's own rules, checked by the kind. */
  readonly mapping: { readonly [field: string]: Json } | null;
  readonly routes: readonly Route[];
  /** The sender's own words for severities, in lower case; they come before the kind's own. */
  readonly severities: Readonly<Record<string, Severity>>;
}

export const emptyDocument: IntegrationDocument = { identity: 'group', mapping: null, routes: [], severities: {} };

/** Where matching reports go. The first that matches and names a service wins, as does the first that names a severity. */
export interface Route {
  readonly when: readonly Condition[];
  /** Null: says nothing of the service. */
  readonly serviceId: string | null;
  /** Null: says nothing of the severity. */
  readonly severity: Severity | null;
  /** False: later routes may still say what this one left open. */
  readonly stop: boolean;
}

export interface Destination {
  readonly serviceId: string;
  /** Null: as it was reported. */
  readonly severity: Severity | null;
}

/** Where a report with these labels goes; without a matching route, to the integration's own service. */
export function routeOf(routes: readonly Route[], ownServiceId: string, labels: Labels): Destination {
  let serviceId: string | null = null;
  let severity: Severity | null = null;
  for (const route of routes) {
    if (!allHold(route.when, labels)) continue;
    serviceId ??= route.serviceId;
    severity ??= route.severity;
    if (route.stop) break;
  }
  return { serviceId: serviceId ?? ownServiceId, severity };
}

/** Every service that reports of the integration may be about, its own first. */
export const servicesOf = (routes: readonly Route[], ownServiceId: string): string[] => [
  ...new Set([ownServiceId, ...routes.flatMap(({ serviceId }) => (serviceId === null ? [] : [serviceId]))]),
];

/** Who reports: an integration, or with no id a principal that names the service itself. */
export interface Sender {
  readonly id: string | null;
  readonly serviceId: string;
  readonly teamId: string;
  readonly principalId: string;
  readonly document: IntegrationDocument;
}
