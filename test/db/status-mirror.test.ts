import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MirrorOutcome, MirrorTarget, StatusMirror } from '#activities/clients/status-mirror.ts';
import { createMirrorActivities } from '#activities/status-mirror.ts';
import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { ShownStatus } from '#domain/escalation/shown.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { listMirrors, noteShown } from '#db/repositories/status-mirrors.ts';
import { contactMethods, deliveries, escalations, statusMirrors } from '#db/schema/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { ladderInput } from '../support/ladder-story.ts';
import { seedWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';

let database: TestDatabase;
let db: Database;
let world: World;
let escalationId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 8,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  world = await seedWorld(db);
});
afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
});

/** What stands over there, and every call that came. */
class Elsewhere {
  readonly calls: string[] = [];
  readonly stands = new Map<string, number>();
  answer: (target: string, status: ShownStatus) => Promise<MirrorOutcome | void> = () => Promise.resolve();

  mirror(kind: StatusMirror['kind'] = 'chat', targetOf?: NonNullable<StatusMirror['targetOf']>): StatusMirror {
    const show = async (status: ShownStatus, { target }: MirrorTarget): Promise<MirrorOutcome> => {
      this.calls.push(`${target} v${status.version}`);
      const failed = await this.answer(target, status);
      if (failed) return failed;
      this.stands.set(target, status.version);
      return { outcome: 'shown' };
    };
    return targetOf === undefined ? { kind, show } : { kind, show, targetOf };
  }
}
let there: Elsewhere;

beforeEach(async () => {
  there = new Elsewhere();
  escalationId = newId('escalation');
  await db.insert(escalations).values({
    id: escalationId,
    serviceId: world.serviceId,
    teamId: world.teamId,
    dedupKey: escalationId,
    title: 'Disk full',
    severity: 2,
    status: 'triggered',
    state: ladderAt(1),
    version: 1,
    firstTriggerSeq: 1,
    lastTriggerSeq: 1,
  });
});

const ladderAt = (version: number, change: Partial<Ladder> = {}): Ladder => ({
  ...openLadder(ladderInput({ escalationId, serviceId: world.serviceId }), 0),
  version,
  ...change,
});
const moveTo = (version: number, change: Partial<Ladder> = {}) =>
  db
    .update(escalations)
    .set({ version, state: ladderAt(version, change), status: change.status ?? 'triggered' })
    .where(eq(escalations.id, escalationId));

async function page(target: string, kind = 'rung', channel = 'chat'): Promise<void> {
  const contactMethodId = newId('contactMethod');
  await db.insert(contactMethods).values({ id: contactMethodId, personId: world.personId, channel, address: 'U1' });
  await db.insert(deliveries).values({
    id: newId('delivery'),
    escalationId,
    effectKey: target,
    kind,
    pass: 0,
    rung: 0,
    personId: world.personId,
    contactMethodId,
    channel,
    status: 'sent',
    providerRef: target,
  });
}
const show = (mirrors: readonly StatusMirror[] = [there.mirror()], isLast = false) =>
  createMirrorActivities({ db, mirrors }).showStatus(escalationId, isLast);
const rows = async () =>
  (await listMirrors(db, escalationId))
    .map((row) => [row.target, row.shownVersion, row.shownStatus, row.errorCode])
    .toSorted(([a], [b]) => String(a).localeCompare(String(b)));
const limited: MirrorOutcome = { outcome: 'failed_transient', code: 'rate_limited', retryAfterMs: 30_000 };

describe('showing how an escalation stands', () => {
  it('changes every message of its pages, and nothing else', async () => {
    await page('C1:1.1');
    await page('C2:2.2');
    await page('C1:3.3', 'resolved');
    await page('+15550100', 'rung', 'sms');
    expect(await show()).toEqual({ retryAfterMs: null });
    expect(Object.fromEntries(there.stands)).toEqual({ 'C1:1.1': 1, 'C2:2.2': 1 });
    expect(await rows()).toEqual([
      ['C1:1.1', 1, 'triggered', null],
      ['C2:2.2', 1, 'triggered', null],
    ]);
  });

  it('is done once for each version', async () => {
    await page('C1:1.1');
    await show();
    await show();
    expect(there.calls).toEqual(['C1:1.1 v1']);
    await moveTo(5, { status: 'resolved' });
    await show();
    expect(there.calls).toEqual(['C1:1.1 v1', 'C1:1.1 v5']);
  });

  it('reads what is true now, not what was true when it was told', async () => {
    await page('C1:1.1');
    await moveTo(7, { status: 'acknowledged' });
    await show();
    expect(there.calls).toEqual(['C1:1.1 v7']);
  });

  it('of one that is not known is nothing', async () => {
    expect(await createMirrorActivities({ db, mirrors: [there.mirror()] }).showStatus('esc_none', false)).toEqual({
      retryAfterMs: null,
    });
  });
});

