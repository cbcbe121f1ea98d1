import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfiguration } from '#cli/doctor/configuration.ts';
import { checkDatabase } from '#cli/doctor/database.ts';
import { checkApi } from '#cli/doctor/services.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';
import { runStatement } from '#test/support/run-statement.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const look = (url = database.appUrl, detectorUrl: string | null = database.detectorUrl, now = () => Date.now()) =>
  checkDatabase({ url, detectorUrl, now }).then((checks) =>
    Object.fromEntries(checks.map((check) => [check.name, check])),
  );
const statuses = (checks: Awaited<ReturnType<typeof look>>) =>
  Object.fromEntries(Object.entries(checks).map(([name, { status }]) => [name, status]));

describe('the doctor of a database', () => {
  it('finds nothing wrong with one that was just migrated', async () => {
    expect(statuses(await look())).toEqual({
      postgres: 'ok',
      migrations: 'ok',
      clock: 'ok',
      roles: 'ok',
      providers: 'ok',
      'detector role': 'ok',
    });
  });

  it('finds a role that could rewrite the audit trail', async () => {
    expect((await look(database.ownerUrl)).roles).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('could rewrite'),
    });
    await runStatement(database.ownerUrl, 'GRANT UPDATE ON audit_events TO vigil_app');
    expect((await look()).roles).toMatchObject({ status: 'fail', detail: 'vigil_app may change audit events' });
    await runStatement(database.ownerUrl, 'REVOKE UPDATE ON audit_events FROM vigil_app');
    await runStatement(database.ownerUrl, 'REVOKE INSERT ON audit_events FROM vigil_app');
    expect((await look()).roles).toMatchObject({ status: 'fail', detail: 'vigil_app may not write audit events' });
    await runStatement(database.ownerUrl, 'GRANT INSERT ON audit_events TO vigil_app');
  });

  it('finds a detector role that may read more than events', async () => {
    await runStatement(database.ownerUrl, 'GRANT SELECT ON content_items TO vigil_detector');
    expect((await look())['detector role']).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('content_items'),
    });
    await runStatement(database.ownerUrl, 'REVOKE SELECT ON content_items FROM vigil_detector');
  });

  it('finds a provider that calls keep failing to', async () => {
    await runStatement(database.ownerUrl, `INSERT INTO provider_circuits (provider, state) VALUES ('sms', 'open')`);
    expect((await look())['providers']).toMatchObject({ status: 'warn', detail: 'calls keep failing to sms' });
    await runStatement(database.ownerUrl, 'DELETE FROM provider_circuits');
  });

  it('finds a migration that is missing', async () => {
    await runStatement(
      database.ownerUrl,
      `DELETE FROM drizzle.__drizzle_migrations WHERE created_at = (SELECT min(created_at) FROM drizzle.__drizzle_migrations)`,
    );
    expect((await look()).migrations).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('0000_spine'),
      remedy: expect.stringContaining('vigil migrate'),
    });
  });

  it('finds clocks that differ', async () => {
    expect((await look(undefined, undefined, () => Date.now() + 5_000)).clock).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^the database is (4\d{3}|5\d{3}) ms behind/),
    });
    expect((await look(undefined, undefined, () => Date.now() - 60_000)).clock).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ahead of'),
    });
  });

  it('says what it could not look at when nobody answers', async () => {
    expect(statuses(await look('postgres://vigil_app:x@127.0.0.1:9/vigil', null))).toEqual({
      postgres: 'fail',
      migrations: 'skip',
      clock: 'skip',
      roles: 'skip',
      providers: 'skip',
    });
  });
});

describe('the doctor of a configuration', () => {
  it('tells every problem at once', () => {
    const { config, checks } = checkConfiguration({ VIGIL_DB_POOL_SIZE: 'many', VIGIL_RELAY_POLL: 'often' });
    expect(config).toBeNull();
    expect(checks.map(({ status, detail }) => `${status} ${detail}`)).toEqual([
      'fail VIGIL_DATABASE_URL is required',
      expect.stringContaining('fail VIGIL_DB_POOL_SIZE'),
      expect.stringContaining('fail VIGIL_RELAY_POLL'),
    ]);
  });

  it('names what works without being set', () => {
    const { config, checks } = checkConfiguration({ VIGIL_DATABASE_URL: database.appUrl });
    expect(config).not.toBeNull();
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(checks.filter(({ status }) => status === 'warn').map(({ name }) => name)).toEqual([
      'signing secrets',
      'enforcement',
      'sql detectors',
      'links',
    ]);
  });

  it.each([
    ['http://vigil.example', ['the links of pages, which are secrets, are opened without https']],
    ['https://vigil.example', []],
    ['http://127.0.0.1:8080', []],
  ])('says of %s whether links are safe there', (url, said) => {
    const { checks } = checkConfiguration({ VIGIL_DATABASE_URL: database.appUrl, VIGIL_API_PUBLIC_URL: url });
    expect(checks.filter(({ name }) => name === 'links').map(({ detail }) => detail)).toEqual(said);
  });
});

describe('the doctor of the API', () => {
  it('says that it does not answer', async () => {
    expect(await checkApi('http://127.0.0.1:9')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('VIGIL_API_URL'),
    });
  });
});
