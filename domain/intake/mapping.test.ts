import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '#db/ids.ts';
import { VigilError } from '../errors.ts';
import { itemsAtMost, readMapped, usualActions } from './mapping.ts';
import type { Mapping } from './mapping.ts';
import { pointerFault, valueAt } from './pointer.ts';
import { presets } from './presets.ts';
import type { PresetName } from './presets.ts';
import type { SourceReport } from './report.ts';
import { usualSeverities } from './sender-severity.ts';

const reading = { sha256Hex, uniqueKey: () => 'fresh', receivedAt: 0 };
const read = (body: unknown, mapping: Mapping) => readMapped(body, mapping, usualSeverities, reading);

const monitor: Mapping = {
  items: '/results',
  dedupKey: { from: [['$/site', '/check/id']], otherwise: 'refuse' },
  title: { from: ['/check/name'], otherwise: null },
  severity: { from: ['/level'], values: { red: 1, amber: 3 }, otherwise: null },
  action: { from: ['/state'], values: usualActions, otherwise: 'trigger' },
  labels: { site: '$/site', check: '/check/id', tags: '/tags' },
  labelsOf: ['/labels'],
};
const result = (more: object = {}) => ({
  check: { id: 7, name: 'Disk is full' },
  level: 'RED',
  state: 'down',
  tags: ['disk', 'db'],
  labels: { env: 'prod', nested: { no: 'label' } },
  ...more,
});
const fromBerlin = (...results: unknown[]) => ({ site: 'ber1', results });

const refusal = (body: unknown, mapping: Mapping): unknown => {
  try {
    read(body, mapping);
  } catch (error) {
    return error instanceof VigilError && error.code === 'intake.unreadable' ? error.detail['errors'] : error;
  }
  return null;
};

