import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../simulation/random.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { readLedger, startedAfter } from '../support/ladder-ledger.ts';
import { acknowledge, forward, ladderWhen, seedTwoRungs, trigger } from '../support/two-rungs.ts';
import type { TwoRungs } from '../support/two-rungs.ts';
import { startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
const phones = new FakePhones();

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
});
afterAll(() => vigil?.stop());

describe('an acknowledgement against a page, on the real workflow', () => {
  it.each([1, 2, 3])('20 races at the end of a rung, lot %i: no page starts after the answer', async (lot) => {
    const random = seededRandom(lot);
    const races: Race[] = [];
    for (let index = 0; index < 20; index++) {
      const two = await seedTwoRungs(vigil);
      // The first ones acknowledge before the rung's end, the last ones after its page; between them it is a race.
      const when = index < 2 ? 'before' : index > 17 ? 'after' : random.int(0, 300);
      races.push({ two, by: random.pick([two.first, two.second]), when });
    }
    const outcomes: number[] = [];
    const waiting = [...races];
    const lane = async () => {
      for (let race = waiting.shift(); race !== undefined; race = waiting.shift()) outcomes.push(await run(race));
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    expect(outcomes).toHaveLength(20);
    expect(outcomes.filter((pages) => pages === 0).length).toBeGreaterThanOrEqual(2);
    expect(outcomes.filter((pages) => pages === 1).length).toBeGreaterThanOrEqual(2);
  });

  interface Race {
    readonly two: TwoRungs;
    readonly by: string;
    /** Milliseconds after the time of the rung began to run out. */
    readonly when: 'before' | 'after' | number;
  }

  /** How many pages of the second rung left. */
  async function run({ two, by, when }: Race): Promise<number> {
    const [id, phone] = [await trigger(vigil, two.service), two.secondPhone];
    await ladderWhen(vigil, id, ({ walk }) => walk.phase === 'waiting');
    await forward(vigil, id, 14.5);
    const passing = when === 'before' ? null : forward(vigil, id, 1);
    if (when === 'after') await phones.next(phone);
    else if (when !== 'before') await new Promise((done) => setTimeout(done, when));
    const { outcome } = await acknowledge(vigil, id, by);
    if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome));
    const calls = phones.received(phone).length;
    await passing;
    await forward(vigil, id, 24 * 60);
    const ledger = await readLedger(vigil.db, id);
    expect(ledger.ladder).toMatchObject({ status: 'acknowledged', acknowledgedBy: by, counts: { in_flight: 0 } });
    expect(startedAfter(ledger, Number(outcome.answer['version']))).toEqual([]);
    const pages = ledger.deliveries.filter(({ rung }) => rung === 1).length;
    expect(phones.received(phone)).toHaveLength(pages);
    // A page whose row was first may ring a moment after the answer, which then counts it as in flight.
    if (pages > calls) expect(outcome.answer).toMatchObject({ pagesInFlight: 1 });
    return pages;
  }
});
