import { readFileSync } from 'node:fs';
import type { Client } from 'pg';
import { defaultBounds } from './facts.ts';
import type { Bounds, Facts, PromiseCheck } from './facts.ts';
import type { Violation } from './findings.ts';
import { alertsAreHeard } from './i1-alerts.ts';
import { nothingLeaks } from './i10-content.ts';
import { enforcedOnce } from './i2-enforcement.ts';
import { recordedOnce } from './i3-records.ts';
import { quietAfterAcknowledgement } from './i4-quiet.ts';
import { rungsInOrder } from './i5-rungs.ts';
import { decidedByPeople } from './i6-people.ts';
import { decidedOnce } from './i7-leases.ts';
import { openedOnProof } from './i8-gate.ts';
import { chainVerifies } from './i9-chain.ts';
import { connect, readDatabase } from './read-database.ts';
import { readPhonesLog, readPlatformLog } from './read-logs.ts';
import { scanLog } from './scan.ts';

export const promises: readonly PromiseCheck[] = [
  alertsAreHeard,
  enforcedOnce,
  recordedOnce,
  quietAfterAcknowledgement,
  rungsInOrder,
  decidedByPeople,
  decidedOnce,
  openedOnProof,
  chainVerifies,
  nothingLeaks,
];

export interface PromiseReport {
  readonly promise: string;
  readonly title: string;
  /** How many of what were looked at: a promise that holds of nothing is not proven. */
  readonly examined: Readonly<Record<string, number>>;
  /** What a run with everything in it must have shown, and this one did not. */
  readonly notExamined: readonly string[];
  readonly violations: readonly Violation[];
}

export interface CheckerReport {
  readonly promises: readonly PromiseReport[];
  readonly holds: boolean;
  readonly complete: boolean;
}

export interface CheckerOptions {
  /** The owner's URL: everything is read, nothing is written. */
  readonly databaseUrl: string;
  readonly platformLog?: string;
  readonly phonesLog?: string;
  /** Logs of Vigil's own processes, searched for markers and secrets. */
  readonly logs?: readonly string[];
  /** Texts that were put in as content or secrets and must not turn up elsewhere. */
  readonly markers?: readonly string[];
  readonly bounds?: Partial<Bounds>;
}

/**
 * Reads the database and the simulators' logs and tells which of the promises hold, sharing no code with the product.
 *
 * Run it when nothing moves any more: what is on its way is judged by the bounds. Fails when the database or a log cannot
 * be read.
 */
export async function runChecker(options: CheckerOptions): Promise<CheckerReport> {
  const client = await connect(options.databaseUrl);
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return judge(await readFacts(client, options));
  } finally {
    await client.end();
  }
}

type Sources = Omit<CheckerOptions, 'databaseUrl'>;

/** Everything that is judged. What the simulators logged after the snapshot is left out: its rows cannot be in it. */
export async function readFacts(client: Client, sources: Sources): Promise<Facts> {
  const { platformLog, phonesLog, logs = [], markers = [] } = sources;
  const database = await readDatabase(client, markers);
  const before = <L extends { readonly at: number }>(lines: readonly L[]): L[] =>
    lines.filter(({ at }) => at <= database.now);
  const scans = [...database.scans];
  for (const file of [...logs, ...[platformLog, phonesLog].flatMap((each) => each ?? [])]) {
    scans.push(await scanLog(file, markers));
  }
  return {
    ...database,
    bounds: { ...defaultBounds, ...sources.bounds },
    platform: platformLog === undefined ? null : before(readPlatformLog(platformLog)),
    phones: phonesLog === undefined ? null : before(readPhonesLog(phonesLog)),
    scans,
  };
}

export function judge(facts: Facts): CheckerReport {
  const reports = promises.map(({ promise, title, needs, check }): PromiseReport => {
    const { examined, violations } = check(facts);
    return { promise, title, examined, notExamined: needs.filter((need) => !examined[need]), violations };
  });
  return {
    promises: reports,
    holds: reports.every(({ violations }) => violations.length === 0),
    complete: reports.every(({ notExamined }) => notExamined.length === 0),
  };
}

/** A file's text without its last line break, for URLs kept out of the command line; its lines, for lists. */
export const textOf = (file: string): string => readFileSync(file, 'utf8').trim();
export const linesOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
