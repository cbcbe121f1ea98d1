import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFirstAdmin } from '#cli/bootstrap.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { listAuditEvents } from '#db/repositories/audit-events.ts';
import { findPrincipalByToken } from '#db/repositories/principals.ts';
import { principals } from '#db/schema/index.ts';
import { vigil } from '#test/support/cli.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';

let database: TestDatabase;
let db: Database;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'vigil-bootstrap-'));
  db = connectDatabase({
    url: database.appUrl,
    size: 12,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db?.$client.end();
  await database?.drop();
});

describe('the first administrator', () => {
  it('is made once, however many ask at the same time, and by nobody: the audit trail says so', async () => {
    const asked = await Promise.all(Array.from({ length: 10 }, () => createFirstAdmin(db, { name: 'Ada', days: 1 })));
    const made = asked.filter((one) => one !== null);
    expect(made).toHaveLength(1);
    const { personId, token } = made[0]!;
    expect(await findPrincipalByToken(db, sha256Hex(token))).toMatchObject({
      id: personId,
      grants: [{ role: 'admin', teamId: null }],
    });
    const events = await listAuditEvents(db, { kind: 'principal', id: personId }, { limit: 10 });
    expect(events.map(({ action, actorKind, actorId }) => [action, actorKind, actorId])).toEqual([
      ['principal.created', 'system', 'bootstrap'],
      ['principal.roleGranted', 'system', 'bootstrap'],
      ['principal.tokenCreated', 'system', 'bootstrap'],
    ]);
    expect(JSON.stringify(events)).not.toContain(token);
  });

  it('is refused while there is one, and made again when that one is disabled', async () => {
    const file = join(folder, 'admin');
    const bootstrap = (...more: string[]) =>
      vigil(['token', 'bootstrap', '--name', 'Next', ...more], {
        environment: { VIGIL_DATABASE_URL: database.appUrl },
      });
    expect(await bootstrap()).toMatchObject({ code: 3, out: '', err: expect.stringContaining('already') });
    await db.update(principals).set({ disabledAt: new Date() }).where(eq(principals.name, 'Ada'));
    const run = await bootstrap('--out', file);
    expect(run).toMatchObject({ code: 0, err: '' });
    const token = readFileSync(file, 'utf8').trim();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(run.out).not.toContain(token);
    expect(await findPrincipalByToken(db, sha256Hex(token))).toMatchObject({ name: 'Next' });
  });
});
