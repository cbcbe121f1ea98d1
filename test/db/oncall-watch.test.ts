import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayMs, hourMs, minuteMs, toIso } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { alertEvents, commands, escalations, maintenanceWindows } from '#db/schema/index.ts';
import { seedService, seedTeam } from '#test/support/seed.ts';
import { openDatabase, watchedTeam } from '#test/support/watched-team.ts';
import type { WatchedTeam } from '#test/support/watched-team.ts';

let db: Database;
let close: () => Promise<void>;
let team: WatchedTeam;
beforeAll(async () => {
  ({ db, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  team = await watchedTeam(db);
});

const now = Date.now();

describe('the gap check', () => {
  const escalationsOf = (id: string) =>
    db
      .select()
      .from(escalations)
      .where(eq(escalations.dedupKey, `schedule:${id}:gap`))
      .orderBy(escalations.openedAt);
  const alertsOf = async (id: string) =>
    (
      await db
        .select()
        .from(alertEvents)
        .where(eq(alertEvents.dedupKey, `schedule:${id}:gap`))
        .orderBy(alertEvents.seq)
    ).map(({ action }) => action);

  it('tells the team once of a gap within 30 days, with low urgency, and resolves it when somebody is on call', async () => {
    const gap = [now + 20 * dayMs, now + 20 * dayMs + hourMs] as const;
    const id = await team.schedule(team.nobody(...gap));
    await team.watch();
    await team.watch();
    const [open] = await escalationsOf(id);
    expect(open).toMatchObject({ serviceId: team.serviceId, severity: 4, alertCount: 1, closedAt: null });
    expect(open?.title).toBe(`Nobody is on call in Primary from ${toIso(gap[0])}`);
    expect(await alertsOf(id)).toEqual(['trigger']);

    await team.change(id, team.rota());
    await team.watch();
    await team.watch();
    expect(await alertsOf(id)).toEqual(['trigger', 'resolve']);
    const left = await db
      .select()
      .from(commands)
      .where(and(eq(commands.aggregateId, open?.id ?? ''), eq(commands.name, 'sourceChanged')));
    expect(left).toMatchObject([{ input: { kind: 'resolve', firingCount: 0 } }]);
  });

  it('does not tell again of what a person has closed, but of another gap', async () => {
    const id = await team.schedule(team.nobody(now + 2 * dayMs, now + 3 * dayMs));
    await team.watch();
    await db.update(escalations).set({ closedAt: new Date() }).where(isNull(escalations.closedAt));
    await team.change(id, { ...team.nobody(now + 2 * dayMs, now + 3 * dayMs), zone: 'Europe/Berlin' });
    await team.watch();
    expect(await escalationsOf(id)).toHaveLength(1);
    await team.change(id, team.nobody(now + 4 * dayMs, now + 5 * dayMs));
    await team.watch();
    expect(await escalationsOf(id)).toHaveLength(2);
  });

  it('looks 30 days ahead, leaves schedules alone that are meant to have gaps, and waits for a service', async () => {
    const far = await team.schedule(team.nobody(now + 31 * dayMs, now + 32 * dayMs));
    const meant = await team.schedule(team.nobody(now + dayMs, now + 2 * dayMs), { gapCheck: false });
    const lonely = await seedTeam(db);
    const unheard = await team.schedule(team.nobody(now + dayMs, now + 2 * dayMs), { teamId: lonely });
    await team.watch();
    for (const id of [far, meant, unheard]) expect(await escalationsOf(id)).toEqual([]);
    const late = await seedService(db, lonely, team.amy, { rungs: [], catchAllPersonId: team.amy });
    await team.change(unheard, team.nobody(now + dayMs, now + 2 * dayMs));
    await team.watch();
    expect(await escalationsOf(unheard)).toMatchObject([{ serviceId: late }]);
  });

  it('reports to the service that the schedule names', async () => {
    const own = await seedService(db, team.teamId, team.amy, { rungs: [], catchAllPersonId: team.amy });
    const id = await team.schedule(team.nobody(now + dayMs, now + 2 * dayMs), { gapServiceId: own });
    await team.watch();
    expect(await escalationsOf(id)).toMatchObject([{ serviceId: own }]);
  });

  it('is done by one of two that look at the same time', async () => {
    const id = await team.schedule(team.nobody(now + dayMs, now + 2 * dayMs));
    await Promise.all(Array.from({ length: 6 }, () => team.watch()));
    expect([(await escalationsOf(id)).length, await alertsOf(id)]).toEqual([1, ['trigger']]);
  });
});

describe('maintenance that was announced', () => {
  const window = async (
    startsAt: number,
    endsAt: number,
    more: Partial<typeof maintenanceWindows.$inferInsert> = {},
  ) => {
    const id = newId('maintenanceWindow');
    const row = {
      id,
      serviceId: team.serviceId,
      startsAt: new Date(startsAt),
      endsAt: new Date(endsAt),
      createdBy: team.amy,
      ...more,
    };
    await db.insert(maintenanceWindows).values(row);
    return id;
  };
  const openEscalation = async () => {
    const id = newId('escalation');
    const more = { dedupKey: id, title: 'x', severity: 2, status: 'triggered', firstTriggerSeq: 1, lastTriggerSeq: 1 };
    await db.insert(escalations).values({ id, serviceId: team.serviceId, teamId: team.teamId, ...more });
    return id;
  };
  const toldOf = async (id: string) =>
    (await db.select().from(commands).where(eq(commands.aggregateId, id))).map(({ name, input }) => [name, input]);

  it('case 16: is told to open escalations when it begins, once, and not before', async () => {
    const id = await openEscalation();
    const until = Date.now() + hourMs;
    const windowId = await window(Date.now() + 30_000, until);
    const { nextInMs } = await team.watch();
    expect(await toldOf(id)).toEqual([]);
    expect(nextInMs).toBeLessThanOrEqual(30_000);
    // As when that time is over.
    await db
      .update(maintenanceWindows)
      .set({ startsAt: new Date(Date.now() - 1) })
      .where(eq(maintenanceWindows.id, windowId));
    await team.watch();
    expect(await toldOf(id)).toEqual([['maintenanceStarted', { windowId, until }]]);
    await team.watch();
    expect(await toldOf(id)).toHaveLength(1);
  });

  it('is told to nobody when it was called off, or was over before anyone looked', async () => {
    const id = await openEscalation();
    await window(Date.now() - hourMs, Date.now() - minuteMs);
    await window(Date.now() - minuteMs, Date.now() + hourMs, { endedBy: team.amy });
    await team.watch();
    expect(await toldOf(id)).toEqual([]);
  });
});
