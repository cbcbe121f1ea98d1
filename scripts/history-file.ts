import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Json } from '#domain/json.ts';

/** One folder per workflow type, one file per recorded run. */
export const historiesFolder = fileURLToPath(new URL('../test/replay/histories', import.meta.url));

const plainName = /^[a-z0-9][a-z0-9-]*$/;

/**
 * Writes a run's history where the replay tests find it; returns the path of the file.
 *
 * Nothing is left out that a replay reads. What names the machine goes: process identities and stack traces. Throws for a
 * name that is not lower-case words joined by dashes, and for a history without its beginning.
 */
export function writeHistory(history: History, name: string, folder: string = historiesFolder): string {
  if (!plainName.test(name)) throw new Error(`${name} is not a name like applied-after-outage`);
  const workflowType = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name;
  if (!workflowType) throw new Error('the history does not begin with the start of its workflow');
  const path = join(folder, workflowType, `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(withoutMachine(JSON.parse(historyToJSON(history)) as Json), null, 1)}\n`);
  return path;
}

function withoutMachine(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'stackTrace');
  return Object.fromEntries(kept.map(([key, inner]) => [key, key === 'identity' ? 'recorded' : withoutMachine(inner)]));
}
