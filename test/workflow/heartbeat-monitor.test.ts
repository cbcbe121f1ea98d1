import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/index.ts';
import { dayMs, minuteMs } from '#domain/time.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { buildCaseWorld } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { TestMonitor } from '../support/heartbeats.ts';
import type { WatchedService } from '../support/heartbeats.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let world: CaseWorld;
let watched: WatchedService;
const phones = new FakePhones();
/** What happens in Postgres between the look of a monitor and its answer. */
let afterLook: (monitorId: string) => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  const wrap = (activities: Activities): Activities => ({
    ...activities,
    store: {
      ...activities.store,
      readNewestBeat: async (monitorId) => {
        const newest = await activities.store.readNewestBeat(monitorId);
        await afterLook(monitorId);
        return newest;
      },
    },
  });
  vigil = await startTestVigil({ channels: phones.channels }, { wrap });
  world = await buildCaseWorld(vigil.db);
  const { db, teamId, serviceId, people } = world;
  watched = { db, teamId, serviceId, createdBy: people.manager.id };
});
afterAll(() => vigil.stop());

const forward = ({ id }: TestMonitor, ms: number): Promise<void> =>
  fastForward(vigil.temporal, workflowId('heartbeat', id), ms / 1_000, { timeoutMs: 60_000 });
const tell = async ({ id }: TestMonitor, name: string, input: Record<string, number> = {}): Promise<string> => {
  const { outcome } = await ask(vigil, world.people.manager, 'heartbeat', id, name, input);
  return outcome.status === 'done' ? 'done' : 'code' in outcome ? outcome.code : outcome.status;
};
/** Time for what takes real time in a story: the look at Postgres, the record, on a machine that does other things too. */
const slackMs = minuteMs;

async function beating(intervalMs?: number): Promise<TestMonitor> {
  const monitor = await TestMonitor.open(watched, intervalMs);
  await monitor.beat();
  await monitor.when('beating');
  return monitor;
}

