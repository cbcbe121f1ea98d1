import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { caseDecisions } from '#cli/commands/case.ts';
import { escalationDecisions } from '#cli/commands/escalation.ts';
import { orderDecisions } from '#cli/commands/order.ts';
import { launchDecisions } from '#cli/launch-decisions.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { findCommand, settleCommand } from '#db/repositories/commands.ts';
import type { CommandRow, Outcome } from '#db/repositories/commands.ts';
import { commands, contactMethods, deliveries } from '#db/schema/index.ts';
import { newId } from '#db/ids.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { listen, vigil } from '#test/support/cli.ts';
import { seedService } from '#test/support/seed.ts';

let api: TestApi;
let as: Awaited<ReturnType<typeof listen>>;
let teamId: string;
let serviceId: string;
let responder: Caller;
let admin: Caller;
let folder: string;

beforeAll(async () => {
  // Temporal is away throughout: what is asked of a workflow is accepted and waits.
  api = await startTestApi();
  as = await listen(api.app);
  folder = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
  teamId = await api.team();
  admin = await api.principal({ roles: ['admin'] });
  responder = await api.principal({ roles: ['responder'], teamId });
  serviceId = await seedService(api.db, teamId, responder.id, {
    rungs: [{ targets: [{ kind: 'person', personId: responder.id }], ackWithinMs: 300_000 }],
    catchAllPersonId: responder.id,
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.stop();
});

async function openEscalation(dedupKey: string, title = 'Something is wrong'): Promise<string> {
  const alert = { serviceId, dedupKey, severity: 1, title, reportedBy: admin.id } as const;
  return (await api.db.transaction((tx) => acceptTrigger(tx, alert))).escalationId;
}

async function page(escalationId: string, personId: string): Promise<void> {
  const contactMethodId = newId('contactMethod');
  await api.db
    .insert(contactMethods)
    .values({ id: contactMethodId, personId, channel: 'webhook', address: 'http://phone/x' });
  await api.db.insert(deliveries).values({
    id: newId('delivery'),
    escalationId,
    effectKey: `page:${personId}`,
    kind: 'page',
    pass: 0,
    rung: 0,
    personId,
    contactMethodId,
    channel: 'webhook',
    status: 'sent',
  });
}

/** Ends every command that waits, as the relay would once Temporal is back. */
async function settleAll(outcome: Outcome): Promise<void> {
  const rows = (await api.db.select().from(commands)).filter(
    ({ status, mode }) => status === 'pending' && mode === 'update',
  );
  for (const row of rows) await api.db.transaction((tx) => settleCommand(tx, row as CommandRow, outcome));
}

describe('exit codes', () => {
  it('tell wrong usage', async () => {
    for (const args of [
      ['bogus'],
      ['escalation', 'bogus'],
      ['escalation', 'show'],
      ['escalation', 'list', '--bogus'],
      ['whoami', '--wait', 'x'],
      ['launch', 'set-tier', 'x', '--to', 'T9'],
    ]) {
      const run = await as(responder.token)(args);
      expect({ args, code: run.code, out: run.out }).toEqual({ args, code: 2, out: '' });
      expect(run.err).toContain('error:');
    }
    expect(await vigil(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:') });
    expect((await vigil(['whoami'], { environment: { VIGIL_API_URL: 'nonsense' } })).code).toBe(2);
  });

  it('tell a token that is missing, wrong, or not allowed', async () => {
    expect(await as('')(['whoami'])).toMatchObject({ code: 4, err: expect.stringContaining('(auth.missing)') });
    expect(await as('vgl_0123456789012345678901234567890')(['whoami'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('(auth.invalid)'),
    });
    const denied = await as(responder.token)(['list', 'principals']);
    expect(denied).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringMatching(/\(auth\.forbidden\)\n {2}needs {4}\["admin","auditor"\]\n {2}request {2}req_/),
    });
  });

  it('tell what is not there, and what cannot be read', async () => {
    expect((await as(responder.token)(['escalation', 'show', newId('escalation')])).code).toBe(5);
    const bad = await as(responder.token)(['escalation', 'show', 'x']);
    expect(bad).toMatchObject({ code: 3, err: expect.stringContaining('/params/escalationId') });
  });

  it('tell a service that is away', async () => {
    const run = await vigil(['whoami'], { environment: { VIGIL_API_URL: 'http://127.0.0.1:9', VIGIL_TOKEN: 'x' } });
    expect(run).toMatchObject({ code: 6, out: '', err: expect.stringContaining('did not answer') });
  });
});

describe('the token', () => {
  it('comes from a file or the environment, and is never shown', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${responder.token}\n`);
    const run = await as('')(['whoami', '--token-file', file]);
    expect(run).toMatchObject({ code: 0, out: expect.stringContaining('responder') });
    const denied = await as(responder.token)(['list', 'principals', '--json']);
    expect(denied.out + denied.err + run.out).not.toContain(responder.token);
    expect((await as('')(['whoami', '--token-file', join(folder, 'none')])).code).toBe(2);
    expect((await as('')(['whoami', '--token', 'x'])).code).toBe(2);
  });
});

describe('a problem', () => {
  it('is the raw document on standard output with --json', async () => {
    const run = await as(responder.token)(['escalation', 'show', newId('escalation'), '--json']);
    expect(run).toMatchObject({ code: 5, err: '' });
    expect(run.json()).toMatchObject({
      code: 'resource.not_found',
      status: 404,
      instance: expect.stringContaining('req_'),
    });
  });

  it('names the fields that are meant', async () => {
    const run = await as(responder.token)(['escalation', 'snooze', await openEscalation('fields'), '--file', '-'], {
      input: '{"until":"soon","x":1}',
    });
    expect(run.code).toBe(3);
    expect(run.err).toMatch(/\/body\/until {2}.*\(\w+\)/);
  });
});

describe('work that is accepted but not done', () => {
  it('is followed until it is done', async () => {
    const id = await openEscalation('followed');
    const run = as(responder.token)(['escalation', 'ack', id, '--json', '--note', 'mine']);
    await vi.waitFor(async () => {
      await settleAll({ status: 'done', answer: { version: 3, status: 'acknowledged' } });
      const rows = await api.db.select().from(commands).where(eq(commands.aggregateId, id));
      expect(rows.map(({ status }) => status)).toContain('done');
    }, 30_000);
    expect(await run).toMatchObject({ code: 0, err: '' });
    expect((await run).json()).toMatchObject({
      status: 'done',
      aggregate: { kind: 'escalation', id },
      version: 3,
      result: { status: 'acknowledged' },
    });
  });

  it('ends with 6 when it takes longer than one waits, and can be asked for again under its key', async () => {
    const id = await openEscalation('patience');
    const ask = () =>
      as(responder.token)(['escalation', 'ack', id, '--json', '--wait', '0.2', '--idempotency-key', 'again']);
    const first = await ask();
    expect(first).toMatchObject({
      code: 6,
      err: expect.stringMatching(/accepted, but not done.*\/v1\/commands\/cmd_/),
    });
    const { commandId } = first.json<{ commandId: string }>();
    expect((await findCommand(api.db, commandId))?.status).toBe('pending');
    await settleAll({ status: 'refused', code: 'aggregate.version_conflict', detail: { version: 9 } });
    const second = await ask();
    expect(second).toMatchObject({ code: 3 });
    expect(second.json()).toMatchObject({ code: 'aggregate.version_conflict', context: { commandId } });
    const other = await as(responder.token)(['escalation', 'resolve', id, '--idempotency-key', 'again']);
    expect(other).toMatchObject({ code: 3, err: expect.stringContaining('(idempotency.key_reused)') });
  });
});

describe('vigil escalation ack without an id', () => {
  it('takes the only open one that paged me, and else says which there are', async () => {
    const me = await api.principal({ roles: ['responder'], teamId });
    const cli = as(me.token);
    const ack = () => cli(['escalation', 'ack', '--wait', '0', '--json']);
    expect(await ack()).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringContaining('no open escalation has paged you'),
    });
    const mine = await openEscalation('mine');
    await page(mine, me.id);
    await page(await openEscalation('of another'), responder.id);
    const run = await ack();
    expect(run).toMatchObject({ code: 6 });
    expect(run.json()).toMatchObject({ aggregate: { id: mine } });
    await page(await openEscalation('mine too', 'The second'), me.id);
    const both = await cli(['escalation', 'ack']);
    expect(both).toMatchObject({
      code: 2,
      out: expect.stringContaining('The second'),
      err: expect.stringContaining('2 open escalations'),
    });
  });
});

describe('what others wrote', () => {
  it('gives no orders to the terminal', async () => {
    const id = await openEscalation('evil', 'a\u001b[2Jb\u0007');
    for (const args of [
      ['escalation', 'list'],
      ['escalation', 'show', id],
    ]) {
      const run = await as(responder.token)(args, { columns: 200, environment: { NO_COLOR: '1' } });
      expect(run.code).toBe(0);
      // oxlint-disable-next-line no-control-regex
      expect(run.out).not.toMatch(/[\u0007\u001b]/);
    }
    const raw = await as(responder.token)(['escalation', 'show', id, '--json']);
    expect(raw.json<{ title: string }>().title).toBe('a\u001b[2Jb\u0007');
  });
});

describe('every command of a workflow', () => {
  it('can be typed', () => {
    const typed = {
      '/v1/launches/:launchId/': [...launchDecisions, { resource: 'sign-offs' }, { resource: 'intake-answers' }],
      '/v1/cases/:caseId/': caseDecisions,
      '/v1/enforcement-orders/:orderId/': orderDecisions,
      '/v1/escalations/:escalationId/': [
        ...escalationDecisions,
        { resource: 'acknowledgements' },
        { resource: 'restarts' },
      ],
    };
    for (const [prefix, decisions] of Object.entries(typed)) {
      const routes = api.app.inventory
        .filter(({ method, url }) => method === 'POST' && url.startsWith(prefix))
        .map(({ url }) => url.slice(prefix.length));
      expect(decisions.map(({ resource }) => resource).sort()).toEqual(routes.sort());
    }
  });
});

describe('vigil api', () => {
  it('makes any call that has no command of its own', async () => {
    const cli = as(admin.token);
    const team = await cli(['api', 'post', '/v1/teams', '--file', '-', '--json'], {
      input: '{"key":"typed","name":"Typed"}',
    });
    expect(team.json()).toMatchObject({ key: 'typed' });
    expect(await cli(['list', 'teams'])).toMatchObject({ code: 0, out: expect.stringContaining('typed') });
    expect((await cli(['api', 'patch', '/v1/teams'])).code).toBe(2);
  });
});
