import type { Client } from '@temporalio/client';
import { connectDatabase } from '#db/client.ts';
import { findOrphans } from '#gateway/orphans.ts';
import { listStuck } from '#gateway/stuck.ts';
import { fail, messageOf, ok, skip } from './check.ts';
import type { Check } from './check.ts';

const name = 'workflows';
const named = 5;

/** Whether everything that is open is carried on by a workflow. */
export async function checkOrphans(databaseUrl: string, client: Client): Promise<Check> {
  const db = connectDatabase({
    url: databaseUrl,
    size: 1,
    applicationName: 'vigil-doctor',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  try {
    const orphans = await client.withDeadline(Date.now() + 20_000, () => findOrphans(db, client));
    if (orphans.length === 0) return ok(name, 'each runs that should');
    const list = orphans.slice(0, named).map(({ kind, id, endedAs }) => `${kind} ${id} (${endedAs ?? 'not known'})`);
    const more = orphans.length > named ? `, and ${orphans.length - named} more` : '';
    const remedy = 'Nothing happens to them any more: see "Workflows that were stopped" in docs/operate.md.';
    return fail(name, `open, and not running: ${list.join(', ')}${more}`, remedy);
  } catch (error) {
    return skip(name, `could not be compared: ${messageOf(error)}`);
  } finally {
    await db.$client.end();
  }
}

/** Whether every workflow that runs comes on. */
export async function checkStuck(client: Client): Promise<Check> {
  const what = 'workflow code';
  try {
    const stuck = await client.withDeadline(Date.now() + 5_000, () => listStuck(client, named + 1));
    if (stuck.length === 0) return ok(what, 'each workflow comes on');
    const list = `${stuck.slice(0, named).join(', ')}${stuck.length > named ? ', and more' : ''}`;
    return fail(what, `fails again and again in: ${list}`, 'See "A bad deploy" in docs/runbook.md.');
  } catch (error) {
    return skip(what, `Temporal cannot tell: ${messageOf(error)}`);
  }
}
