import { eq } from 'drizzle-orm';
import type { Person } from '#domain/actor.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Intake } from '#domain/launch/intake.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { openLaunch } from '#domain/launch/launch.ts';
import type { LaunchEvent } from '#domain/launch/events.ts';
import { launchMachine } from '#domain/launch/machine.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import type { LaunchRole } from '#domain/launch/roles.ts';
import { dayMs, minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { insertLaunch } from '#db/repositories/launches.ts';
import { launches, notes, products } from '#db/schema/index.ts';
import { t2Intake } from './launches.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';

/** A launch with everyone and everything that it refers to, in the tables. */
export interface LaunchWorld {
  readonly db: Database;
  readonly launchId: string;
  readonly productId: string;
  readonly teamId: string;
  readonly serviceId: string;
  /** Somebody for each role. */
  readonly people: Readonly<Record<LaunchRole, Person>>;
  /** The deputy of the launch owner, who also collects evidence. */
  readonly deputy: Person;
  readonly noteId: string;
  readonly intake: Intake;
}

export interface WorldOptions {
  readonly policy?: (people: LaunchWorld['people']) => PolicyDocument;
  readonly intake?: Partial<Intake>;
  readonly channel?: string;
}

/** Seeds a launch that has not begun: its row is there, its workflow is not. */
export async function seedLaunchWorld(db: Database, options: WorldOptions = {}): Promise<LaunchWorld> {
  const teamId = await seedTeam(db);
  const person = async (role: LaunchRole, name: string): Promise<Person> => ({
    kind: 'person',
    id: await seedPerson(db, { name, roles: [role], channel: options.channel ?? 'webhook' }),
    roles: [role],
  });
  const people = {} as Record<LaunchRole, Person>;
  for (const role of launchRoles) people[role] = await person(role, role);
  const deputy = await person('launch_owner', 'deputy');
  const policy = options.policy?.(people) ?? {
    rungs: [
      { targets: [{ kind: 'person', personId: people.oncall_manager.id }], ackWithinMs: 15 * minuteMs },
      { targets: [{ kind: 'person', personId: people.engineer.id }], ackWithinMs: 15 * minuteMs },
    ],
    catchAllPersonId: people.executive.id,
  };
  const serviceId = await seedService(db, teamId, people.executive.id, policy);
  const productId = newId('product');
  const key = `product-${productId.slice(-8)}`;
  await db
    .insert(products)
    .values({ id: productId, teamId, key, name: 'Outreach assistant', serviceId, countries: ['DE'] });
  const noteId = newId('note');
  await db.insert(notes).values({ id: noteId, authorId: people.launch_owner.id, body: 'because' });
  const launchId = newId('launch');
  await db.transaction((tx) =>
    insertLaunch(tx, { id: launchId, productId, teamId, name: 'Launch', openedBy: people.launch_owner.id }),
  );
  const now = Date.now();
  const dates = {
    onePercentAt: now + 60 * dayMs,
    tenPercentAt: now + 63 * dayMs,
    fiftyPercentAt: now + 66 * dayMs,
    fullAt: now + 69 * dayMs,
  };
  const ownership = {
    ownerPersonId: people.launch_owner.id,
    deputyPersonId: deputy.id,
    teamId,
    pagerServiceId: serviceId,
  };
  const intake: Intake = { ...t2Intake, dates, ownership, ...options.intake };
  return { db, launchId, productId, teamId, serviceId, people, deputy, noteId, intake };
}

/** Puts a state into the launch's row as if it had been recorded: what the events make of a new launch. */
export async function putLaunchState(world: LaunchWorld, ...events: readonly LaunchEvent[]): Promise<Launch> {
  const { db, launchId, productId, teamId, people, intake } = world;
  const now = Date.now();
  const opened: readonly LaunchEvent[] = [
    { type: 'opened' },
    { type: 'answerIntake', intake, by: people.launch_owner },
  ];
  let launch = openLaunch({ id: launchId, productId, teamId, openedBy: people.launch_owner.id }, now);
  for (const event of [...opened, ...events]) {
    const step = launchMachine.transition(launch, event, now);
    if (step.outcome !== 'moved') throw new Error(`${event.type} was ${JSON.stringify(step)}`);
    launch = step.state;
  }
  await db
    .update(launches)
    .set({ state: launch, version: launch.version, status: launch.phase, tier: launch.tier })
    .where(eq(launches.id, launchId));
  return launch;
}
