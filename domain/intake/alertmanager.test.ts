import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '#db/ids.ts';
import { VigilError } from '../errors.ts';
import { alertsRead, readAlertmanager } from './alertmanager.ts';
import type { AlertmanagerSettings } from './alertmanager.ts';
import type { SourceReport } from './report.ts';
import { severitiesWith, usualSeverities } from './sender-severity.ts';

const receivedAt = Date.parse('2026-03-01T12:00:00Z');
const reading = { sha256Hex, uniqueKey: () => 'unique', receivedAt };
const byGroup: AlertmanagerSettings = { identity: 'group', severityLabel: 'severity', severities: usualSeverities };
const byAlert: AlertmanagerSettings = { ...byGroup, identity: 'alert' };
const read = (body: unknown, settings = byGroup) => readAlertmanager(body, settings, reading);
const only = (body: unknown, settings = byGroup): SourceReport => {
  const reports = read(body, settings);
  expect(reports).toHaveLength(1);
  return reports[0] as SourceReport;
};

const startsAt = '2026-03-01T11:58:00.123456789Z';
const startedAt = Date.parse('2026-03-01T11:58:00.123Z');
const endsAt = '2026-03-01T11:59:30Z';
const alert = (fingerprint: string, more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'HighLatency', instance: fingerprint, severity: 'critical' },
  annotations: { summary: 'The API is slow' },
  startsAt,
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph',
  fingerprint,
  ...more,
});
const over = (fingerprint: string, more: object = {}) => alert(fingerprint, { status: 'resolved', endsAt, ...more });
const message = (alerts: readonly unknown[], more: object = {}) => ({
  version: '4',
  groupKey: '{}:{alertname="HighLatency"}',
  truncatedAlerts: 0,
  receiver: 'vigil',
  status: alerts.some((one) => (one as { status: string }).status === 'firing') ? 'firing' : 'resolved',
  groupLabels: { alertname: 'HighLatency' },
  commonLabels: { alertname: 'HighLatency', severity: 'critical', job: 'api' },
  commonAnnotations: { summary: 'The API is slow' },
  externalURL: 'http://alertmanager',
  alerts,
  ...more,
});

