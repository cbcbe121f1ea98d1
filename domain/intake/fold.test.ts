import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Severity } from '../severity.ts';
import { fires } from './firing.ts';
import type { KnownAlerts } from './firing.ts';
import { foldKey } from './fold.ts';
import type { IntakeItem, OpenEscalation } from './fold.ts';
import type { FiringGroup } from './report.ts';

const item = (more: Partial<IntakeItem>): IntakeItem => ({
  serviceId: 'svc',
  dedupKey: 'key',
  action: 'trigger',
  severity: null,
  title: null,
  details: null,
  group: null,
  reportedBy: 'svc_sender',
  via: 'int',
  suppressedBy: null,
  leaves: 'changes',
  ...more,
});
const trigger = (severity: Severity = 3, more: Partial<IntakeItem> = {}) => item({ severity, title: 'Disk', ...more });
const resolve = (more: Partial<IntakeItem> = {}) => item({ action: 'resolve', ...more });
const acknowledge = item({ action: 'acknowledge' });
const group = (more: Partial<FiringGroup>): FiringGroup => ({ firing: [], resolved: [], leftOut: 0, ...more });
const on = (...names: string[]) => names.map((fingerprint) => ({ fingerprint, startedAt: 10 }));
const off = (...names: string[]) => names.map((fingerprint) => ({ fingerprint, startedAt: 10, endedAt: 20 }));
const open: OpenEscalation = {
  id: 'esc_old',
  severity: 3,
  title: 'Disk',
  via: 'int',
  isEndTold: false,
  rePageAbove: null,
};

function fold(
  items: IntakeItem[],
  before: OpenEscalation | null = null,
  known: KnownAlerts = new Map(),
  rePageAbove: number | null = null,
) {
  let next = 0;
  const outcome = foldKey(items, before, known, { newId: () => `esc_${++next}`, now: 1_000, rePageAbove });
  return {
    ...outcome,
    dispositions: outcome.answers.map(({ disposition }) => disposition),
    told: outcome.left.flatMap(({ tell }) => (tell === null ? [] : [tell])),
    facts: outcome.left.map(({ disposition }) => disposition),
  };
}

describe('triggers', () => {
  it('open once and are counted from then on', () => {
    const { dispositions, opened, triggers, told, facts, lastTrigger } = fold(
      Array.from({ length: 100 }, () => trigger()),
    );
    expect(dispositions).toEqual(['opened', ...Array.from({ length: 99 }, () => 'merged')]);
    expect({ opened, triggers, told, facts, lastTrigger }).toEqual({
      opened: { id: 'esc_1', index: 0, severity: 3, firingCount: 1 },
      triggers: 100,
      told: [],
      facts: ['opened'],
      lastTrigger: 99,
    });
  });
  it('tell of a worse severity, each time that it is worse', () => {
    const { told, severity, opened } = fold([trigger(3), trigger(4), trigger(2), trigger(2), trigger(1)]);
    expect(told.map((one) => one.severity)).toEqual([2, 1]);
    expect([severity, opened?.severity]).toEqual([1, 3]);
  });
  it('are told nothing of when they are no worse than what is open', () => {
    expect(fold([trigger(4), trigger(3)], open)).toMatchObject({
      told: [],
      facts: [],
      triggers: 2,
      severity: 3,
      opened: null,
    });
  });
  it('of another integration count as well', () => {
    expect(fold([trigger(3, { via: 'int_2' })], open).dispositions).toEqual(['merged']);
  });
  it('that a rule keeps quiet open nothing, raise nothing and take no end back', () => {
    const quiet = trigger(1, { suppressedBy: 'spr' });
    expect(fold([quiet])).toMatchObject({ dispositions: ['suppressed'], opened: null, facts: [], lastTrigger: null });
    expect(fold([quiet, quiet], open)).toMatchObject({
      dispositions: ['suppressed', 'suppressed'],
      told: [],
      triggers: 0,
      severity: 3,
    });
    expect(fold([resolve(), quiet], open)).toMatchObject({ lastTrigger: null, lastEnd: 0 });
    expect(fold([quiet, quiet], open).suppressed).toEqual([
      { index: 0, ruleId: 'spr' },
      { index: 1, ruleId: 'spr' },
    ]);
  });
});

