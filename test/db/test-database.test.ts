import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';

let first: TestDatabase;
let second: TestDatabase;

beforeAll(async () => {
  [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});

afterAll(() => Promise.all([first.drop(), second.drop()]));

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

it('gives each file a migrated database of its own', async () => {
  const tables = `select count(*)::int as tables from pg_tables where schemaname = 'public'`;
  const [{ tables: count } = { tables: 0 }] = await query(first.ownerUrl, tables);
  expect(count).toBeGreaterThan(10);
  await query(first.ownerUrl, 'create table only_in_the_first ()');
  expect(await query(second.ownerUrl, tables)).toEqual([{ tables: count }]);
});

it('connects as the role that each URL is for', async () => {
  const who = 'select current_user as role, rolsuper as superuser from pg_roles where rolname = current_user';
  expect(await query(first.appUrl, who)).toEqual([{ role: 'vigil_app', superuser: false }]);
  expect(await query(first.detectorUrl, who)).toEqual([{ role: 'vigil_detector', superuser: false }]);
});

it('keeps the application from rewriting the audit trail, and the detectors from writing at all', async () => {
  await expect(query(first.appUrl, 'delete from audit_events')).rejects.toThrow('permission denied');
  await expect(query(first.appUrl, `update audit_events set id = id`)).rejects.toThrow('permission denied');
  await expect(query(first.detectorUrl, 'delete from product_events')).rejects.toThrow('permission denied');
});