describe('a group of Alertmanager', () => {
  it('is one key, the one that Alertmanager gives to PagerDuty, with each alert by its fingerprint', () => {
    expect(only(message([alert('a'), over('b')]))).toMatchObject({
      action: 'trigger',
      dedupKey: sha256Hex('{}:{alertname="HighLatency"}'),
      severity: 1,
      title: 'The API is slow',
      labels: { alertname: 'HighLatency', job: 'api', severity: 'critical' },
      group: {
        firing: [{ fingerprint: 'a', startedAt }],
        resolved: [{ fingerprint: 'b', startedAt, endedAt: Date.parse(endsAt) }],
        leftOut: 0,
      },
      details: { receiver: 'vigil', firing: 1, resolved: 1, alerts: [{ generatorURL: 'http://prometheus/graph' }] },
    });
  });

  it('with the same summary and other labels is another key', () => {
    const other = message([alert('a')], { groupKey: '{}:{alertname="HighLatency", zone="b"}' });
    expect(only(other).dedupKey).not.toBe(only(message([alert('a')])).dedupKey);
    const two = read(message([alert('a'), alert('b')]), byAlert);
    expect(new Set(two.map(({ dedupKey }) => dedupKey)).size).toBe(2);
  });

  it('is over when all its alerts are, whatever its status says', () => {
    const resolved = { action: 'resolve', group: { firing: [], resolved: [{ fingerprint: 'a' }], leftOut: 0 } };
    expect(only(message([over('a')]))).toMatchObject(resolved);
    expect(only(message([over('a')], { status: 'firing' }))).toMatchObject(resolved);
    expect(only(message([over('a'), alert('b')], { status: 'resolved' }))).toMatchObject({ action: 'trigger' });
  });

  it('says what was left out of it, since its status is of the rest', () => {
    expect(only(message([over('a')], { truncatedAlerts: 3 }))).toMatchObject({
      action: 'resolve',
      group: { firing: [], leftOut: 3 },
    });
    expect(only(message([alert('a')], { truncatedAlerts: 3 }))).toMatchObject({
      action: 'trigger',
      group: { leftOut: 3 },
    });
    expect(only(message([over('a'), 'not an alert']))).toMatchObject({ action: 'resolve', group: { leftOut: 1 } });
  });

  it.each([
    ['without alerts fires while it says so', message([], { status: 'firing' }), 'trigger'],
    ['without alerts is over when it says so', message([], { status: 'resolved' }), 'resolve'],
  ])('%s', (_name, body, action) => {
    expect(only(body)).toMatchObject({ action, group: null });
  });

  it('has the worst severity of what fires, by the words of the integration first', () => {
    const warning = alert('w', { labels: { severity: 'WARNING' } });
    const none = alert('n', { labels: {} });
    const over1 = over('c');
    const severityOf = (alerts: unknown[], settings = byGroup) => {
      const report = only(message(alerts), settings);
      return report.action === 'trigger' ? report.severity : null;
    };
    expect(severityOf([warning, over1])).toBe(3);
    expect(severityOf([warning, alert('c')])).toBe(1);
    expect(severityOf([none])).toBe(3);
    const own = { ...byGroup, severities: severitiesWith({ warning: 4, '*': 2 }) };
    expect(severityOf([warning], own)).toBe(4);
    expect(severityOf([none], own)).toBe(2);
  });

  it.each([
    ['what they all say', {}, 'The API is slow'],
    ['what the only one says', { commonAnnotations: {} }, 'The API is slow'],
    [
      'the name and labels',
      { commonAnnotations: {}, alerts: [alert('a'), alert('b')] },
      'HighLatency (job=api, severity=critical)',
    ],
    [
      'nothing',
      { commonAnnotations: {}, commonLabels: {}, groupLabels: {}, alerts: [], status: 'firing' },
      'An alert without a name',
    ],
    ['too much', { commonAnnotations: { summary: '€'.repeat(5_000) } }, '€'.repeat(1_024)],
  ])('has a title made of %s', (_name, more, title) => {
    expect(only(message([alert('a')], more))).toMatchObject({ title });
  });

  it('names an alert without a fingerprint by its labels, in whatever order they come', () => {
    const of = (labels: object) => only(message([alert('', { labels })])).action;
    expect(of({ a: '1' })).toBe('trigger');
    const named = (labels: object) => {
      const report = only(message([alert('', { labels })]));
      return report.action === 'trigger' ? report.group?.firing[0]?.fingerprint : null;
    };
    expect(named({ a: '1', b: '2' })).toBe(named({ b: '2', a: '1' }));
    expect(named({ a: '1', b: '2' })).not.toBe(named({ a: '1', b: '3' }));
  });

  it('knows each fingerprint once, and as firing if it fires anywhere', () => {
    expect(only(message([over('a'), alert('a')]))).toMatchObject({
      group: { firing: [{ fingerprint: 'a' }], resolved: [] },
    });
  });

  it('of more alerts than are read is never taken for over', () => {
    const many = Array.from({ length: alertsRead + 5 }, (_, index) => over(`f${index}`));
    expect(only(message(many))).toMatchObject({ action: 'resolve', group: { leftOut: 5 } });
  });

  it('takes an end that never came for the start, so that a new firing is not late', () => {
    expect(only(message([over('a', { endsAt: undefined })]))).toMatchObject({
      group: { resolved: [{ startedAt, endedAt: startedAt }] },
    });
  });

  it('of an old version without a key is told apart by its labels', () => {
    const old = (groupLabels: object) => only(message([alert('a')], { groupKey: undefined, groupLabels })).dedupKey;
    expect(old({ a: '1' })).not.toBe(old({ a: '2' }));
  });

  it('passes over fields of later versions', () => {
    const later = { notification_reason: 'repeat', routeLabels: { a: 'b' }, something: [1] };
    expect(read(message([alert('a', { extra: {} })], later))).toHaveLength(1);
  });
});

