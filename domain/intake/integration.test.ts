import { describe, expect, it } from 'vitest';
import type { Condition } from './conditions.ts';
import { routeOf, servicesOf } from './integration.ts';
import type { Route } from './integration.ts';
import { ruleFor } from './suppression.ts';

const team = (value: string): Condition => ({ label: 'team', is: 'equals', value });
const route = (more: Partial<Route>): Route => ({ when: [], serviceId: null, severity: null, stop: true, ...more });

describe('a route', () => {
  const routes = [
    route({ when: [{ label: 'env', is: 'equals', value: 'test' }], severity: 4, stop: false }),
    route({ when: [team('pay')], serviceId: 'svc_pay' }),
    route({ when: [{ label: 'team', is: 'present' }], serviceId: 'svc_rest', severity: 2 }),
    route({ when: [team('none')], serviceId: 'svc_never' }),
  ];
  it.each([
    ['the first that matches', { team: 'pay' }, { serviceId: 'svc_pay', severity: null }],
    ['the next one', { team: 'ads' }, { serviceId: 'svc_rest', severity: 2 }],
    ['none: its own service', {}, { serviceId: 'svc_own', severity: null }],
    [
      'one that goes on leaves the rest to later ones',
      { team: 'pay', env: 'test' },
      { serviceId: 'svc_pay', severity: 4 },
    ],
    ['what an earlier one said stays', { team: 'ads', env: 'test' }, { serviceId: 'svc_rest', severity: 4 }],
  ])('%s', (_what, labels, to) => expect(routeOf(routes, 'svc_own', labels)).toEqual(to));

  it('names every service that may be meant, the own one first', () => {
    expect(servicesOf([...routes, route({ serviceId: 'svc_own' })], 'svc_own')).toEqual([
      'svc_own',
      'svc_pay',
      'svc_rest',
      'svc_never',
    ]);
  });
});

describe('a rule keeps quiet', () => {
  const rule = (more: object = {}) => ({
    id: 'spr',
    teamId: 'tea',
    serviceId: null,
    integrationId: null,
    conditions: [team('pay')],
    ...more,
  });
  const alert = { serviceId: 'svc', teamId: 'tea', integrationId: 'int', labels: { team: 'pay' } };
  it.each([
    ['what it names', {}, true],
    ['what it names, at the service', { serviceId: 'svc' }, true],
    ['not at another service', { serviceId: 'svc_2' }, false],
    ['what it names, from the integration', { integrationId: 'int' }, true],
    ['not from another integration', { integrationId: 'int_2' }, false],
    ['not of another team', { teamId: 'tea_2' }, false],
    ['not what fits in part', { conditions: [team('pay'), team('ads')] }, false],
  ])('%s', (_what, more, quiet) => expect(ruleFor([rule(more)], alert)?.id).toBe(quiet ? 'spr' : undefined));
  it('by the first rule that fits', () =>
    expect(ruleFor([rule({ id: 'a', serviceId: 'x' }), rule({ id: 'b' }), rule({ id: 'c' })], alert)?.id).toBe('b'));
});
