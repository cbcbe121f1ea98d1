import { eq } from 'drizzle-orm';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { Json } from '#domain/json.ts';
import { minuteMs } from '#domain/time.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { escalations } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from './ask.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';
import { fastForward } from './temporal.ts';
import { eventually } from './vigil.ts';
import type { TestVigil } from './vigil.ts';

/** Two people on two rungs of fifteen minutes, with a phone each that nobody else has. */
export interface TwoRungs {
  readonly service: string;
  readonly first: string;
  readonly second: string;
  readonly firstPhone: string;
  readonly secondPhone: string;
}

let teams = 0;

/** The first person's second rule comes after five minutes. */
export async function seedTwoRungs({ db }: TestVigil): Promise<TwoRungs> {
  const number = ++teams;
  const [firstPhone, secondPhone] = [`first-${number}`, `second-${number}`];
  const teamId = await seedTeam(db);
  const first = await seedPerson(db, { name: firstPhone, delaysMinutes: [0, 5] });
  const second = await seedPerson(db, { name: secondPhone });
  const rung = (personId: string) => ({ targets: [{ kind: 'person' as const, personId }], ackWithinMs: 15 * minuteMs });
  const rungs = [rung(first), rung(second)];
  const service = await seedService(db, teamId, first, { rungs, catchAllPersonId: second });
  return { service, first, second, firstPhone, secondPhone };
}

const key = { dedupKey: 'disk', reportedBy: 'test' };

/** The alert of the service's one key; returns the escalation. */
export async function trigger({ db }: TestVigil, serviceId: string): Promise<string> {
  const alert = { serviceId, severity: 1, title: 'The disk is full', ...key } as const;
  return (await db.transaction((tx) => acceptTrigger(tx, alert))).escalationId;
}

export const resolve = ({ db }: TestVigil, serviceId: string): Promise<string | null> =>
  db.transaction((tx) => acceptResolve(tx, { serviceId, ...key }));

export const forward = ({ temporal }: TestVigil, id: string, minutes: number): Promise<void> =>
  fastForward(temporal, workflowId('escalation', id), minutes * 60, { timeoutMs: 60_000 });

export const acknowledge = (vigil: TestVigil, id: string, by: string, input: { readonly [key: string]: Json } = {}) =>
  ask(vigil, { kind: 'person', id: by, roles: ['responder'] }, 'escalation', id, 'acknowledge', input);

/** Waits until the ladder, as it is recorded, is like that. */
export const ladderWhen = ({ db }: TestVigil, id: string, is: (ladder: Ladder) => boolean): Promise<Ladder> =>
  eventually(`escalation ${id}: ${is.toString()}`, async () => {
    const [row] = await db.select().from(escalations).where(eq(escalations.id, id));
    const ladder = row?.state as Ladder | null;
    return ladder && is(ladder) ? ladder : null;
  });