describe('single alerts of Alertmanager', () => {
  it('are a key each, with their own labels, severity and end', () => {
    const warning = alert('b', { labels: { alertname: 'Other', severity: 'warning' }, annotations: {} });
    const reports = read(message([alert('a'), warning, over('c')]), byAlert);
    expect(reports).toMatchObject([
      { action: 'trigger', severity: 1, title: 'The API is slow', labels: { instance: 'a', job: 'api' } },
      { action: 'trigger', severity: 3, title: 'Other (severity=warning)' },
      { action: 'resolve', group: { firing: [], resolved: [{ fingerprint: 'c' }] } },
    ]);
    expect(read(message([over('a')]), byAlert)[0]?.dedupKey).toBe(reports[0]?.dedupKey);
  });

  it('that were left out of the message are paged as one', () => {
    const reports = read(message([alert('a')], { truncatedAlerts: 2 }), byAlert);
    expect(reports).toMatchObject([
      { action: 'trigger' },
      { action: 'trigger', severity: 1, title: expect.stringContaining('2 alerts were left out'), group: null },
    ]);
  });
});

describe('the webhook of Grafana', () => {
  it('is read alike, by its title where a rule has no summary, with its links kept', () => {
    const body = message(
      [alert('a', { values: { B: 22.1 }, panelURL: 'https://grafana/d/x?viewPanel=1', annotations: {} })],
      {
        orgId: 1,
        state: 'alerting',
        title: '[FIRING:1] HighLatency folder',
        commonAnnotations: {},
      },
    );
    expect(only(body)).toMatchObject({
      title: '[FIRING:1] HighLatency folder',
      details: { alerts: [{ values: { B: 22.1 }, panelURL: 'https://grafana/d/x?viewPanel=1' }] },
    });
  });
});

describe('a body that is none', () => {
  it.each([
    [null, '/body'],
    [[], '/body'],
    ['text', '/body'],
    [{}, '/body/alerts'],
    [{ alerts: {} }, '/body/alerts'],
    [{ alerts: [] }, '/body/groupKey'],
  ])('%j is refused with the place', (body, pointer) => {
    expect(() => read(body)).toThrow(
      expect.objectContaining({
        code: 'intake.unreadable',
        detail: { errors: [expect.objectContaining({ pointer })] },
      }),
    );
  });

  it('never fails otherwise, and gives reports within their bounds only', () => {
    const any = fc.jsonValue({ maxDepth: 4 });
    const loose = fc.record(
      {
        groupKey: fc.oneof(fc.string(), any),
        groupLabels: any,
        commonLabels: any,
        commonAnnotations: any,
        truncatedAlerts: any,
        status: fc.oneof(fc.constantFrom('firing', 'resolved'), any),
        title: any,
        alerts: fc.oneof(
          any,
          fc.array(
            fc.oneof(
              any,
              fc.record(
                {
                  status: fc.oneof(fc.constantFrom('firing', 'resolved'), any),
                  labels: fc.oneof(fc.dictionary(fc.string(), fc.string()), any),
                  annotations: any,
                  startsAt: fc.oneof(fc.date().map(String), any),
                  endsAt: fc.oneof(fc.constant('0001-01-01T00:00:00Z'), any),
                  fingerprint: fc.oneof(fc.string(), any),
                },
                { requiredKeys: [] },
              ),
            ),
          ),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(loose, any), fc.constantFrom(byGroup, byAlert), (body, settings) => {
        let reports: readonly SourceReport[];
        try {
          reports = read(body, settings);
        } catch (error) {
          expect(error).toBeInstanceOf(VigilError);
          return;
        }
        for (const report of reports) {
          expect(report.dedupKey).toMatch(/^[0-9a-f]{64}$/);
          expect(Object.keys(report.labels).length).toBeLessThanOrEqual(100);
          if (report.action === 'trigger') {
            expect(report.title.length).toBeGreaterThan(0);
            expect(report.title.length).toBeLessThanOrEqual(1_024);
            expect([1, 2, 3, 4]).toContain(report.severity);
          }
          const group = report.action === 'acknowledge' ? null : report.group;
          for (const one of [...(group?.firing ?? []), ...(group?.resolved ?? [])]) {
            expect(one.fingerprint).not.toBe('');
            expect(Number.isSafeInteger(one.startedAt)).toBe(true);
          }
          const names = [...(group?.firing ?? []), ...(group?.resolved ?? [])].map(({ fingerprint }) => fingerprint);
          expect(new Set(names).size).toBe(names.length);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
