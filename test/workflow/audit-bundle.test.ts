import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle, bundleText } from '#cli/audit-bundle.ts';
import type { Bundle, LeftOut, RunHistory } from '#cli/audit-bundle.ts';
import type { Chain } from '#cli/audit-chains.ts';
import type { Verification } from '#cli/audit-verify.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { tokens } from '#db/schema/index.ts';
import { testApiOver } from '../support/api.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { listen } from '../support/cli.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { caseWhen, escalationsOf, openOrder, orderWhen } from '../support/reviewing.ts';
import { seedPerson } from '../support/seed.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let platform: TestPlatform;
let world: CaseWorld;
let app: FastifyInstance;
let as: Awaited<ReturnType<typeof listen>>;
let folder: string;
let caseId: string;
let orderId: string;
let escalationId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-audit-'));
  platform = await startTestPlatform();
  vigil = await startTestVigil({ channels: new FakePhones().channels, enforcementApi: platform.api });
  world = await buildCaseWorld(vigil.db);
  app = await testApiOver(vigil.db, vigil.temporal);
  as = await listen(app);
  const order = await openOrder(world, await seedDetector(world, { severity: 1 }), 'acct_1');
  await orderWhen(world, order.id, ({ status }) => status === 'active');
  await caseWhen(world, order.caseId, ({ closedAt }) => closedAt !== null);
  const [escalation] = await escalationsOf(world, `case:${order.caseId}`);
  await eventually(
    'the escalation is recorded',
    async () => ((await escalationsOf(world, `case:${order.caseId}`))[0]?.version ?? 0) > 0,
  );
  caseId = order.caseId;
  orderId = order.id;
  escalationId = escalation?.id ?? '';
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await app?.close();
  await vigil?.stop();
  await platform?.stop();
});

async function tokenOf(personId: string): Promise<string> {
  const token = `vgl_${randomBytes(32).toString('base64url')}`;
  const expiresAt = new Date(Date.now() + 3_600_000);
  await vigil.db
    .insert(tokens)
    .values({ id: newId('token'), principalId: personId, sha256: sha256Hex(token), label: 'test', expiresAt });
  return token;
}

async function auditor(): Promise<ReturnType<typeof as>> {
  return as(await tokenOf(await seedPerson(vigil.db, { name: 'auditor', roles: ['auditor'] })));
}

async function exported(name: string, ...more: string[]) {
  const file = join(folder, name);
  const environment = {
    TEMPORAL_ADDRESS: (vigil.temporal.connection as Connection).options.address,
    TEMPORAL_NAMESPACE: vigil.temporal.options.namespace,
  };
  const run = await (
    await auditor()
  )(['audit', 'export', 'case', caseId, '--out', file, '--json', ...more], { environment });
  return { run, file, bundle: run.code === 0 ? (JSON.parse(readFileSync(file, 'utf8')) as Bundle) : null };
}

const verify = async (file: string, ...more: string[]) => {
  const run = await as('')(['audit', 'verify', '--file', file, '--json', ...more]);
  return { code: run.code, ...run.json<Verification>() };
};