describe('what comes out of order', () => {
  it('ends with the newest shown, though an older attempt came last', async () => {
    await page('C1:1.1');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    there.answer = async (_target, { version }) => {
      if (version === 1) await held;
    };
    const slow = show();
    await expect.poll(() => there.calls.length, { timeout: 15_000 }).toBe(1);
    await moveTo(2, { status: 'acknowledged' });
    await show();
    expect(there.stands.get('C1:1.1')).toBe(2);
    release();
    await slow;
    expect(there.calls).toEqual(['C1:1.1 v1', 'C1:1.1 v2', 'C1:1.1 v2']);
    expect(there.stands.get('C1:1.1')).toBe(2);
    expect(await rows()).toEqual([['C1:1.1', 2, 'acknowledged', null]]);
  });

  it('never takes back what is noted of a newer version', async () => {
    const place = { escalationId, kind: 'chat', target: 'C1:1.1' };
    await noteShown(db, place, { version: 4, status: 'resolved' });
    await noteShown(db, place, { version: 3, status: 'triggered' });
    expect(await rows()).toEqual([['C1:1.1', 4, 'resolved', null]]);
  });

  it('a crash between the call and its row shows the same once more', async () => {
    await page('C1:1.1');
    await show();
    await db.delete(statusMirrors).where(eq(statusMirrors.escalationId, escalationId));
    await show();
    expect(there.calls).toEqual(['C1:1.1 v1', 'C1:1.1 v1']);
    expect(await rows()).toEqual([['C1:1.1', 1, 'triggered', null]]);
  });
});

describe('what fails', () => {
  it('is tried again when the other side says, and the row says why', async () => {
    await page('C1:1.1');
    there.answer = () => Promise.resolve(limited);
    expect(await show()).toEqual({ retryAfterMs: 30_000 });
    expect(await rows()).toEqual([['C1:1.1', 0, null, 'rate_limited']]);
    there.answer = () => Promise.resolve();
    expect(await show()).toEqual({ retryAfterMs: null });
    expect(await rows()).toEqual([['C1:1.1', 1, 'triggered', null]]);
  });

  it('in a storm of refusals costs one call an attempt, however many messages there are', async () => {
    for (let index = 1; index <= 20; index++) await page(`C1:1.${index}`);
    there.answer = () => Promise.resolve(limited);
    expect(await show()).toEqual({ retryAfterMs: 30_000 });
    expect(there.calls).toHaveLength(1);
  });

  it('in one place does not keep the others waiting', async () => {
    await page('C1:1.1');
    await page('C2:2.2');
    there.answer = (target) => Promise.resolve(target === 'C2:2.2' ? limited : undefined);
    await show();
    await show();
    expect(there.stands.get('C1:1.1')).toBe(1);
    expect(there.stands.has('C2:2.2')).toBe(false);
  });

  it('for good is not tried again, and the row says so', async () => {
    await page('C1:1.1');
    there.answer = () => Promise.resolve({ outcome: 'failed_permanent', code: 'message_not_found' });
    expect(await show()).toEqual({ retryAfterMs: null });
    await moveTo(2, { status: 'resolved' });
    await show();
    expect(there.calls).toHaveLength(1);
    expect(await rows()).toEqual([['C1:1.1', 0, null, 'gone_message_not_found']]);
  });

  it('to the last is given up where people see it, until something changes', async () => {
    await page('C1:1.1');
    there.answer = () => Promise.resolve(limited);
    await show([there.mirror()], true);
    expect(await rows()).toEqual([['C1:1.1', 0, null, 'given_up_rate_limited']]);
    there.answer = () => Promise.resolve();
    await moveTo(2, { status: 'resolved' });
    await show();
    expect(await rows()).toEqual([['C1:1.1', 2, 'resolved', null]]);
  });

  it('at one provider does not hold up another', async () => {
    await page('C1:1.1');
    const other = new Elsewhere();
    there.answer = () => Promise.resolve(limited);
    const pager = other.mirror('pagerduty_events_v2', () => 'vigil:it');
    expect(await show([there.mirror(), pager])).toEqual({ retryAfterMs: 30_000 });
    expect(other.calls).toEqual(['vigil:it v1']);
    await show([there.mirror(), pager]);
    expect(other.calls).toHaveLength(1);
  });
});

describe('another pager beside Vigil', () => {
  it('is told of the services that it shows, and never of a drill', async () => {
    const asked: string[] = [];
    const pager = there.mirror('pagerduty_events_v2', ({ serviceKey }) => {
      asked.push(serviceKey);
      return null;
    });
    await show([pager]);
    expect(asked).toEqual([world.productKey]);
    await moveTo(2, { drill: { canaryId: 'can_1' } });
    await show([there.mirror('pagerduty_events_v2', () => 'vigil:it')]);
    expect(there.calls).toEqual([]);
  });
});