describe('a heartbeat monitor', () => {
  it('pages nobody before the first beat, and pages when the next one stays out, at its moment', async () => {
    const monitor = await TestMonitor.open(watched);
    await forward(monitor, 3 * dayMs);
    expect((await monitor.row()).status).toBe('waiting');
    await monitor.beat();
    await monitor.when('beating');

    await forward(monitor, 10 * minuteMs - slackMs);
    expect((await monitor.row()).status).toBe('beating');
    expect(await monitor.misses()).toEqual([]);
    await forward(monitor, slackMs);
    const { state } = await monitor.when('missed');
    expect(state.missedAt).toBe((state.countsFromAt ?? 0) + 10 * minuteMs);
    const missed = (await monitor.recorded()).at(-1);
    expect((missed?.at ?? 0) - (state.missedAt ?? 0)).toBeGreaterThanOrEqual(0);
    expect((missed?.at ?? 0) - (state.missedAt ?? 0)).toBeLessThan(slackMs);
  });

  it('wakes the one on call, and the next beat resolves it', async () => {
    const monitor = await beating();
    const before = phones.received('oncall').length;
    await forward(monitor, 11 * minuteMs);
    expect((await phones.next('oncall', before + 1)).title).toBe('No beat for 10 min: backup');
    await monitor.when('missed');
    await monitor.beat();
    await monitor.when('beating');
    await eventually('the escalation is resolved', async () => (await monitor.misses())[0]?.closedAt);
    expect((await monitor.recorded()).map(({ type }) => type)).toEqual(['opened', 'beatRead', 'beatRead', 'beatRead']);

    // And the next silence is a matter of its own.
    await forward(monitor, 11 * minuteMs);
    await monitor.when('missed');
    await eventually('it is escalated anew', async () => (await monitor.misses()).length === 2);
  });

  it('counts from the newest beat, and neither records nor keeps anything of those that come in time', async () => {
    const monitor = await beating();
    const before = (await monitor.row()).version;
    for (let turn = 0; turn < 5; turn++) {
      await forward(monitor, 9 * minuteMs);
      // A minute old when the monitor looks, which is when the beat before it would be missed.
      await monitor.beatAgo(minuteMs);
    }
    await forward(monitor, 9 * minuteMs);
    expect(await monitor.row()).toMatchObject({ status: 'beating', version: before });
    await forward(monitor, 2 * minuteMs);
    await monitor.when('missed');
    expect((await monitor.recorded()).map(({ type }) => type)).toEqual(['opened', 'beatRead', 'beatRead']);
  });

  it('waits thirty days for a beat, and no longer', async () => {
    const monitor = await beating(30 * dayMs);
    await forward(monitor, 30 * dayMs - minuteMs);
    expect((await monitor.row()).status).toBe('beating');
    await forward(monitor, minuteMs);
    await monitor.when('missed');
  });

  it('hears of a beat that came between its last look and the record of the miss', async () => {
    const monitor = await beating();
    afterLook = async (id) => {
      if (id !== monitor.id) return;
      afterLook = () => Promise.resolve();
      // The row says that it beats, so its sender leaves no word.
      await monitor.beat();
    };
    await forward(monitor, 11 * minuteMs);
    await monitor.when('beating', ({ misses }) => misses === 1);
    await eventually('what was opened is resolved', async () => {
      const misses = await monitor.misses();
      return misses.length === 1 && misses[0]?.closedAt;
    });
  });

  it('is paused, resumed, changed and closed by people', async () => {
    const monitor = await beating();
    expect(await tell(monitor, 'pause')).toBe('done');
    await forward(monitor, dayMs);
    expect((await monitor.row()).status).toBe('paused');
    expect(await tell(monitor, 'pause')).toBe('heartbeat.paused');
    expect(await tell(monitor, 'resume')).toBe('done');
    expect(await tell(monitor, 'change', { settingsVersion: 1, intervalMs: 2 * minuteMs, severity: 1 })).toBe('done');
    expect(await monitor.row()).toMatchObject({ status: 'beating', intervalSeconds: 120, severity: 1 });
    expect(await tell(monitor, 'change', { settingsVersion: 1, severity: 3 })).toBe('precondition.failed');
    await forward(monitor, 3 * minuteMs);
    await monitor.when('missed');
    const [miss] = await eventually('it is escalated', async () => {
      const misses = await monitor.misses();
      return misses.length > 0 && misses;
    });
    expect(miss?.severity).toBe(1);
    expect(await tell(monitor, 'close')).toBe('done');
    expect((await monitor.row()).closedAt).not.toBeNull();
    await eventually('what it had opened is resolved', async () => (await monitor.misses())[0]?.closedAt);
    expect(await vigil.temporal.workflow.getHandle(workflowId('heartbeat', monitor.id)).result()).toBe('closed');
  });

  it('misses many at once, each once', async () => {
    const monitors = await Promise.all(Array.from({ length: 25 }, () => beating()));
    await Promise.all(monitors.map((monitor) => forward(monitor, 11 * minuteMs)));
    for (const monitor of monitors) {
      await monitor.when('missed');
      await eventually('it is escalated', async () => (await monitor.misses()).length === 1);
    }
  });
});

describe('a monitor whose workers were away when the beat was due', () => {
  /** The deadline passes while nobody works; `meanwhile` is what senders did. */
  async function overAnOutage(monitor: TestMonitor, meanwhile: () => Promise<void>): Promise<void> {
    await vigil.pause();
    const passing = forward(monitor, 12 * minuteMs);
    passing.catch(() => undefined);
    await meanwhile();
    await vigil.resume();
    await passing;
  }

  it('pages nobody for a beat that came in time', async () => {
    const monitor = await beating();
    await overAnOutage(monitor, () => monitor.beatAgo(3 * minuteMs));
    await eventually('it has looked', async () => (await monitor.state(vigil.temporal)).beats === 2);
    expect((await monitor.row()).status).toBe('beating');
    expect(await monitor.misses()).toEqual([]);
  });

  it('pages at once for one that stayed out, and for one that came and was the last', async () => {
    const silent = await beating();
    await overAnOutage(silent, () => Promise.resolve());
    await silent.when('missed');
    await eventually('it is escalated', async () => (await silent.misses()).length === 1);

    const lapsed = await beating();
    await overAnOutage(lapsed, () => lapsed.beatAgo(11 * minuteMs));
    expect((await lapsed.when('missed')).state.beats).toBe(2);
  });
});
