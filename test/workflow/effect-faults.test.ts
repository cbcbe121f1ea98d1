import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { deliveries } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { casesOf, caseWhen, decide, escalationsOf, taskOf } from '../support/reviewing.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let world: CaseWorld;
const phones = new FakePhones();

/** What an activity meets before its work: nothing, unless the test says otherwise. */
const faults: { page?: () => void; escalateCase?: () => void } = {};

const wrap = (activities: Activities): Activities => ({
  ...activities,
  store: {
    ...activities.store,
    async escalateCase(...given) {
      faults.escalateCase?.();
      return activities.store.escalateCase(...given);
    },
  },
  paging: {
    ...activities.paging,
    async sendPage(...given) {
      faults.page?.();
      return activities.paging.sendPage(...given);
    },
    async recordThenPage(...given) {
      faults.page?.();
      return activities.paging.recordThenPage(...given);
    },
  },
});
const away = (): never => {
  throw new Error('Connection terminated unexpectedly');
};

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels }, { wrap });
});
beforeEach(async () => {
  world = await buildCaseWorld(vigil.db, { suffix: `-${Math.random()}` });
});
afterEach(() => {
  delete faults.page;
  delete faults.escalateCase;
});
afterAll(() => vigil.stop());

describe('while Postgres is away', () => {
  it('a page uses up none of its tries: it goes out when Postgres is back, and not as a possible duplicate', async () => {
    let refusals = 0;
    faults.page = () => {
      if (refusals < 9) {
        refusals++;
        away();
      }
    };
    const { escalationId } = await vigil.db.transaction((tx) =>
      acceptTrigger(tx, {
        serviceId: world.serviceId,
        dedupKey: 'disk',
        severity: 1,
        title: 'Disk',
        reportedBy: 'test',
      }),
    );
    await eventually('the first try', () => Promise.resolve(refusals > 0));
    await fastForward(vigil.temporal, workflowId('escalation', escalationId), 2 * 60);
    const [page] = await eventually('the page', async () => {
      const rows = await vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, escalationId));
      return rows[0]?.status === 'sent' ? rows : null;
    });
    expect(page).toMatchObject({ personId: world.people.oncall.id, attempts: 1, possibleDuplicate: false });
    expect(refusals).toBe(9);
  });

  it('what resolves an escalation does not overtake what opens it', async () => {
    let isAway = true;
    let refusals = 0;
    faults.escalateCase = () => {
      if (!isAway) return;
      refusals++;
      away();
    };
    const detector = await seedDetector(world, { severity: 1 });
    await fileFinding(world, detector, 'acct_overtaken');
    const [found] = await casesOf(world, 'acct_overtaken');
    const caseId = found?.id ?? '';
    await decide(world, await taskOf(world, caseId), world.people.reviewer, 'no_violation');
    await caseWhen(world, caseId, (row) => row.closedAt !== null);
    await eventually('the opening is tried again', () => Promise.resolve(refusals > 1));
    isAway = false;
    await eventually('what was opened is over', async () => {
      const rows = await escalationsOf(world, `case:${caseId}:`);
      return rows.length === 1 && rows.every((row) => row.status === 'resolved');
    });
  });
});
