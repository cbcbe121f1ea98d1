import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Client } from 'pg';
import type { Scan } from './facts.ts';

/** Where what people wrote and what products sent may live. Everywhere else only ids, hashes, numbers and short codes. */
const textMayLive: Readonly<Record<string, readonly string[]>> = {
  content_items: ['body'],
  notes: ['body'],
  alert_events: ['title', 'details'],
  escalations: ['title'],
  suppressed_alerts: ['title'],
  product_events: ['attributes'],
  detector_versions: ['definition'],
  policies: ['title'],
  policy_versions: ['body'],
  statements_of_reasons: ['statement'],
};

/** Inside a document: the stored answer to whoever wrote a detector shows its definition. */
const textMayLiveIn = ['body', 'definition'];

/** What a secret of Vigil looks like, whatever its value: tokens, webhook secrets, database addresses with a password. */
export const secretShapes: readonly RegExp[] = [
  /\bvgl_[\w-]{20,}/,
  /\bwhsec_[A-Za-z0-9+/]{16,}/,
  /\bpostgres(?:ql)?:\/\/[^\s:/@"]+:[^\s@"]+@/,
];

/** Looks for each marker in every table of the public schema, text that may be there left out. */
export async function scanTables(client: Client, markers: readonly string[]): Promise<Scan[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname`,
  );
  // In JSON a marker stands as JSON writes it.
  const written = markers.map((marker) => JSON.stringify(marker).slice(1, -1));
  const scans: Scan[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ place: number; count: number }>(
      `SELECT marker.place::int AS place, count(*)::int AS count
       FROM (SELECT ((to_jsonb(t) - $1::text[]) #- $3::text[])::text AS body FROM "${name}" t OFFSET 0) AS row
       CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS marker(text, place)
       WHERE position(marker.text IN row.body) > 0 GROUP BY marker.place ORDER BY marker.place`,
      [textMayLive[name] ?? [], written, name === 'idempotency_records' ? textMayLiveIn : []],
    );
    const { rows: all } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${name}"`);
    const hits = rows.map(({ place, count }) => ({ what: `marker ${place}`, count }));
    scans.push({ where: `table ${name}`, scanned: all[0]?.count ?? 0, hits });
  }
  return scans;
}

/** Looks through the lines of a log for markers and for anything that is shaped like a secret. */
export async function scanLog(file: string, markers: readonly string[]): Promise<Scan> {
  const counts = new Map<string, number>();
  let scanned = 0;
  const written = markers.map((marker) => [marker, JSON.stringify(marker).slice(1, -1)]);
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    scanned += 1;
    for (const [index, forms] of written.entries()) {
      if (forms.some((form) => line.includes(form))) count(`marker ${index + 1}`);
    }
    if (secretShapes.some((shape) => shape.test(line))) count('something shaped like a secret');
  }
  return { where: `log ${file}`, scanned, hits: [...counts].map(([what, times]) => ({ what, count: times })) };

  function count(what: string): void {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
}
