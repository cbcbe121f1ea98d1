import { asc, eq } from 'drizzle-orm';
import type { AddressInfo } from 'node:net';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import { minuteMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import { contactMethods, deliveries, escalations, notificationRules } from '#db/schema/index.ts';
import { testApiOver } from './api.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';
import { startTwilio, twilioAccount } from './twilio.ts';
import { eventually, startTestVigil } from './vigil.ts';

export type PhoneWorld = Awaited<ReturnType<typeof startPhoneWorld>>;

/**
 * A whole Vigil whose people have phones: the real ladder, relay, activities, channels and API, with Twilio's simulator in
 * Twilio's place, each over a socket of its own.
 */
export async function startPhoneWorld() {
  let publicUrl = '';
  // The one that the channels name, which is known only once the API listens.
  const late = {
    get publicUrl() {
      return publicUrl;
    },
    authToken: { reveal: () => twilioAccount.authToken },
  };
  const channels = new Map();
  const vigil = await startTestVigil({ channels, publicUrl: 'https://vigil.example' });
  const { db, temporal } = vigil;
  const api = await testApiOver(db, temporal, { commandDeadlineMs: 10_000, providers: { twilio: late } });
  await api.listen({ host: '127.0.0.1', port: 0 });
  publicUrl = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;
  const twilio = await startTwilio(publicUrl);
  channels.set('sms', twilio.sms).set('voice', twilio.voice);
  const teamId = await seedTeam(db);
  let numbers = 0;
  let stories = 0;

  return {
    ...vigil,
    twilio,
    publicUrl,

    /** A person who is sent a text message at once, and called so many minutes later. */
    async person(name: string, callAfterMinutes: number | null = 10) {
      const id = await seedPerson(db, { name, roles: ['responder'], delaysMinutes: [] });
      const phone = `+4477009${String(++numbers).padStart(5, '0')}`;
      const ways: [string, number][] = [
        ['sms', 0],
        ...(callAfterMinutes === null ? [] : [['voice', callAfterMinutes] as [string, number]]),
      ];
      for (const [position, [channel, delayMinutes]] of ways.entries()) {
        const contactMethodId = newId('contactMethod');
        const verified = { verifiedAt: new Date() };
        await db
          .insert(contactMethods)
          .values({ id: contactMethodId, personId: id, channel, address: phone, ...verified });
        const rule = { id: newId('notificationRule'), personId: id, urgency: 'high', position, delayMinutes };
        await db.insert(notificationRules).values({ ...rule, contactMethodId });
      }
      return { id, phone };
    },

    /** Opens an escalation that pages one after the other, fifteen minutes each. */
    async page(people: readonly { readonly id: string }[], more: Partial<PolicyDocument> = {}): Promise<string> {
      const [first = { id: '' }] = people;
      const rungs = people.map(({ id }) => ({
        targets: [{ kind: 'person' as const, personId: id }],
        ackWithinMs: 15 * minuteMs,
      }));
      const serviceId = await seedService(db, teamId, first.id, { rungs, catchAllPersonId: first.id, ...more });
      const alert = {
        serviceId,
        dedupKey: `story-${++stories}`,
        severity: 1 as const,
        title: 'The disk is full',
        reportedBy: 'test',
      };
      const { escalationId } = await db.transaction((tx) => acceptTrigger(tx, alert));
      return escalationId;
    },

    async resolve(escalationId: string): Promise<void> {
      const [row] = await db.select().from(escalations).where(eq(escalations.id, escalationId));
      await db.transaction((tx) =>
        acceptResolve(tx, { serviceId: row?.serviceId ?? '', dedupKey: row?.dedupKey ?? '', reportedBy: 'test' }),
      );
      await eventually('the escalation is closed', async () => {
        const [now] = await db.select().from(escalations).where(eq(escalations.id, escalationId));
        return now?.closedAt;
      });
    },

    ledger: (escalationId: string) =>
      db
        .select()
        .from(deliveries)
        .where(eq(deliveries.escalationId, escalationId))
        .orderBy(asc(deliveries.startedAt), asc(deliveries.id)),

    /** Waits until the ladder is so. */
    ladder: (escalationId: string, what: string, is: (ladder: Ladder) => boolean): Promise<Ladder> =>
      eventually(what, async () => {
        const [row] = await db.select().from(escalations).where(eq(escalations.id, escalationId));
        const ladder = row?.state as Ladder | null | undefined;
        return ladder && is(ladder) ? ladder : null;
      }),

    /** The text messages, or calls, that went to the phone so far, once there are so many. */
    to: (kind: 'message' | 'call', { phone }: { readonly phone: string }, count: number) =>
      eventually(`${count} of ${kind} to ${phone}`, async () => {
        const all = kind === 'message' ? await twilio.records('message') : await twilio.records('call');
        const own = all.filter(({ form }) => form['To'] === phone);
        return own.length >= count ? own : null;
      }),

    async end(): Promise<void> {
      await api.close();
      await twilio.stop();
      await vigil.stop();
    },
  };
}
