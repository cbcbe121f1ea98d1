import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../json.ts';
import { readChange } from './change-event.ts';
import { inSeveritiesOf, ofIntegration, readEvent } from './events-v2.ts';

const freshKey = '0b8f1d1c-6a0e-4b35-9a0c-6d3c6f1d2e3f';
const routingKey = 'a'.repeat(32);
const payload = { summary: 'Disk full', source: 'db-1', severity: 'critical' };
type Fields = { readonly [key: string]: Json };
const event = (more: Fields = {}): Json => ({ routing_key: routingKey, event_action: 'trigger', payload, ...more });
const trigger = (more: Fields): Json => event({ payload: { ...payload, ...more } });
const without = (fields: Json, name: string): Json =>
  Object.fromEntries(Object.entries(fields as Fields).filter(([key]) => key !== name));

const read = (body: Json) => {
  const result = readEvent(body, freshKey);
  if ('errors' in result) throw new Error(result.errors.join());
  return result;
};
const errorsOf = (body: Json) => {
  const result = readEvent(body, freshKey);
  return 'errors' in result ? result.errors : [];
};

describe('case 21: an alert event', () => {
  it('is read with all that PagerDuty knows', () => {
    const body = event({
      dedup_key: 'disk/db-1',
      payload: {
        ...payload,
        severity: 'warning',
        timestamp: '2026-02-03T04:05:06.789+0000',
        component: 'postgres',
        group: 'prod',
        class: 'disk',
        custom_details: { used: 0.98, mount: '/data', full: true, nested: { a: 1 }, list: [1], none: null },
      },
      client: 'Watcher',
      client_url: 'https://watch.example',
      links: [{ href: 'https://watch.example/1', text: 'graph' }],
      images: [{ src: 'https://watch.example/1.png' }],
    });
    const { report } = read(body);
    expect(report).toEqual({
      action: 'trigger',
      dedupKey: 'disk/db-1',
      severity: 3,
      title: 'Disk full',
      group: null,
      labels: {
        severity: 'warning',
        source: 'db-1',
        component: 'postgres',
        group: 'prod',
        class: 'disk',
        'custom_details.used': '0.98',
        'custom_details.mount': '/data',
        'custom_details.full': 'true',
      },
      details: {
        source: 'db-1',
        timestamp: '2026-02-03T04:05:06.789+0000',
        component: 'postgres',
        group: 'prod',
        class: 'disk',
        custom_details: { used: 0.98, mount: '/data', full: true, nested: { a: 1 }, list: [1], none: null },
        client: 'Watcher',
        client_url: 'https://watch.example',
        links: [{ href: 'https://watch.example/1', text: 'graph' }],
        images: [{ src: 'https://watch.example/1.png' }],
      },
    });
  });

  it.each([
    ['critical', 1],
    ['error', 2],
    ['warning', 3],
    ['info', 4],
  ])('of severity %s has severity %i', (severity, expected) => {
    expect(read(trigger({ severity })).report).toMatchObject({ severity: expected });
  });

  it.each(['Critical', 'high', 'fatal', 'P1', '1', ''])('of severity "%s" is invalid', (severity) => {
    expect(errorsOf(trigger({ severity }))).toEqual([
      severity === ''
        ? "'payload.severity' is missing or blank"
        : "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    ]);
  });

  it.each([
    ['routing_key', "'routing_key' cannot be blank"],
    ['event_action', "'event_action' is missing or blank"],
    ['payload', "'payload' is missing or blank"],
  ])('without %s is invalid', (name, error) => {
    expect(errorsOf(without(event(), name))).toContain(error);
    expect(errorsOf(event({ [name]: null }))).toContain(error);
  });

  it.each([
    ['too-short', 2],
    ['k'.repeat(33), 1],
    ['-'.repeat(32), 1],
    [`${'k'.repeat(31)}\n`, 1],
    ['k'.repeat(500_000), 1],
    [5, 1],
    [[routingKey], 1],
  ])('with a routing key that is none is invalid: %#', (key, count) => {
    expect(errorsOf(event({ routing_key: key }))).toHaveLength(count);
    expect(readChange({ routing_key: key, payload: { summary: 'x' } })).toHaveProperty('errors.length', count);
  });

  it.each(['summary', 'source', 'severity'])('without payload.%s is invalid', (name) => {
    for (const odd of [without(payload, name), { ...payload, [name]: '  ' }, { ...payload, [name]: null }])
      expect(errorsOf(event({ payload: odd }))).toEqual([`'payload.${name}' is missing or blank`]);
    expect(errorsOf(trigger({ [name]: 5 }))).toHaveLength(1);
  });

  it('says all that is wrong at once, and repeats nothing of it', () => {
    const secret = 'do-not-repeat';
    expect(
      errorsOf({ routing_key: [secret], event_action: secret, dedup_key: { secret }, payload: [secret] }).join(),
    ).not.toContain(secret);
    expect(errorsOf({})).toEqual([
      "'routing_key' cannot be blank",
      "'event_action' is missing or blank",
      "'dedup_key' is missing or blank",
      "'payload' is missing or blank",
      "'payload.summary' is missing or blank",
      "'payload.source' is missing or blank",
      "'payload.severity' is missing or blank",
    ]);
  });

  it.each([null, [], 'text', 5, true, [event()]])('is an object, not %j', (body) => {
    expect(errorsOf(body)).toEqual(['The body is not a JSON object']);
  });

  it('has a summary of at most 1,024 characters, whatever they are in UTF-16', () => {
    for (const character of ['x', 'é', '火', '🔥']) {
      expect(read(trigger({ summary: character.repeat(1_024) })).report).toMatchObject({
        title: character.repeat(1_024),
      });
      expect(errorsOf(trigger({ summary: character.repeat(1_025) }))).toEqual([
        "'payload.summary' is too long (maximum is 1024 characters)",
      ]);
    }
    expect(errorsOf(trigger({ summary: 'x'.repeat(500_000) }))).toHaveLength(1);
  });

  it.each(['trigger', 'acknowledge', 'resolve'])('has a key of at most 255 characters: %s', (action) => {
    for (const character of ['k', '🔑']) {
      const longest = event({ event_action: action, dedup_key: character.repeat(255) });
      expect(read(longest).report.dedupKey).toBe(character.repeat(255));
      expect(errorsOf(event({ event_action: action, dedup_key: character.repeat(256) }))).toEqual([
        "'dedup_key' is too long (maximum is 255 characters)",
      ]);
    }
  });

  it('gets a new key when a trigger names none', () => {
    for (const none of [event(), event({ dedup_key: null }), event({ dedup_key: '' }), event({ dedup_key: ' ' })])
      expect(read(none).report.dedupKey).toBe(freshKey);
  });

  it.each(['acknowledge', 'resolve'])('needs a key to %s, and no payload', (action) => {
    expect(errorsOf({ routing_key: routingKey, event_action: action })).toEqual(["'dedup_key' is missing or blank"]);
    for (const rest of [{}, { payload: null }, { payload: { summary: 'x'.repeat(2_000), severity: 'odd' } }])
      expect(read({ routing_key: routingKey, event_action: action, dedup_key: 'k', ...rest }).report).toMatchObject({
        action,
        dedupKey: 'k',
      });
  });

  it('takes labels from the payload that a resolve may carry', () => {
    expect(read(event({ event_action: 'resolve', dedup_key: 'k' })).report.labels).toEqual({
      severity: 'critical',
      source: 'db-1',
    });
  });

  it.each(['Trigger', 'close', 'ack', ' trigger'])('has no action "%s"', (action) => {
    expect(errorsOf(event({ event_action: action, dedup_key: 'k' }))).toContain(
      "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
    );
  });

  it('is not made invalid by what PagerDuty does not demand', () => {
    const odd: Json[] = [5, true, 'text', [], {}, [[null]], null];
    for (const value of odd) {
      const optional = { timestamp: value, component: value, group: value, class: value, custom_details: value };
      const around = { client: value, client_url: value, links: value, images: value, surprise: value };
      expect(errorsOf(event({ payload: { ...payload, ...optional, surprise: value }, ...around }))).toEqual([]);
    }
  });

  it('has at most a hundred labels, none of them long', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`name-${index}`, 'value']));
    expect(Object.keys(read(trigger({ custom_details: many })).report.labels)).toHaveLength(100);
    const long = { a: 'x'.repeat(1_025), ['n'.repeat(200)]: 'value', b: 'x'.repeat(1_024) };
    expect(Object.keys(read(trigger({ custom_details: long })).report.labels)).toEqual([
      'severity',
      'source',
      'custom_details.b',
    ]);
  });

  it('is of its integration only', () => {
    const { report } = read(event({ dedup_key: 'k' }));
    expect(ofIntegration(report, 'int_1').dedupKey).not.toBe(ofIntegration(report, 'int_2').dedupKey);
    expect(ofIntegration(report, 'int_1')).toEqual({ ...report, dedupKey: 'int_1:k' });
  });

  it('has the severity that its integration gives to the word', () => {
    const { report } = read(event());
    expect(inSeveritiesOf(report, { critical: 3 })).toEqual({ ...report, severity: 3 });
    for (const none of [{}, { error: 1 }] as const) expect(inSeveritiesOf(report, none)).toBe(report);
    const resolve = read(event({ event_action: 'resolve', dedup_key: 'k' })).report;
    expect(inSeveritiesOf(resolve, { critical: 3 })).toBe(resolve);
  });

  it('never throws, and is either read or refused with reasons, whatever JSON it is', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          routing_key: fc.oneof(fc.constant(routingKey), fc.jsonValue()),
          event_action: fc.oneof(fc.constantFrom('trigger', 'acknowledge', 'resolve'), fc.jsonValue()),
          dedup_key: fc.oneof(fc.string(), fc.jsonValue()),
          payload: fc.oneof(
            fc.record(
              {
                summary: fc.oneof(fc.string(), fc.jsonValue()),
                source: fc.oneof(fc.string(), fc.jsonValue()),
                severity: fc.oneof(fc.constantFrom('critical', 'error', 'warning', 'info'), fc.jsonValue()),
                custom_details: fc.jsonValue(),
              },
              { requiredKeys: [] },
            ),
            fc.jsonValue(),
          ),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(anything, (body) => {
        const result = readEvent(body as Json, freshKey);
        if ('errors' in result) return result.errors.length > 0;
        const { dedupKey } = result.report;
        return dedupKey.trim() !== '' && Array.from(dedupKey).length <= 255 && result.routingKey !== '';
      }),
      { numRuns: 2_000 },
    );
  });
});
