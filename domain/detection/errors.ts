import type { ErrorRow } from '../error-row.ts';
import { row } from '../error-row.ts';

export const detectionErrors = {
  'canary.no_sample': row('The detector version has no canary sample. Publish a version with one.', 409),
  'detector.rules_invalid': row('The rules document does not fit. Correct the named places.', 422),
  'detector.sql_invalid': row(
    'A SQL detector is one SELECT of account_ref, score and event_ids. Correct the named place.',
    422,
  ),
  'detector.sql_refused': row(
    'The database refused the SQL of the detector. Run it by hand as the read-only role to see why.',
    422,
  ),
  'detector.sql_too_slow': row(
    'The SQL of the detector ran past its time limit. Narrow its window or ask for an index.',
    503,
    {
      retryable: true,
    },
  ),
  'detector.rows_invalid': row(
    'The SQL of the detector returned a row that is no hit: check account_ref, score and event_ids.',
    422,
  ),
} as const satisfies Record<string, ErrorRow>;