describe('an audit bundle of a case', () => {
  it('holds the chains and histories of the case and of all that it caused, and verifies offline', async () => {
    const { run, file, bundle } = await exported('whole.json');
    expect(run).toMatchObject({ code: 0, err: '' });
    const names = bundle!.manifest.parts.map(({ name }) => name.replace(/\/[0-9a-f-]{36}$/, ''));
    expect(names).toEqual(
      [
        `chain/case/${caseId}`,
        `chain/enforcement/${orderId}`,
        `chain/escalation/${escalationId}`,
        `history/case:${caseId}`,
        `history/enforcement:${orderId}`,
        `history/escalation:${escalationId}`,
      ].sort(),
    );
    expect(bundle!.manifest.leftOut).toEqual([]);
    const { sha256 } = run.json<{ sha256: string }>();
    expect(await verify(file, '--expect', sha256)).toMatchObject({ code: 0, chains: 3, histories: 3, faults: [] });
    const again = await (await auditor())(['audit', 'export', 'case', caseId, '--out', file]);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
    const environment = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
    const away = await (
      await auditor()
    )(['audit', 'export', 'case', caseId, '--out', join(folder, 'away.json')], { environment });
    expect(away).toMatchObject({ code: 6, err: expect.stringContaining('Temporal did not answer') });
  });

  it('is found changed when one byte of an event, a head, a history or the manifest is another', async () => {
    const { file } = await exported('changed.json');
    const text = readFileSync(file, 'utf8');
    const places = {
      event: text.indexOf('"action":"case.opened"') + 12,
      head: text.indexOf('"head":{"hash":"') + 17,
      history: text.indexOf('"eventId":"3"') + 11,
      manifest: text.indexOf('"exportedAt":"20') + 16,
      space: text.indexOf(',') + 1,
    };
    for (const [what, place] of Object.entries(places)) {
      expect(place, what).toBeGreaterThan(20);
      const other = text[place] === '7' ? '8' : '7';
      writeFileSync(file, text.slice(0, place) + other + text.slice(place + 1));
      const { code, faults } = await verify(file);
      expect({ what, code, some: faults.length > 0 }).toEqual({ what, code: 7, some: true });
    }
    writeFileSync(file, text);
    expect((await verify(file)).code).toBe(0);
  });

  it('tells who forged it, even if all hashes were made to fit: the code does not lead to that history', async () => {
    const { file, bundle } = await exported('forged.json');
    const isRun = (part: Chain | RunHistory): part is RunHistory => 'history' in part;
    const parts = Object.values(bundle!.parts);
    const histories = parts
      .filter(isRun)
      .map((run) => (run.workflowId === `case:${caseId}` ? withoutFirstActivity(run) : run));
    const chains = parts.filter((part): part is Chain => !isRun(part));
    writeFileSync(file, bundleText(buildBundle({ ...bundle!.manifest, chains, histories })));
    const { code, faults } = await verify(file);
    expect(code).toBe(7);
    expect(faults).toContainEqual(expect.objectContaining({ code: 'replay', aggregate: { kind: 'case', id: caseId } }));
    const shown = await as('')(['audit', 'verify', '--file', file]);
    expect(shown.out).toContain('It does not verify.');
  });

  it('names what it leaves out', async () => {
    const { run, file } = await exported('partly.json', '--at-most', '0', '--no-histories');
    const { leftOut } = run.json<{ leftOut: LeftOut[] }>();
    expect(leftOut.map(({ kind, part, reason }) => `${kind} ${part} ${reason}`).sort()).toEqual([
      'case history not_asked',
      'enforcement chain too_many',
      'escalation chain too_many',
    ]);
    expect(await verify(file)).toMatchObject({ code: 0, chains: 1, histories: 0 });
  });

  it('is not given to those who may not see its root', async () => {
    const reviewer = as(await tokenOf(world.people.reviewer.id));
    const file = join(folder, 'none.json');
    expect((await reviewer(['audit', 'export', 'case', caseId, '--out', file, '--no-histories'])).code).toBe(4);
    const nothing = await (
      await auditor()
    )(['audit', 'export', 'case', newId('case'), '--out', file, '--no-histories']);
    expect(nothing).toMatchObject({ code: 5, err: expect.stringContaining('resource.not_found') });
  });
});

/** As if the workflow had never asked for its first activity. */
function withoutFirstActivity(run: RunHistory): RunHistory {
  const { events } = run.history as {
    events: readonly { readonly activityTaskScheduledEventAttributes?: { activityType: object } }[];
  };
  const changed = structuredClone(events);
  const scheduled = changed.find((event) => event.activityTaskScheduledEventAttributes !== undefined);
  Object.assign(scheduled!.activityTaskScheduledEventAttributes!.activityType, { name: 'createTask' });
  return { ...run, history: { events: changed } as never };
}
