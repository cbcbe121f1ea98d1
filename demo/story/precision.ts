import { liveVersion } from './canaries.ts';
import { derivedId } from '#db/ids.ts';
import { expectThat, idOf } from './world.ts';
import type { World } from './world.ts';

export interface Measured {
  readonly detector: string;
  readonly decided: number;
  readonly observed: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Share of its signals whose event the corpus labels as spam; null for a detector that finds accounts, not events. */
  readonly corpus: number | null;
  readonly signals: number;
}

interface Signal {
  readonly id: string;
  readonly detectorVersionId: string;
  readonly eventId: string | null;
  readonly synthetic: boolean;
}

/** Step 8: what people's decisions say of each detector, beside what the corpus says. */
export async function measurePrecision(
  world: World,
  truth: ReadonlyMap<string, 'spam' | 'ham'>,
): Promise<readonly Measured[]> {
  // The product's own ids are hashed into Vigil's: the same hash finds the label of each stored event.
  const productId = idOf(world, 'products', 'outreach-assistant');
  const labels = new Map(
    [...truth].map(([sourceId, label]) => [derivedId('productEvent', productId, sourceId), label]),
  );
  const rows = [];
  for (const detector of ['bulk-sales-rules', 'sending-velocity', 'text-classifier']) {
    const versionId = await liveVersion(world, detector);
    const measured = await world.as('scientist').get<{
      decided: number;
      observed: number | null;
      interval: { low: number; high: number } | null;
    }>(`/v1/detector-versions/${versionId}/precision`);
    const signals = (await world.as('scientist').list<Signal>('/v1/signals', { detectorVersionId: versionId })).filter(
      (signal) => !signal.synthetic,
    );
    const labelled = signals
      .flatMap(({ eventId }) => (eventId === null ? [] : [labels.get(eventId)]))
      .filter((label) => label !== undefined);
    rows.push({
      detector,
      decided: measured.decided,
      observed: measured.observed,
      low: measured.interval?.low ?? null,
      high: measured.interval?.high ?? null,
      corpus: labelled.length === 0 ? null : labelled.filter((label) => label === 'spam').length / labelled.length,
      signals: signals.length,
    });
  }
  expectThat(
    rows.some((row) => row.decided > 0 && row.low !== null),
    'at least one detector is measured',
    rows,
  );
  return rows;
}

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);

export const precisionTable = (rows: readonly Measured[]): string =>
  rows
    .map(
      (row) =>
        `    ${row.detector.padEnd(18)} ${String(row.decided).padStart(4)} decided  precision ${percent(row.observed).padStart(7)} (95 %: ${percent(row.low)} to ${percent(row.high)})   corpus ${percent(row.corpus)} of ${row.signals} signals`,
    )
    .join('\n');
