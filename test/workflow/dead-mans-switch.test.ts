import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { commands } from '#db/schema/index.ts';
import { roundTrip } from '#worker/dead-mans-switch.ts';
import { startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
beforeAll(async () => {
  vigil = await startTestVigil();
});
afterAll(() => vigil.stop());

describe('a round trip', () => {
  it('works while everything works, also from two workers at once', async () => {
    await Promise.all([roundTrip(vigil), roundTrip(vigil)]);
    await roundTrip(vigil);
  });

  it('fails while no worker is there, and works again when one is', async () => {
    await vigil.pause();
    await expect(roundTrip(vigil, 1_500)).rejects.toThrow();
    await vigil.resume();
    await roundTrip(vigil);
  });

  it('fails while a command waits for minutes: then nothing that was accepted is paged', async () => {
    await vigil.db.insert(commands).values({
      id: newId('command'),
      principalId: 'vigil',
      idempotencyKey: 'stuck',
      requestSha256: 'none',
      mode: 'signal',
      name: 'beat',
      aggregateKind: 'heartbeat',
      aggregateId: newId('heartbeat'),
      workflowId: 'heartbeat:none',
      input: {},
      actor: { kind: 'system', id: 'vigil' },
      priority: 2,
      createdAt: sql`now() - interval '6 minutes'`,
      nextAttemptAt: sql`now() + interval '1 hour'`,
    });
    await expect(roundTrip(vigil)).rejects.toThrow(/a command has waited for 3\d\d s/);
  });
});