describe('a mapped body', () => {
  it('becomes one report an entry, with what its places hold', () => {
    expect(read(fromBerlin(result(), result({ state: 'OK' }), result({ state: 'acknowledged' })), monitor)).toEqual([
      {
        action: 'trigger',
        dedupKey: 'ber1:7',
        severity: 1,
        title: 'Disk is full',
        labels: { site: 'ber1', check: '7', tags: 'disk,db', env: 'prod' },
        details: result(),
        group: null,
      },
      expect.objectContaining({ action: 'resolve', dedupKey: 'ber1:7', group: null }),
      expect.objectContaining({ action: 'acknowledge', dedupKey: 'ber1:7' }),
    ]);
    expect(read(fromBerlin(), monitor)).toEqual([]);
  });

  it('is taken whole or not at all, and the refusal names each place that held nothing', () => {
    const nameless = result({ check: { id: 8 } });
    expect(refusal(fromBerlin(result(), nameless, result({ check: { name: 'secret name' } })), monitor)).toEqual([
      {
        pointer: '/body/results/1/check/name',
        code: 'missing',
        detail: 'holds no text for title: sought at /check/name',
      },
      {
        pointer: '/body/results/2/check/id',
        code: 'missing',
        detail: 'holds no text for dedupKey: sought at $/site, /check/id',
      },
    ]);
    expect(refusal({ site: 'ber1' }, monitor)).toEqual([
      { pointer: '/body/results', code: 'missing', detail: 'must be a list of alerts' },
    ]);
    const many = fromBerlin(...Array.from({ length: itemsAtMost + 1 }, () => result()));
    expect(refusal(many, monitor)).toMatchObject([{ detail: 'must hold at most 500 alerts' }]);
    // An end needs no title.
    expect(read(fromBerlin(result({ check: { id: 8 }, state: 'up' })), monitor)).toMatchObject([{ action: 'resolve' }]);
  });

  it.each([
    ['a word of the mapping', 'amber', 3],
    ['a usual word', 'critical', 1],
    ['a number', 2, 2],
    ['an unknown word', 'mauve', 3],
    ['nothing', null, 3],
    ['an object', {}, 3],
  ])('has its severity from %s', (_name, level, severity) => {
    expect(read(fromBerlin(result({ level })), monitor)).toMatchObject([{ severity }]);
  });

  it('has the hash of a key that is too long, so that two long keys stay two', () => {
    const keyOf = (id: string) => read(fromBerlin(result({ check: { id, name: 'n' } })), monitor)[0]?.dedupKey;
    const long = 'k'.repeat(300);
    expect(keyOf(`${long}1`)).toMatch(/^[0-9a-f]{64}$/);
    expect(keyOf(`${long}1`)).not.toBe(keyOf(`${long}2`));
  });

  it('never fails but for what it lacks, and gives reports within their bounds', () => {
    const texts = fc.oneof(fc.string(), fc.string({ minLength: 300 }), fc.jsonValue({ maxDepth: 2 }));
    const entry = fc.record(
      {
        check: fc.oneof(fc.record({ id: texts, name: texts }), texts),
        level: texts,
        state: texts,
        tags: texts,
        labels: texts,
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.record({ site: texts, results: fc.oneof(fc.array(entry, { maxLength: 5 }), texts) }),
      fc.jsonValue({ maxDepth: 4 }),
    );
    const mapping = fc.constantFrom<Mapping>(
      monitor,
      presets.opsgenie,
      presets.grafana_oncall,
      presets.grafana_oncall_webhook,
    );
    fc.assert(
      fc.property(body, mapping, (body, mapping) => {
        let reports: readonly SourceReport[];
        try {
          reports = read(body, mapping);
        } catch (error) {
          expect(error).toMatchObject({ code: 'intake.unreadable' });
          return;
        }
        for (const report of reports) {
          expect(report.dedupKey.length).toBeGreaterThan(0);
          expect(report.dedupKey.length).toBeLessThanOrEqual(255);
          if (report.action !== 'trigger') continue;
          expect(report.title.length).toBeGreaterThan(0);
          expect(report.title.length).toBeLessThanOrEqual(1_024);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('is kept small, whatever its size', () => {
    const huge = result({ text: 'x'.repeat(1_000_000), list: Array.from({ length: 10_000 }, () => ({ a: ['y'] })) });
    const [report] = read(fromBerlin(huge), monitor);
    expect(JSON.stringify(report).length).toBeLessThan(20_000);
  });
});

describe('a pointer', () => {
  const value = { a: [{ 'b/c': 1, 'd~e': 2 }], '': 3 };
  it.each([
    ['', value],
    ['/a/0/b~1c', 1],
    ['/a/0/d~0e', 2],
    ['/', 3],
    ['/a/00', undefined],
    ['/a/-1', undefined],
    ['/a/length', undefined],
    ['/toString', undefined],
    ['/a/0/b', undefined],
  ])('%j finds %j', (pointer, found) => {
    expect(valueAt(value, pointer)).toEqual(found);
  });

  it.each([
    ['a', 'must be empty or begin with a slash'],
    ['/a~2', 'must write a tilde as ~0'],
    ['/a~', 'must write a tilde as ~0'],
    [`/${'a'.repeat(300)}`, 'must be at most 300 characters'],
    ['/a~0~1', null],
  ])('%j is faulted by %j', (pointer, fault) => {
    expect(pointerFault(pointer)).toBe(fault);
  });
});

describe('a preset', () => {
  const first = (preset: PresetName, body: unknown) => read(body, presets[preset])[0];

  it('reads what is sent to Opsgenie', () => {
    const alert = {
      message: 'Queue is stuck',
      alias: 'queue-7',
      description: 'Nothing moved for 10 min',
      priority: 'P1',
      tags: ['queue', 'prod'],
      details: { region: 'eu' },
      entity: 'queue-7',
      source: 'monitor',
    };
    expect(first('opsgenie', alert)).toMatchObject({
      action: 'trigger',
      dedupKey: 'queue-7',
      title: 'Queue is stuck',
      severity: 1,
      labels: { priority: 'P1', tags: 'queue,prod', region: 'eu', entity: 'queue-7', source: 'monitor' },
      details: { description: 'Nothing moved for 10 min' },
    });
    expect(first('opsgenie', { message: 'no alias' })).toMatchObject({ dedupKey: 'fresh', severity: 3 });
    expect(refusal({ alias: 'a' }, presets.opsgenie)).toMatchObject([{ pointer: '/body/message' }]);
  });

  it.each([
    ['P1', 1],
    ['P2', 2],
    ['P3', 3],
    ['P4', 4],
    ['P5', 4],
    ['P9', 3],
  ])("reads Opsgenie's %s", (priority, severity) => {
    expect(first('opsgenie', { message: 'm', priority })).toMatchObject({ severity });
  });

  it('reads the formatted webhook of Grafana OnCall', () => {
    const body = {
      alert_uid: 'u1',
      title: 'Disk',
      state: 'alerting',
      message: 'full',
      link_to_upstream_details: 'https://x',
    };
    expect(first('grafana_oncall', body)).toMatchObject({
      action: 'trigger',
      dedupKey: 'u1',
      title: 'Disk',
      severity: 3,
    });
    expect(first('grafana_oncall', { alert_uid: 'u1', state: 'ok' })).toMatchObject({
      action: 'resolve',
      dedupKey: 'u1',
    });
    expect(first('grafana_oncall', { title: 'Disk' })).toMatchObject({ action: 'trigger', dedupKey: 'Disk' });
  });

  it('reads any webhook of Grafana OnCall: without a key the same body is the same alert', () => {
    const keyOf = (body: unknown) => first('grafana_oncall_webhook', body)?.dedupKey;
    expect(first('grafana_oncall_webhook', { id: 7, name: 'Disk', state: 'OK' })).toMatchObject({
      action: 'resolve',
      dedupKey: '7',
    });
    expect(first('grafana_oncall_webhook', { text: 'odd' })).toMatchObject({ title: 'An alert without a title' });
    expect(keyOf({ text: 'odd' })).toBe(keyOf({ text: 'odd' }));
    expect(new Set([{ text: 'odd' }, { text: 'other' }, [], null, 1].map(keyOf)).size).toBe(5);
  });
});
