import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogueOf } from '#domain/launch/catalogue.ts';
import { dutiesByTier } from '#domain/launch/duties.ts';
import { tiers } from '#domain/launch/tier.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';
import { mutations } from '#test/support/checker-world/mutations.ts';
import { after } from '#test/support/checker-world/setting.ts';
import { marker, seedCheckerWorld, worldLogs, writeLogs } from '#test/support/checker-world/world.ts';
import { blocksIn, catalogue, isFixedIn, recertifyMs, signOffsOf } from '../../checker/catalogue-v1.ts';
import { connect } from '../../checker/read-database.ts';
import { judge, promises, readFacts, runChecker } from '../../checker/run.ts';
import type { CheckerReport } from '../../checker/run.ts';

let database: TestDatabase;
let client: Client;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'vigil-checker-'));
  client = await connect(database.ownerUrl);
  await seedCheckerWorld(client);
});
afterAll(async () => {
  await client.end();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const said = ({ promises: reports }: CheckerReport): string[] =>
  reports.flatMap(({ violations }) =>
    violations.map(({ promise, aggregate, what }) => `${promise} ${aggregate}: ${what}`),
  );

const asItIs = () => ({ ...writeLogs(folder, worldLogs()), markers: [marker] });

it('finds every promise kept in a world that keeps them, and something to judge for each', async () => {
  const report = await runChecker({ databaseUrl: database.ownerUrl, ...asItIs() });
  expect(said(report)).toEqual([]);
  expect(report.promises.flatMap(({ notExamined }) => notExamined)).toEqual([]);
  expect(report).toMatchObject({ holds: true, complete: true });
});

describe('a broken promise is found:', () => {
  it.each(mutations)('$promise $says', async ({ promise, says, sql, logs }) => {
    const changed = worldLogs();
    logs(changed);
    await client.query('BEGIN');
    try {
      for (const statement of sql) {
        const { rowCount, command } = await client.query(statement);
        expect(command === 'ALTER' || (rowCount ?? 0) > 0, `changes something: ${statement}`).toBe(true);
      }
      const found = said(judge(await readFacts(client, { ...writeLogs(folder, changed), markers: [marker] })));
      expect(found.filter((each) => each.startsWith(`${promise} `)).join('\n')).toMatch(says);
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('by at least three ways each', () => {
    const ways = (promise: string): number => mutations.filter((mutation) => mutation.promise === promise).length;
    for (const { promise } of promises) expect(ways(promise), promise).toBeGreaterThanOrEqual(3);
  });
});

it('allows a page that arrives shortly after an acknowledgement, when its row was written before', async () => {
  const changed = worldLogs();
  const [, second] = changed.phones;
  if (second) second['at'] = new Date(after(190)).toISOString();
  expect(said(judge(await readFacts(client, writeLogs(folder, changed))))).toEqual([]);
});

it('says that it looked at nothing, where it was given nothing to look at', async () => {
  const report = await runChecker({ databaseUrl: database.ownerUrl });
  expect(report).toMatchObject({ holds: true, complete: false });
  const missing = Object.fromEntries(report.promises.map(({ promise, notExamined }) => [promise, notExamined]));
  expect(missing).toMatchObject({ I1: [], I2: ['effective changes', 'orders', 'notices'], I4: ['arrivals'] });
});

it('finds a record that it cannot read, and goes on', async () => {
  await client.query('BEGIN');
  await client.query(`UPDATE audit_events SET data = '{"event":{"type":"due"}}' WHERE action = 'escalation.due'`);
  const report = judge(await readFacts(client, asItIs()));
  await client.query('ROLLBACK');
  expect(said(report)).toContainEqual(expect.stringMatching(/^I4 escalation .* its record cannot be read/));
  expect(report.promises.find(({ promise }) => promise === 'I4')?.examined['pages']).toBeGreaterThan(0);
});

describe('the catalogue that the checker keeps for itself', () => {
  it('asks for what the product asks for', () => {
    const ours = catalogueOf('v1');
    expect([...catalogue.keys()].toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
    for (const { id, appliesTo, verify, blocks, unwaivableIn } of ours) {
      const theirs = catalogue.get(id);
      if (!theirs) throw new Error(id);
      const { probe } = verify;
      const each = (numbers: Readonly<Record<string, number>>) => tiers.map((tier) => numbers[tier]);
      expect(theirs, id).toMatchObject({
        of: appliesTo === 'all' ? null : appliesTo,
        evidence: verify.evidence,
        signOff: verify.signOff,
        probe: probe && {
          better: probe.measure.better,
          threshold: each(probe.measure.threshold),
          minPopulation: each(probe.measure.minPopulation),
          minWindowMs: each(probe.measure.minWindowMs),
          validMs: each(probe.measure.validForMs),
        },
      });
      expect(
        tiers.filter((tier) => blocksIn(theirs, tier)),
        id,
      ).toEqual(blocks);
      expect(
        tiers.filter((tier) => isFixedIn(theirs, tier)),
        id,
      ).toEqual(unwaivableIn);
    }
  });

  it('asks for the same sign-offs, and the same recertification', () => {
    for (const [index, tier] of tiers.entries()) {
      expect(signOffsOf[tier]).toEqual(dutiesByTier[tier].signOffs);
      expect(recertifyMs[index]).toBe(dutiesByTier[tier].recertifyMs);
    }
  });
});

describe('the command', () => {
  const main = fileURLToPath(new URL('../../checker/main.ts', import.meta.url));
  const run = (...options: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...options], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const everything = () => {
    const { platformLog, phonesLog, logs } = writeLogs(folder, worldLogs());
    const named = {
      '--database': file('url', `${database.ownerUrl}\n`),
      '--platform-log': platformLog,
      '--phones-log': phonesLog,
      '--markers': file('markers', `${marker}\n`),
    };
    return [...Object.entries(named).flat(), ...logs.flatMap((log) => ['--log', log])];
  };

  it('ends with 0 when all holds, and shows what was examined', () => {
    const { status, stdout } = run(...everything(), '--require-all');
    expect(stdout).toMatch(/I4 {2}holds .*\n +examined: 1 acknowledgements, 3 pages, 4 arrivals\n/);
    expect(status).toBe(0);
  });

  it('ends with 2 when not everything was examined and that was asked for', () => {
    const { status, stdout } = run('--database', file('url', database.ownerUrl), '--require-all', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ holds: true, complete: false });
    expect(status).toBe(2);
  });

  it('ends with 1 when a promise is broken', () => {
    const { status, stdout } = run(...everything(), '--log', file('other.log', `said ${marker}\n`));
    expect(stdout).toMatch(/I10 BROKEN .*\n.*\n +log .*other\.log: marker 1 occurs 1 times\n/);
    expect(status).toBe(1);
  });

  it('ends with 3 when it cannot run, and never prints the password of the database', () => {
    expect(run('--platform-log', 'x')).toMatchObject({ status: 3, stderr: '--database is missing\nSee --help.\n' });
    const lost = run('--database', file('lost', 'postgres://vigil:hunter2@127.0.0.1:1/vigil'));
    expect(lost.status).toBe(3);
    expect(`${lost.stdout}${lost.stderr}`).not.toContain('hunter2');
  });
});