describe('an end', () => {
  it('is told once, until a trigger follows', () => {
    const { dispositions, told, lastEnd, lastTrigger } = fold([resolve(), resolve(), trigger(), resolve()], open);
    expect(dispositions).toEqual(['resolved', 'resolved', 'merged', 'resolved']);
    expect(told.map(({ kind }) => kind)).toEqual(['resolve', 'resolve']);
    expect([lastEnd, lastTrigger]).toEqual([3, 2]);
    expect(fold([resolve()], { ...open, isEndTold: true })).toMatchObject({
      dispositions: ['resolved'],
      told: [],
      facts: [],
    });
  });
  it('of nothing open is dropped, and opens nothing', () => {
    expect(fold([resolve(), acknowledge])).toMatchObject({
      dispositions: ['dropped', 'dropped'],
      opened: null,
      facts: ['dropped', 'dropped'],
    });
    expect(fold([resolve({ leaves: 'if_open' })])).toMatchObject({ dispositions: ['dropped'], facts: [] });
  });
  it('of what another integration opened is dropped, and so is its acknowledgement', () => {
    const foreign = { via: 'int_2' };
    expect(fold([resolve(foreign), { ...acknowledge, ...foreign }], open).dispositions).toEqual(['dropped', 'dropped']);
    expect(fold([resolve({ via: null })], open).dispositions).toEqual(['resolved']);
    expect(fold([resolve(foreign)], { ...open, via: null }).dispositions).toEqual(['resolved']);
  });
  it('goes through a rule that keeps quiet', () => {
    expect(fold([resolve({ suppressedBy: 'spr' })], open).dispositions).toEqual(['resolved']);
  });
});

it('an acknowledgement is noted, and told to nobody', () => {
  expect(fold([acknowledge], open)).toMatchObject({
    dispositions: ['noted'],
    facts: ['noted'],
    told: [],
    lastTrigger: null,
  });
});

describe('a group', () => {
  const fire = (...names: string[]) => trigger(3, { group: group({ firing: on(...names) }) });
  const over = (names: string[], leftOut = 0) => resolve({ group: group({ resolved: off(...names), leftOut }) });

  it('stays open while any of it fires', () => {
    const { dispositions, told, facts } = fold([fire('a', 'b'), over(['a']), over(['a']), over(['b'])]);
    expect(dispositions).toEqual(['opened', 'noted', 'noted', 'resolved']);
    expect(facts).toEqual(['opened', 'noted', 'resolved']);
    expect(told).toEqual([{ kind: 'resolve', severity: 3, firingCount: 0 }]);
  });
  it('stays open while any of it was left out', () => {
    expect(fold([fire('a'), over(['a'], 1)]).dispositions).toEqual(['opened', 'noted']);
    expect(fold([trigger(3, { group: group({ resolved: off('a'), leftOut: 1 }) })]).opened).toMatchObject({
      firingCount: 1,
    });
  });
  it('that was over before it came opens nothing', () => {
    expect(fold([over(['a']), fire('a')])).toMatchObject({ dispositions: ['dropped', 'dropped'], opened: null });
  });
  it('ends by a report that says both, when what it says fires is over already', () => {
    const late = trigger(3, { group: group({ firing: on('a'), resolved: off('a', 'b') }) });
    expect(fold([fire('a', 'b'), late]).dispositions).toEqual(['opened', 'resolved']);
  });
  it('is told of once it is larger than the policy allows, not again for its repeats', () => {
    const { told } = fold([fire('a'), fire('a', 'b'), fire('a', 'b', 'c'), fire('a', 'b', 'c')], null, new Map(), 2);
    expect(told).toEqual([{ kind: 'trigger', severity: 3, firingCount: 3 }]);
  });
  it('is wholly over when its source says so without naming any', () => {
    const known: KnownAlerts = new Map();
    fold([fire('a', 'b'), resolve()], null, known);
    expect([...known.values()].some(fires)).toBe(false);
  });
  it('that a rule keeps quiet is still known to fire', () => {
    const known: KnownAlerts = new Map();
    const quiet = { ...fire('b'), suppressedBy: 'spr' };
    expect(fold([fire('a'), quiet, over(['a'])], null, known).dispositions).toEqual(['opened', 'suppressed', 'noted']);
  });
});

