import { usualActions } from './mapping.ts';
import type { Mapping } from './mapping.ts';

export const presetNames = ['grafana_oncall', 'opsgenie'] as const;
export type PresetName = (typeof presetNames)[number];

/** Mappings of formats that senders of other products speak. */
export const presets: Readonly<Record<PresetName, Mapping>> = {
  /** The formatted webhook of Grafana OnCall. Without `alert_uid` the title tells alerts apart. */
  grafana_oncall: {
    items: null,
    dedupKey: { from: ['/alert_uid', '/title'], otherwise: 'refuse' },
    title: { from: ['/title', '/message'], otherwise: 'An alert without a title' },
    severity: { from: ['/severity', '/labels/severity'], values: {}, otherwise: null },
    action: { from: ['/state'], values: usualActions, otherwise: 'trigger' },
    labels: { state: '/state', source: '/link_to_upstream_details' },
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
