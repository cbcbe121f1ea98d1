import assert from 'node:assert/strict';
import { monitorMachine } from '#domain/heartbeat/machine.ts';
import { openMonitor } from '#domain/heartbeat/monitor.ts';
import type { Monitor, MonitorEffect, MonitorEvent } from '#domain/heartbeat/monitor.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import { anyone } from './people.ts';
import type { Random } from './random.ts';
import type { Run, Scenario } from './simulate.ts';

/** When the sender's beats came. One run at a time: each run begins with none. */
let beats: number[] = [];

/**
 * A monitor whose sender beats, keeps silent and comes back, while people pause, change and close it, word of beats comes late,
 * twice or for nothing, and answers of Postgres are long under way.
 */
export const heartbeatScenario: Scenario<Monitor, MonitorEvent, MonitorEffect> = {
  name: 'heartbeat',
  machine: monitorMachine,
  start: (random, now) => {
    beats = [];
    const intervalMs = random.int(1, 5) * minuteMs;
    return {
      state: openMonitor({ monitorId: 'hbm_1', serviceId: 'svc_1', intervalMs, severity: 2 }, now),
      first: { type: 'opened' },
    };
  },
  message: anything,
  perform: (_random, effect, now) => (effect.type === 'readBeat' ? read(effect.key, now) : undefined),
  check: assertMonitorRun,
  messages: 60,
  longestPauseMs: 4 * minuteMs,
};

function anything(random: Random, monitor: Monitor, now: number): MonitorEvent | undefined {
  const isOwed = (monitor.status === 'waiting' || monitor.status === 'missed') && beats.length > monitor.beats;
  const roll = random.int(1, 100);
  if (roll <= 70) {
    beats.push(now);
    // Whoever beats sees the monitor as it was recorded, which may be a moment behind.
    return random.chance(80) && (monitor.status === 'waiting' || monitor.status === 'missed')
      ? { type: 'beat' }
      : undefined;
  }
  if (isOwed || roll <= 75) return { type: 'beat' };
  const by = anyone(random);
  if (roll <= 80) return { type: 'pause', by };
  if (roll <= 88) return { type: 'resume', by };
  if (roll <= 92) {
    const intervalMs = random.int(1, 8) * minuteMs;
    const settingsVersion = monitor.settings.version - (random.chance(15) ? 1 : 0);
    return { type: 'change', by, settingsVersion, ...(random.chance(80) ? { intervalMs } : { severity: 1 }) };
  }
  if (roll <= 93) return { type: 'close', by };
  return roll <= 96
    ? { type: 'beatRead', effectKey: `read:${monitor.reads - random.int(1, 3)}`, beats: 999, ageMs: 0 }
    : undefined;
}

function read(effectKey: string, now: number): MonitorEvent {
  const last = beats.at(-1);
  return { type: 'beatRead', effectKey, beats: beats.length, ageMs: last === undefined ? null : now - last };
}

function assertMonitorRun(run: Run<Monitor, MonitorEvent, MonitorEffect>): void {
  let open = 0;
  for (const { at, before, state, effects, event } of run.records) {
    if ('by' in event) assert.equal(event.by.kind, 'person', `a machine asked for ${event.type}`);
    for (const effect of effects) {
      if (effect.type === 'raiseMiss') open++;
      if (effect.type === 'resolveMiss') open--;
    }
    assert.equal(open, state.status === 'missed' ? 1 : 0, `${open} misses are open while it is ${state.status}`);
    if (effects.some(({ type }) => type === 'raiseMiss')) {
      const last = beats.findLast((beat) => beat <= at);
      assert.ok(last !== undefined, 'a miss before the first beat');
      assert.ok(last + state.settings.intervalMs <= at, 'a miss although a beat was there in time');
      assert.ok(before.status !== 'paused', 'a miss of a paused monitor');
      assert.ok((state.missedAt ?? Infinity) <= at, 'missed before its time');
    }
    assert.ok(state.lastBeatAt === null || state.lastBeatAt <= at, 'a beat of the future');
  }
  const { final } = run;
  // Nothing more comes: whatever beat is known has been missed by now, unless somebody stopped watching.
  assert.notEqual(final.status, 'beating', 'it rests while a beat is due');
  assert.equal(final.reading, null, 'it rests with a question under way');
  const longest = run.records.reduce((most, { at, state }) => Math.max(most, at - (state.missedAt ?? at)), 0);
  assert.ok(longest < 30 * minuteMs + secondMs, 'missed long after its time');
}
