import { randomBytes, randomUUID } from 'node:crypto';
import type { ClientInterceptors } from '@temporalio/client';
import { eq, isNull, sql } from 'drizzle-orm';
import { expect } from 'vitest';
import { bundleWithVirtualClock, isAtRest, skipTime } from '#cli/simulate/durable-simulator.ts';
import type { Role } from '#domain/actor.ts';
import type { PersonSource } from '#domain/escalation/ladder-parts.ts';
import type { Happening } from '#domain/escalation/happening.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import { hourMs } from '#domain/time.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import type { ScheduleDocument } from '#db/repositories/schedules.ts';
import { insertSchedule } from '#db/repositories/schedules.ts';
import { tellOpenEscalations } from '#db/repositories/services.ts';
import {
  commands,
  contactMethods,
  escalations,
  notificationRules,
  persons,
  principals,
  roleGrants,
  tokens,
} from '#db/schema/index.ts';
import { getState, workflowId } from '#workflows/contract.ts';
import { passTime, startMemo } from '#workflows/lib/virtual-clock.ts';
import { testApiOver } from './api.ts';
import { ask } from './ask.ts';
import { FakePhones } from './fake-phones.ts';
import { readLedger } from './ladder-ledger.ts';
import type { LadderLedger } from './ladder-ledger.ts';
import { seedService, seedTeam } from './seed.ts';
import { eventually, startTestVigil } from './vigil.ts';

/** One thing that somebody's phone showed, by the night's clock. */
export interface Rang {
  readonly at: number;
  readonly escalationId: string;
  readonly personId: string;
  readonly channel: string;
  /** Why; `resolved` for the word that it is over. */
  readonly reason: string;
  /** By which version of which schedule; null for the word that it is over. */
  readonly source: PersonSource | null;
  /** What became of the call. */
  readonly result: string;
  readonly attempts: number;
}

export type Night = Awaited<ReturnType<typeof beginNight>>;

/**
 * A whole Vigil whose escalations share one clock, which stands until it is moved: the real workflows, relay, activities
 * and tables, and phones that note what arrives.
 */
