import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hourMs, toIso } from '#domain/time.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { commands } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { eventually } from '#test/support/vigil.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let keeper: Caller;
let path: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  keeper = await api.principal({ roles: ['responder'], teamId: world.teamId });
  path = `/v1/services/${world.serviceId}/maintenance-windows`;
});

const trigger = (dedupKey: string) =>
  api.db.transaction((tx) =>
    acceptTrigger(tx, { serviceId: world.serviceId, dedupKey, severity: 2, title: 'x', reportedBy: 'test' }),
  );
const announce = (fromMs: number, forMs = hourMs) =>
  keeper.call('POST', path, { startsAt: toIso(Date.now() + fromMs), endsAt: toIso(Date.now() + fromMs + forMs) });
/** What an escalation knows of the window: from its opening, or by a message that it began or ended. */
async function heard(escalationId: string, windowId: string): Promise<string[]> {
  const rows = await api.db.select().from(commands).where(eq(commands.aggregateId, escalationId)).orderBy(commands.seq);
  return rows.filter(({ input }) => JSON.stringify(input).includes(windowId)).map(({ name }) => name);
}

describe('maintenance', () => {
  it('case 16: is heard of by every escalation that opens at the moment at which it begins', async () => {
    for (let round = 0; round < 5; round++) {
      const opening = Array.from({ length: 12 }, (_, index) => trigger(`race-${round}-${index}`));
      const [window, ...opened] = await Promise.all([announce(0), ...opening]);
      expect(window.statusCode).toBe(201);
      for (const { escalationId } of opened) {
        const known = await heard(escalationId, window.json().id);
        // Both at once would be no harm; neither would be a page in maintenance.
        expect(known.length, escalationId).toBeGreaterThan(0);
      }
    }
  });

  it('case 16: its early end is heard of by every escalation that opens at that moment', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = (await announce(0)).json();
      const opening = Array.from({ length: 12 }, (_, index) => trigger(`end-${round}-${index}`));
      const [ended, ...opened] = await Promise.all([keeper.call('POST', `${path}/${id}/endings`), ...opening]);
      expect(ended.statusCode).toBe(201);
      for (const { escalationId } of opened) {
        const known = await heard(escalationId, id);
        expect([[], ['open', 'maintenanceEnded'], ['maintenanceEnded']], escalationId).toContainEqual(known);
      }
    }
  });

  it('that lies ahead is told to nobody yet, and may be called off', async () => {
    const { escalationId } = await trigger('ahead');
    const window = (await announce(hourMs)).json();
    expect(await heard(escalationId, window.id)).toEqual([]);
    const called = await keeper.call('POST', `${path}/${window.id}/endings`);
    expect(called.json()).toMatchObject({ endedBy: keeper.id });
    expect((await keeper.call('POST', `${path}/${window.id}/endings`)).statusCode).toBe(404);
    const late = await trigger('later');
    expect(await heard(late.escalationId, window.id)).toEqual([]);
  });

  it('that begins in a moment is told of at that moment', async () => {
    const { escalationId } = await trigger('soon');
    const { id } = (await announce(4_000)).json();
    expect(await heard(escalationId, id)).toEqual([]);
    await eventually('it is heard of', async () => (await heard(escalationId, id)).length > 0);
    expect(await heard(escalationId, id)).toEqual(['maintenanceStarted']);
  });

  it('ends after it starts, and lasts two weeks at the most', async () => {
    const never = await announce(0, -hourMs);
    expect([never.statusCode, never.json().errors[0].pointer]).toEqual([422, '/body/endsAt']);
    expect((await announce(0, 15 * 24 * hourMs)).statusCode).toBe(422);
  });
});
