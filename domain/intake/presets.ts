import { usualActions } from './mapping.ts';
import type { Mapping } from './mapping.ts';

export const presetNames = ['plain', 'grafana_oncall', 'grafana_oncall_webhook', 'opsgenie'] as const;
export type PresetName = (typeof presetNames)[number];

/** What an integration says of the JSON that it sends: a preset, and what it does otherwise. */
export interface SenderMapping extends Partial<Mapping> {
  /** Default `plain`. */
  readonly preset?: PresetName;
  /** Of Alertmanager and Grafana: the label that says how bad an alert is. Default `severity`. */
  readonly severityLabel?: string;
}

/** Mappings of formats that many senders speak. */
export const presets: Readonly<Record<PresetName, Mapping>> = {
  /** Names that most senders would choose. */
  plain: {
    items: null,
    dedupKey: { from: ['/dedupKey', '/dedup_key', '/key', '/id'], otherwise: 'refuse' },
    title: { from: ['/title', '/summary', '/message'], otherwise: null },
    severity: { from: ['/severity', '/priority', '/level'], values: {}, otherwise: null },
    action: { from: ['/action', '/status', '/state'], values: usualActions, otherwise: 'trigger' },
    labels: { source: '/source' },
    labelsOf: ['/labels'],
  },
  /** The formatted webhook of Grafana OnCall. Without `alert_uid` the title tells alerts apart. */
  grafana_oncall: {
    items: null,
    dedupKey: { from: ['/alert_uid', '/title'], otherwise: 'body' },
    title: { from: ['/title', '/message'], otherwise: 'An alert without a title' },
    severity: { from: ['/severity', '/labels/severity'], values: {}, otherwise: null },
    action: { from: ['/state'], values: usualActions, otherwise: 'trigger' },
    labels: { state: '/state' },
    labelsOf: ['/labels'],
  },
  /** Whatever its webhooks without templates took: nothing is refused. Without a key the same body is the same alert, as there. */
  grafana_oncall_webhook: {
    items: null,
    dedupKey: { from: ['/alert_uid', '/dedupKey', '/dedup_key', '/key', '/id'], otherwise: 'body' },
    title: { from: ['/title', '/summary', '/message', '/name'], otherwise: 'An alert without a title' },
    severity: { from: ['/severity', '/priority', '/level', '/labels/severity'], values: {}, otherwise: null },
    action: { from: ['/state', '/status', '/action'], values: usualActions, otherwise: 'trigger' },
    labels: { source: '/source' },
    labelsOf: ['/labels'],
  },
  /** The alert of Opsgenie's alert API. Without an alias an alert is always a new one, as there. */
  opsgenie: {
    items: null,
    dedupKey: { from: ['/alias'], otherwise: 'unique' },
    title: { from: ['/message'], otherwise: null },
    severity: { from: ['/priority'], values: { P1: 1, P2: 2, P3: 3, P4: 4, P5: 4 }, otherwise: 3 },
    action: { from: [], values: {}, otherwise: 'trigger' },
    labels: { priority: '/priority', source: '/source', entity: '/entity', tags: '/tags' },
    labelsOf: ['/details'],
  },
};

/** The whole mapping: of each field what the integration says, else what its preset says. */
export function mappingOf(written: SenderMapping | null, preset: PresetName = 'plain'): Mapping {
  const { preset: named = preset, severityLabel: _severityLabel, ...fields } = written ?? {};
  return { ...presets[named], ...fields };
}