export async function beginNight(beginsAt: number) {
  let now = beginsAt;
  const phones = new FakePhones();
  const vigil = await startTestVigil(
    { channels: phones.channels },
    { workflowBundle: await bundleWithVirtualClock(), interceptors: startingAt(() => now) },
  );
  const { db, temporal } = vigil;
  const app = await testApiOver(db, temporal);
  const teamId = await seedTeam(db);
  const tokenOf = new Map<string, string>();
  const opened: string[] = [];

  const handleOf = (id: string) => temporal.workflow.getHandle(workflowId('escalation', id));
  const openIds = async (): Promise<string[]> => {
    const rows = await db.select({ id: escalations.id }).from(escalations).where(isNull(escalations.closedAt));
    return rows.map(({ id }) => id);
  };

  /** Waits until everything that is due by now has happened, is recorded and answered. */
  async function rest(): Promise<void> {
    await eventually('every message is delivered', async () => {
      const [pending] = await db.select().from(commands).where(eq(commands.status, 'pending')).limit(1);
      return pending === undefined;
    });
    for (const id of await openIds()) {
      await eventually(`${id} is at rest`, async () => {
        const [row] = await db.select().from(escalations).where(eq(escalations.id, id));
        if (row?.closedAt) return true;
        const ladder = (await handleOf(id).query(getState)) as unknown as Ladder;
        return isAtRest(ladder, now) && row?.version === ladder.version;
      });
    }
  }

  async function call(personId: string, method: 'GET' | 'POST', url: string, body?: object, version?: number) {
    const answer = await app.inject({
      method,
      url,
      ...(body === undefined ? {} : { payload: body }),
      headers: {
        authorization: `Bearer ${tokenOf.get(personId) ?? ''}`,
        'idempotency-key': randomUUID(),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
    });
    expect(answer.statusCode, answer.body).toBeLessThan(300);
    await rest();
    return answer.json();
  }

  return {
    vigil,
    phones,
    call,

    /** A person who is called by text message at once and by voice five minutes later, and mailed what is not urgent. */
    async person(name: string, timeZone: string, more: { quietHours?: string; roles?: readonly Role[] } = {}) {
      const id = newId('person');
      await db.insert(principals).values({ id, kind: 'person', name });
      await db.insert(persons).values({ id, timeZone, quietHours: more.quietHours ?? null });
      const ways = [
        { channel: 'sms', urgency: 'high', delayMinutes: 0 },
        { channel: 'voice', urgency: 'high', delayMinutes: 5 },
        { channel: 'email', urgency: 'low', delayMinutes: 0 },
      ];
      for (const [position, { channel, urgency, delayMinutes }] of ways.entries()) {
        const contactMethodId = newId('contactMethod');
        const address = `http://phone/${name}-${channel}`;
        await db.insert(contactMethods).values({
          id: contactMethodId,
          personId: id,
          channel,
          address,
          verifiedAt: new Date(),
        });
        const rule = { id: newId('notificationRule'), personId: id, urgency, position, delayMinutes, contactMethodId };
        await db.insert(notificationRules).values(rule);
      }
      for (const role of more.roles ?? ['responder'])
        await db.insert(roleGrants).values({ id: newId('roleGrant'), principalId: id, role });
      const token = `vgl_${randomBytes(32).toString('base64url')}`;
      tokenOf.set(id, token);
      const expiresAt = new Date(Date.now() + hourMs);
      const row = { id: newId('token'), principalId: id, sha256: sha256Hex(token), label: 'night', expiresAt };
      await db.insert(tokens).values(row);
      return id;
    },

    async schedule(key: string, zone: string, layers: ScheduleDocument['layers']): Promise<string> {
      const document = { zone, layers, overrides: [], temporarySchedules: [], marks: [] };
      const row = await insertSchedule(db, { teamId, key, name: key, document });
      return row?.id ?? '';
    },

    service: (by: string, policy: PolicyDocument): Promise<string> => seedService(db, teamId, by, policy),

    /** Moves the clock of every open escalation; on the way, and at the end, all that falls due happens. */
    async until(at: number): Promise<void> {
      now = at;
      for (const id of await openIds()) await handleOf(id).signal(passTime, at);
      await rest();
    },

    /** An alert comes in. */
    async alert(serviceId: string, severity: Severity, title: string): Promise<string> {
      const alert = { serviceId, dedupKey: title, severity, title, reportedBy: 'test' };
      const { escalationId } = await db.transaction((tx) => acceptTrigger(tx, alert));
      opened.push(escalationId);
      await eventually('the workflow runs', async () => {
        const { rows } = await db.execute(
          sql`SELECT 1 FROM escalations WHERE id = ${escalationId} AND state IS NOT NULL`,
        );
        return rows.length > 0;
      });
      await skipTime(temporal, workflowId('escalation', escalationId));
      await handleOf(escalationId).signal(passTime, now);
      await rest();
      return escalationId;
    },

    /** A person does something about an escalation; returns the answer. */
    async does(personId: string, escalationId: string, name: string, input: { readonly [key: string]: Json } = {}) {
      const actor = { kind: 'person', id: personId, roles: ['responder'] } as const;
      const { outcome } = await ask(vigil, actor, 'escalation', escalationId, name, input);
      if (outcome.status !== 'done') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
      // Whoever is told of the end is told after the answer.
      if (name === 'resolve') await handleOf(escalationId).result();
      await rest();
      return outcome.answer;
    },

    /** Open escalations of the service hear that maintenance lasts until then, or has ended. */
    async maintenance(serviceId: string, id: string, change: { untilAt: number } | 'ended'): Promise<void> {
      const window = { id, serviceId, endsAt: new Date(change === 'ended' ? 0 : change.untilAt) };
      const name = change === 'ended' ? 'maintenanceEnded' : 'maintenanceStarted';
      await db.transaction((tx) => tellOpenEscalations(tx, window, name));
      await rest();
    },

    /** Everything that phones showed so far, in the order of the night's clock. */
    async rang(): Promise<Rang[]> {
      const all: Rang[] = [];
      for (const id of opened) all.push(...rangFor(id, await readLedger(db, id)));
      return all.toSorted((a, b) => a.at - b.at);
    },

    async end(): Promise<void> {
      await app.close();
      await vigil.stop();
    },
  };
}

/** Gives each workflow the night's present moment as the beginning of its time. */
function startingAt(now: () => number): ClientInterceptors {
  const memo = () => ({ [startMemo]: now() });
  return {
    workflow: [
      {
        startUpdateWithStart: (input, next) =>
          next({ ...input, workflowStartOptions: { ...input.workflowStartOptions, memo: memo() } }),
        startWithDetails: (input, next) => next({ ...input, options: { ...input.options, memo: memo() } }),
      },
    ],
  };
}

/** The ladder's own record says when, the ledger says what became of it. */
function rangFor(escalationId: string, { events, deliveries }: LadderLedger): Rang[] {
  return events.flatMap(({ version, data }) => {
    if (version === null) return [];
    const { at, state } = data as { at: number; state: { happened: readonly Happening[] } };
    return state.happened.flatMap((fact) => {
      if (fact.what !== 'paged' && fact.what !== 'told_resolved') return [];
      const isPage = fact.what === 'paged';
      const row = deliveries.find(({ effectKey }) => effectKey === (isPage ? fact.key : `told:${fact.personId}`));
      return [
        {
          at,
          escalationId,
          personId: fact.personId,
          channel: row?.channel ?? 'none',
          reason: isPage ? fact.reason : 'resolved',
          source: isPage ? fact.source : null,
          result: row?.status ?? 'never left',
          attempts: row?.attempts ?? 0,
        },
      ];
    });
  });
}
