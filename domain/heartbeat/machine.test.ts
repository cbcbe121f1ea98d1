import { describe, expect, it } from 'vitest';
import type { Actor } from '../actor.ts';
import { dayMs, minuteMs, secondMs } from '../time.ts';
import { monitorMachine } from './machine.ts';
import { openMonitor } from './monitor.ts';
import type { Monitor, MonitorEffect, MonitorEvent } from './monitor.ts';

const start = Date.UTC(2026, 0, 5, 9);
const ann: Actor = { kind: 'person', id: 'per_ann', roles: ['responder'] };

/** A monitor and the beats of its sender, on one clock. Its questions are answered at once unless the test holds them. */
class Watched {
  now = start;
  monitor: Monitor;
  beats = 0;
  lastBeatAt: number | null = null;
  versions = 0;
  readonly effects: (MonitorEffect & { at: number })[] = [];
  isHeld = false;

  constructor(intervalMs = 10 * minuteMs) {
    this.monitor = openMonitor({ monitorId: 'hbm_1', serviceId: 'svc_1', intervalMs, severity: 2 }, start);
    this.send({ type: 'opened' });
  }

  send(event: MonitorEvent): string {
    const step = monitorMachine.transition(this.monitor, event, this.now);
    if (step.outcome === 'refused') return step.code;
    if (step.outcome === 'ignored') return step.outcome;
    if (step.outcome === 'moved') this.versions++;
    this.monitor = step.state;
    for (const effect of step.effects) {
      this.effects.push({ ...effect, at: this.now - start });
      if (effect.type === 'readBeat' && !this.isHeld) this.answer(effect.key);
    }
    return step.outcome;
  }

  answer(effectKey = this.monitor.reading?.key ?? ''): string {
    const ageMs = this.lastBeatAt === null ? null : this.now - this.lastBeatAt;
    return this.send({ type: 'beatRead', effectKey, beats: this.beats, ageMs });
  }

  /** What a sender does: the fact, and word of it where somebody waits. */
  beat(): this {
    this.beats++;
    this.lastBeatAt = this.now;
    if (['waiting', 'missed'].includes(this.monitor.status)) this.send({ type: 'beat' });
    return this;
  }

  pass(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const due = monitorMachine.nextDue(this.monitor);
      if (due === null || due > end) break;
      this.now = Math.max(this.now, due);
      this.send({ type: 'due' });
    }
    this.now = end;
    return this;
  }

  ask(type: 'pause' | 'resume' | 'close', by: Actor = ann): string {
    return this.send({ type, by });
  }

  change(settings: { intervalMs?: number; severity?: 1 | 2 }, settingsVersion = this.monitor.settings.version): string {
    return this.send({ type: 'change', by: ann, settingsVersion, ...settings });
  }

  /** `[minutes since the opening, what]` of raised and resolved misses. */
  get told(): [number, string][] {
    return this.effects
      .filter(({ type }) => type !== 'readBeat')
      .map(({ at, key }) => [at / minuteMs, key] as [number, string]);
  }
}

