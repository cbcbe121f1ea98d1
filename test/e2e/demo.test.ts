import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processEnvironment } from '#config/env.ts';
import { startPostgres } from '#scripts/local-postgres.ts';
import type { LocalPostgres } from '#scripts/local-postgres.ts';
import { runChecker } from '#checker/run.ts';

/** The whole story as a process of its own; afterwards its database and the simulators' logs are asked, not its output. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'vigil-e2e-'));
const log = (name: string) => join(directory, `${name}.ndjson`);

let run: { code: number | null; text: string };
let postgres: LocalPostgres;
let client: pg.Client;

beforeAll(async () => {
  run = await runDemo();
  postgres = await startPostgres({ directory });
  client = new pg.Client({ connectionString: postgres.ownerUrl });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('the main job', () => {
  it('tells its story to the end and leaves nothing running', async () => {
    expect(run.code, run.text.slice(-4_000)).toBe(0);
    const pids = [...readFileSync(join(directory, 'logs', 'worker.log'), 'utf8').matchAll(/"pid":(\d+)/g)].map(
      ([, pid]) => Number(pid),
    );
    for (const pid of new Set(pids)) expect(isAlive(pid)).toBe(false);
  });

  it('1: computed tier and requirements, each with an owner and a date', async () => {
    expect(await one('SELECT tier FROM launches')).toEqual({ tier: 'T3' });
    const { total, owned } = await one(
      'SELECT count(*)::int AS total, count(due_at)::int AS owned FROM launch_requirements',
    );
    expect(total).toBeGreaterThan(30);
    expect(owned).toBe(total);
  });

  it('2: took in 2,000 real events once, and three kinds of detectors filed signals that feed cases', async () => {
    const events = await one(
      `SELECT count(*)::int AS n, count(DISTINCT source_id)::int AS different FROM product_events WHERE NOT synthetic AND source_id LIKE '%mail-%'`,
    );
    expect(events).toEqual({ n: 2_000, different: 2_000 });
    const kinds = await all(
      'SELECT DISTINCT detectors.kind FROM signals JOIN detector_versions v ON v.id = detector_version_id JOIN detectors ON detectors.id = v.detector_id ORDER BY 1',
    );
    expect(kinds.map(({ kind }) => kind)).toEqual(['http', 'rules', 'sql']);
    const fed = await one('SELECT count(*)::int AS cases FROM cases WHERE signal_count > 1');
    expect(fed['cases']).toBeGreaterThan(0);
  });

  it('3: every decision was a person’s, under the newest lease, on the pinned policy version', async () => {
    const wrong = await all(`
      SELECT d.id FROM decisions d JOIN review_tasks t ON t.id = d.task_id JOIN cases c ON c.id = d.case_id
      WHERE d.lease_token <> t.lease_token OR d.policy_version_id <> c.policy_version_id OR d.decided_by <> t.lease_owner`);
    expect(wrong).toEqual([]);
    expect((await one('SELECT count(*)::int AS n FROM decisions'))['n']).toBeGreaterThanOrEqual(30);
  });

  it('4: the platform lost one answer after success, and yet each account was restricted once and is free again', async () => {
    const records = lines(log('platform'));
    expect(
      records.filter((record) => record['type'] === 'fault' && record['mode'] === 'lost_after_success'),
    ).toHaveLength(1);
    const effects = records.filter((record) => record['type'] === 'action' && record['changed'] === true);
    const perOrder = Map.groupBy(effects, (record) => `${String(record['orderId'])} ${String(record['operation'])}`);
    expect(perOrder.size).toBeGreaterThanOrEqual(12);
    for (const changes of perOrder.values()) expect(changes).toHaveLength(1);
    const lifted = await one(`SELECT count(*)::int AS n FROM enforcement_orders WHERE status = 'lifted'`);
    expect(lifted['n']).toBeGreaterThanOrEqual(6);
    const repeated = await one(`SELECT max(attempts)::int AS attempts FROM enforcement_actions`);
    expect(repeated['attempts']).toBeGreaterThan(1);
  });

  it('5: rung 1, rung 2, an acknowledgement by a person, no page after it, resolved by its source', async () => {
    const escalation = await one(
      `SELECT id, status, acknowledged_by FROM escalations WHERE title LIKE 'Severity 1 case%' ORDER BY opened_at LIMIT 1`,
    );
    expect(escalation).toMatchObject({ status: 'resolved' });
    const chain = await all(
      `SELECT action, actor_kind, at FROM audit_events WHERE aggregate_kind = 'escalation' AND aggregate_id = $1 ORDER BY seq`,
      [escalation['id']],
    );
    const acknowledged = chain.findIndex(({ action }) => action === 'escalation.acknowledge');
    expect(chain[acknowledged]).toMatchObject({ actor_kind: 'person' });
    expect(chain.slice(acknowledged).map(({ action }) => action)).not.toContain('escalation.pageStarted');
    const rungs = await all(
      `SELECT rung FROM deliveries WHERE escalation_id = $1 AND kind <> 'resolved' ORDER BY started_at`,
      [escalation['id']],
    );
    expect(rungs.map(({ rung }) => rung)).toEqual([0, 1]);
  });

  it('6: canaries reached a person’s acknowledgement, were never enforced, and are evidence of the launch', async () => {
    const canaries = await all(`SELECT state->>'passed' AS passed, state->>'acknowledgedBy' AS by FROM canary_runs`);
    expect(canaries).toHaveLength(3);
    for (const canary of canaries) expect(canary).toEqual({ passed: 'true', by: expect.stringMatching(/^per_/) });
    expect(
      await all('SELECT o.id FROM enforcement_orders o JOIN cases c ON c.id = o.case_id WHERE c.synthetic'),
    ).toEqual([]);
    const check = await one(
      `SELECT state, population::int AS population FROM check_runs WHERE requirement_id = 'RS-04' ORDER BY run_at DESC LIMIT 1`,
    );
    expect(check).toEqual({ state: 'pass', population: 3 });
  });

  it('7: the gate refused, then opened on evidence, two sign-offs and one waiver of two people; then the launch was held', async () => {
    const refused = await one(
      `SELECT outcome->>'code' AS code FROM commands WHERE name = 'advanceStage' AND status = 'refused'`,
    );
    expect(refused['code']).toMatch(/^launch\./);
    const signed = await all(
      `SELECT role, decided_by FROM sign_offs WHERE choice = 'approve' AND role IN ('launch_owner', 'protection_scientist')`,
    );
    expect(new Set(signed.map(({ decided_by: by }) => by)).size).toBe(2);
    const waiver = await one(`SELECT requirement_id, status, requested_by <> decided_by AS two_people FROM waivers`);
    expect(waiver).toEqual({ requirement_id: 'DT-09', status: 'approved', two_people: true });
    expect(await one(`SELECT state FROM launch_requirements WHERE requirement_id = 'DT-09'`)).toEqual({
      state: 'waived',
    });
    expect(await one('SELECT percent FROM stages')).toEqual({ percent: 1 });
    expect(await one('SELECT on_hold, stage_percent FROM launches')).toEqual({ on_hold: true, stage_percent: 1 });
  });

  it('8: precision with its interval is printed beside the corpus', () => {
    expect(run.text).toMatch(
      /text-classifier +\d+ decided +precision +[\d.]+ % \(95 %: [\d.]+ % to [\d.]+ %\) +corpus [\d.]+ % of \d+ signals/,
    );
  });

  it('9: the worker was killed in the middle and another went on', () => {
    const killed = /worker (\d+) killed by SIGKILL, (\d+) went on/.exec(run.text);
    expect(killed).not.toBeNull();
    expect(killed?.[1]).not.toBe(killed?.[2]);
  });

  it('10: the changed byte was found in the chain that holds it', () => {
    expect(run.text).toMatch(/part_hash chain\/launch\/lch_[0-9a-f]{32}/);
  });

  it('kept all its promises, says a checker that shares no code with Vigil', async () => {
    const secret = readFileSync(join(directory, 'signing.secret'), 'utf8').trim();
    const report = await runChecker({
      databaseUrl: postgres.ownerUrl,
      platformLog: log('platform'),
      phonesLog: log('phones'),
      logs: ['api', 'worker'].map((name) => join(directory, 'logs', `${name}.log`)),
      markers: [secret, 'I will bring a weapon to your office tomorrow'],
    });
    expect(report.promises.flatMap(({ violations }) => violations)).toEqual([]);
    expect(report.promises.filter(({ notExamined }) => notExamined.length > 0)).toEqual([]);
  });
});

async function runDemo(): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ['demo/main.ts', '--exit', '--directory', directory], {
    cwd: root,
    env: { ...processEnvironment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

async function all(query: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  return (await client.query<Record<string, unknown>>(query, values)).rows;
}

async function one(query: string, values: unknown[] = []): Promise<Record<string, unknown>> {
  const [row] = await all(query, values);
  if (!row) throw new Error(`no row: ${query}`);
  return row;
}

const lines = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !status.includes(') Z ');
  } catch {
    return false;
  }
}