it('comes to the same, however the reports are cut into runs', () => {
  const name = fc.constantFrom('a', 'b');
  const span = fc.record({ fingerprint: name, startedAt: fc.integer({ min: 0, max: 40 }) });
  const ended = fc.record({ fingerprint: name, startedAt: fc.constant(0), endedAt: fc.integer({ min: 0, max: 50 }) });
  const groups = fc.option(
    fc.record({
      firing: fc.array(span, { maxLength: 2 }),
      resolved: fc.array(ended, { maxLength: 2 }),
      leftOut: fc.constantFrom(0, 0, 1),
    }),
    { nil: null },
  );
  const items = fc.array(
    fc.oneof(
      fc
        .record({ severity: fc.constantFrom<Severity>(1, 2, 3, 4), group: groups, quiet: fc.boolean() })
        .map(({ severity, group: one, quiet }) =>
          trigger(severity, { group: one, suppressedBy: quiet ? 'spr' : null }),
        ),
      groups.map((one) => resolve({ group: one })),
      fc.constant(acknowledge),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(items, fc.integer({ min: 0, max: 12 }), (all, cut) => {
      const whole = new Map();
      const parts = new Map();
      const asOne = foldKey(all, null, whole, { newId: () => 'esc', now: 1_000, rePageAbove: 1 });
      const first = foldKey(all.slice(0, cut), null, parts, { newId: () => 'esc', now: 1_000, rePageAbove: 1 });
      const isEndTold = (first.lastEnd ?? -1) > (first.lastTrigger ?? -1);
      const between =
        first.opened === null
          ? null
          : { id: 'esc', severity: first.severity, title: 'Disk', via: 'int', isEndTold, rePageAbove: 1 };
      const second = foldKey(all.slice(cut), between, parts, { newId: () => 'esc', now: 1_000, rePageAbove: 1 });
      expect([...first.answers, ...second.answers]).toEqual(asOne.answers);
      expect(first.triggers + second.triggers).toBe(asOne.triggers);
      expect([...first.left, ...second.left].map(({ disposition, tell }) => ({ disposition, tell }))).toEqual(
        asOne.left.map(({ disposition, tell }) => ({ disposition, tell })),
      );
      expect(parts).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

describe('an alert that went silent while it fired', () => {
  const known = () => new Map([['silent', { startedAt: 10, endedAt: 5 }]]);

  it('does not keep a later escalation open, once a person closed the one it was of', () => {
    const later = [
      trigger(3, { group: group({ firing: on('b') }) }),
      resolve({ group: group({ resolved: off('b') }) }),
    ];
    expect(fold(later, null, known()).dispositions).toEqual(['opened', 'resolved']);
    // While its own is open, nobody knows that it is over.
    expect(fold(later, open, known()).dispositions).toEqual(['merged', 'noted']);
    // Nor when the message does not tell of all.
    const cut = [trigger(3, { group: group({ firing: on('b'), leftOut: 1 }) }), ...later.slice(1)];
    expect(fold(cut, null, known()).dispositions).toEqual(['opened', 'noted']);
  });

  it('fires again as soon as it is named', () => {
    const later = [
      trigger(3, { group: group({ firing: on('b') }) }),
      trigger(3, { group: group({ firing: on('b', 'silent') }) }),
      resolve({ group: group({ resolved: off('b') }) }),
    ];
    expect(fold(later, null, known()).dispositions).toEqual(['opened', 'merged', 'noted']);
  });
});
