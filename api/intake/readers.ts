import { randomUUID } from 'node:crypto';
import { VigilError } from '#domain/errors.ts';
import { readAlertmanager } from '#domain/intake/alertmanager.ts';
import { inSeveritiesOf, ofIntegration, readEvent } from '#domain/intake/events-v2.ts';
import type { IntegrationDocument } from '#domain/intake/integration.ts';
import { readMapped } from '#domain/intake/mapping.ts';
import { mappingOf } from '#domain/intake/presets.ts';
import type { PresetName, SenderMapping } from '#domain/intake/presets.ts';
import type { Accepted, SourceReport } from '#domain/intake/report.ts';
import { severitiesWith } from '#domain/intake/sender-severity.ts';
import type { Reading } from '#domain/intake/sender-values.ts';
import type { Json } from '#domain/json.ts';
import { sha256Hex } from '#db/ids.ts';
import type { KeyedIntegration } from '#db/repositories/integrations.ts';
import type { Intake } from './intake.ts';

/** Formats that a document says how to read. */
export const bodyFormats = ['alertmanager', 'grafana', 'generic', 'opsgenie', 'pagerduty_events_v2'] as const;
export type BodyFormat = (typeof bodyFormats)[number];

/** What an integration of that kind sends when nothing else is said. */
export const formatOf = (kind: string): BodyFormat => bodyFormats.find((format) => format === kind) ?? 'generic';

export const newReading = (): Reading => ({ sha256Hex, uniqueKey: randomUUID, receivedAt: Date.now() });

/** A body in the words of Vigil; the preset is for what the mapping leaves open. Fails with `intake.unreadable`. */
export function readBody(
  format: BodyFormat,
  body: unknown,
  document: IntegrationDocument,
  reading = newReading(),
  preset: PresetName = format === 'opsgenie' ? 'opsgenie' : 'plain',
): readonly SourceReport[] {
  if (format === 'pagerduty_events_v2') return [readOneEvent(body, document, reading)];
  const severities = severitiesWith(document.severities);
  const written = document.mapping as SenderMapping | null;
  if (format === 'alertmanager' || format === 'grafana') {
    const severityLabel = written?.severityLabel ?? 'severity';
    return readAlertmanager(body, { identity: document.identity, severityLabel, severities }, reading);
  }
  // A mapping that is for something else says nothing of what Opsgenie's senders send.
  const isOurs = format === 'generic' || written?.preset === 'opsgenie';
  return readMapped(body, mappingOf(isOurs ? written : null, preset), severities, reading);
}

function readOneEvent(body: unknown, { severities }: IntegrationDocument, reading: Reading): SourceReport {
  const read = readEvent((body ?? null) as Json, reading.uniqueKey());
  if (!('errors' in read)) return inSeveritiesOf(read.report, severities);
  const errors = read.errors.map((detail) => ({ pointer: '/body', code: 'invalid_event', detail }));
  throw new VigilError('intake.unreadable', { errors });
}

/**
 * Stores the reports under keys that are this integration's alone, and tells what became of each under the sender's own
 * keys. By whichever door a sender comes, the same key of the same integration is the same escalation.
 */
export async function acceptAs(
  intake: Intake,
  integration: KeyedIntegration,
  reports: readonly SourceReport[],
): Promise<Accepted[]> {
  if (reports.length === 0) return [];
  const accepted = await intake.accept(
    integration,
    reports.map((report) => ofIntegration(report, integration.id)),
  );
  return accepted.map((one, index) => ({ ...one, dedupKey: reports[index]?.dedupKey ?? one.dedupKey }));
}