describe('a heartbeat monitor', () => {
  it('pages nobody before the first beat', () => {
    const watched = new Watched().pass(400 * dayMs);
    expect([watched.monitor.status, watched.told]).toEqual(['waiting', []]);
  });

  it.each([minuteMs, 10 * minuteMs, 30 * dayMs])(
    'misses a beat at the exact moment, with an interval of %d ms',
    (interval) => {
      const watched = new Watched(interval).beat();
      watched.pass(interval - 1);
      expect(watched.monitor.status).toBe('beating');
      watched.pass(1);
      expect(watched.monitor).toMatchObject({ status: 'missed', missedAt: start + interval });
      expect(watched.told).toEqual([[interval / minuteMs, 'miss:1']]);
    },
  );

  it('counts from the newest beat, and keeps no version for those that come in time', () => {
    const watched = new Watched().beat();
    const { versions } = watched;
    for (let turn = 0; turn < 500; turn++) watched.pass(9 * minuteMs).beat();
    expect([watched.versions, watched.told]).toEqual([versions, []]);
    watched.pass(10 * minuteMs);
    expect(watched.told).toEqual([[500 * 9 + 10, 'miss:1']]);
  });

  it('resolves a miss by the next beat, and raises the next one anew', () => {
    const watched = new Watched()
      .beat()
      .pass(12 * minuteMs)
      .beat()
      .beat()
      .pass(20 * minuteMs);
    expect(watched.told).toEqual([
      [10, 'miss:1'],
      [12, 'resolve:1'],
      [22, 'miss:2'],
    ]);
  });

  it('reads the newest beat first when it wakes late: what came in time pages nobody, what stayed out does at once', () => {
    const inTime = new Watched().beat();
    inTime.now += 50 * minuteMs;
    inTime.beats++;
    inTime.lastBeatAt = inTime.now - 3 * minuteMs;
    inTime.pass(0);
    expect([inTime.monitor.status, inTime.told]).toEqual(['beating', []]);
    inTime.pass(7 * minuteMs);
    expect(inTime.told).toEqual([[57, 'miss:1']]);

    const lapsed = new Watched().beat();
    lapsed.now += 50 * minuteMs;
    lapsed.beats++;
    lapsed.lastBeatAt = start + 9 * minuteMs;
    lapsed.pass(0);
    expect(lapsed.told).toEqual([[50, 'miss:1']]);
    expect(lapsed.monitor.missedAt).toBe(start + 19 * minuteMs);
  });

  it('makes a new version of a beat that it heard of too late: word of a beat is left once a version', () => {
    const watched = new Watched().beat().pass(10 * minuteMs);
    expect(watched.monitor.status).toBe('missed');
    watched.beats++;
    watched.lastBeatAt = watched.now;
    const { version } = watched.monitor;
    watched.pass(11 * minuteMs).send({ type: 'beat' });
    expect(watched.monitor).toMatchObject({ status: 'missed', version: version + 1, beats: 2 });
    watched.beat();
    expect(watched.monitor.status).toBe('beating');
  });

  it('asks again when the answer about a new beat was long under way, and believes that there is none however late', () => {
    const watched = new Watched().beat();
    watched.isHeld = true;
    watched.pass(10 * minuteMs);
    watched.beats++;
    watched.lastBeatAt = watched.now;
    const key = watched.monitor.reading?.key ?? '';
    watched.now += 40 * minuteMs;
    // Read forty minutes ago, when it was young.
    expect(watched.send({ type: 'beatRead', effectKey: key, beats: 2, ageMs: 0 })).toBe('noted');
    expect(watched.monitor).toMatchObject({ status: 'beating', beats: 1 });
    expect(watched.answer(key)).toBe('ignored');
    expect(watched.answer()).toBe('moved');
    expect(watched.monitor).toMatchObject({ status: 'missed', missedAt: start + 20 * minuteMs });

    const silent = new Watched().beat();
    silent.isHeld = true;
    silent.pass(10 * minuteMs);
    silent.now += 40 * minuteMs;
    silent.answer();
    expect(silent.monitor.status).toBe('missed');
  });

  it('takes one question at a time', () => {
    const watched = new Watched();
    watched.isHeld = true;
    watched.beat();
    expect(watched.send({ type: 'beat' })).toBe('ignored');
    expect(watched.answer('read:0')).toBe('ignored');
    expect(watched.answer()).toBe('moved');
    expect(watched.send({ type: 'beat' })).toBe('ignored');
    expect(watched.effects).toHaveLength(1);
  });

  it('keeps silent while paused and gives a whole interval when it is resumed', () => {
    const watched = new Watched().beat().pass(9 * minuteMs);
    expect(watched.ask('pause')).toBe('moved');
    expect(watched.ask('pause')).toBe('heartbeat.paused');
    watched.pass(dayMs);
    expect(watched.ask('resume')).toBe('moved');
    expect(watched.ask('resume')).toBe('heartbeat.not_paused');
    watched.pass(10 * minuteMs - 1);
    expect(watched.told).toEqual([]);
    watched.pass(1);
    expect(watched.told).toEqual([[1_440 + 19, 'miss:1']]);
  });

  it('does not count a beat from before the resume against the resume', () => {
    const watched = new Watched().beat().pass(minuteMs);
    watched.ask('pause');
    watched.pass(30 * minuteMs).beat();
    watched.pass(5 * minuteMs);
    watched.ask('resume');
    watched.pass(9 * minuteMs);
    expect(watched.told).toEqual([]);
    watched.pass(minuteMs);
    expect(watched.told).toEqual([[46, 'miss:1']]);
  });

  it('waits on when it was paused before its first beat', () => {
    const watched = new Watched();
    watched.ask('pause');
    watched.beat();
    watched.ask('resume');
    expect(watched.monitor.status).toBe('waiting');
  });

  it.each(['pause', 'close'] as const)('ends what a miss opened on %s', (type) => {
    const watched = new Watched().beat().pass(11 * minuteMs);
    watched.ask(type);
    expect(watched.told).toEqual([
      [10, 'miss:1'],
      [11, 'resolve:1'],
    ]);
  });

  it('forgets the question that was under way when it was paused', () => {
    const watched = new Watched().beat();
    watched.isHeld = true;
    watched.pass(10 * minuteMs);
    const key = watched.monitor.reading?.key ?? '';
    watched.ask('pause');
    expect(watched.answer(key)).toBe('ignored');
    expect(watched.monitor.status).toBe('paused');
  });

  it('counts a new interval from the last beat', () => {
    const longer = new Watched().beat().pass(9 * minuteMs);
    longer.change({ intervalMs: 20 * minuteMs });
    longer.pass(20 * minuteMs);
    expect(longer.told).toEqual([[20, 'miss:1']]);

    const shorter = new Watched().beat().pass(9 * minuteMs);
    shorter.change({ intervalMs: 5 * minuteMs });
    shorter.pass(0);
    expect(shorter.told).toEqual([[9, 'miss:1']]);
  });

  it('looks at Postgres before a shorter interval is taken for missed', () => {
    const watched = new Watched()
      .beat()
      .pass(4 * minuteMs)
      .beat()
      .pass(4 * minuteMs);
    watched.change({ intervalMs: 5 * minuteMs });
    watched.pass(30 * secondMs);
    expect(watched.monitor.status).toBe('beating');
    watched.pass(30 * secondMs);
    expect(watched.told).toEqual([[9, 'miss:1']]);
  });

  it('is no longer missed when the new interval is not over', () => {
    const watched = new Watched().beat().pass(11 * minuteMs);
    watched.change({ intervalMs: 15 * minuteMs });
    expect(watched.monitor).toMatchObject({ status: 'beating', missedAt: null });
    watched.pass(4 * minuteMs);
    expect(watched.told.map(([, key]) => key)).toEqual(['miss:1', 'resolve:1', 'miss:2']);
  });

  it('pages with the severity of the moment', () => {
    const watched = new Watched().beat();
    watched.change({ severity: 1 });
    watched.pass(10 * minuteMs);
    expect(watched.effects.at(-1)).toMatchObject({ type: 'raiseMiss', severity: 1, intervalMs: 10 * minuteMs });
  });

  it('refuses a change by whoever saw other settings, and tells which there are', () => {
    const watched = new Watched();
    watched.change({ severity: 1 });
    expect(watched.change({ intervalMs: minuteMs }, 1)).toBe('precondition.failed');
    expect(watched.monitor.settings).toEqual({ version: 2, intervalMs: 10 * minuteMs, severity: 1 });
  });

  it('takes requests of people only, and none when it is closed', () => {
    const watched = new Watched();
    for (const type of ['pause', 'resume', 'close'] as const)
      expect(watched.ask(type, { kind: 'service', id: 'svc_1' })).toBe('decision.person_required');
    watched.ask('close');
    for (const type of ['pause', 'resume', 'close'] as const) expect(watched.ask(type)).toBe('heartbeat.closed');
    expect(watched.change({ severity: 1 })).toBe('heartbeat.closed');
    expect(watched.beat().pass(dayMs).told).toEqual([]);
  });
});
