import { after } from './setting.ts';
import type { Line, Logs } from './world.ts';

/** One way to break one promise: statements of the owner, or changed logs, and what must be said of it. */
export interface Mutation {
  readonly promise: string;
  readonly says: RegExp;
  readonly sql: readonly string[];
  readonly logs: (logs: Logs) => void;
}

export const broken = (promise: string, says: RegExp, ...sql: readonly string[]): Mutation => ({
  promise,
  says,
  sql,
  logs: () => undefined,
});

export const withLogs = (
  promise: string,
  says: RegExp,
  logs: (logs: Logs) => unknown,
  ...sql: readonly string[]
): Mutation => ({ promise, says, sql, logs });

/** A moment of the world as text: in a log, and in SQL. */
export const at = (seconds: number): string => new Date(after(seconds)).toISOString();
export const stamp = (seconds: number): string => `'${at(seconds)}'`;
export const json = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`;

/** Rewrites a place of the content of an aggregate's events; its transitions unless said otherwise. */
export const rewrite = (id: string, path: string, value: unknown, where = 'version IS NOT NULL'): string =>
  `UPDATE audit_events SET data = jsonb_set(data, '{${path}}', ${json(value)}) WHERE aggregate_id = '${id}' AND ${where}`;

export const setState = (table: string, id: string, path: string, value: unknown): string =>
  `UPDATE ${table} SET state = jsonb_set(state, '{${path}}', ${json(value)}) WHERE id = '${id}'`;

export const event = (action: string, change: string): string =>
  `UPDATE audit_events SET ${change} WHERE action = '${action}'`;

export const pageStarted = (deliveryId: string): string =>
  `action = 'escalation.pageStarted' AND data->>'deliveryId' = '${deliveryId}'`;

export function line(lines: readonly Line[], seq: number): Line {
  const found = lines.find((each) => each['seq'] === seq);
  if (found === undefined) throw new Error(`no line ${seq}`);
  return found;
}
