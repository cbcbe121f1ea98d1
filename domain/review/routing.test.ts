import { describe, expect, it } from 'vitest';
import { route } from './routing.ts';
import type { RoutingFacts, RoutingTable } from './routing.ts';

const table: RoutingTable = {
  rules: [
    { ruleId: 'senior', queueId: 'que_senior', when: { tier: ['senior'] } },
    { ruleId: 'urgent-fraud', queueId: 'que_urgent', when: { harm: ['fraud', 'plat'], severity: [1, 2] } },
    { ruleId: 'fraud', queueId: 'que_fraud', when: { harm: ['fraud'] } },
  ],
  defaultQueueId: 'que_default',
  sensitiveDefaultQueueId: 'que_sensitive',
};
const facts = (more: Partial<RoutingFacts> = {}): RoutingFacts => ({
  productId: 'prd_1',
  harm: 'fraud',
  severity: 3,
  sensitive: false,
  tier: 'first',
  purpose: 'first',
  ...more,
});
const all = ['que_senior', 'que_urgent', 'que_fraud', 'que_default', 'que_sensitive'];

describe('routing', () => {
  it.each([
    ['all conditions of a rule', facts({ severity: 1 }), 'que_urgent', 'urgent-fraud'],
    ['the first rule that holds', facts({ severity: 1, tier: 'senior' }), 'que_senior', 'senior'],
    ['a later rule', facts(), 'que_fraud', 'fraud'],
    ['the default', facts({ harm: 'hate' }), 'que_default', null],
    ['the sensitive default', facts({ harm: 'csae', sensitive: true }), 'que_sensitive', null],
  ] as const)('goes by %s', (_by, given, queueId, ruleId) => {
    expect(route(table, given, all)).toEqual({ queueId, ruleId, skippedRuleIds: [] });
  });

  it('passes over a rule whose queue is closed, and says so', () => {
    const open = all.filter((queueId) => queueId !== 'que_urgent');
    expect(route(table, facts({ severity: 1 }), open)).toEqual({
      queueId: 'que_fraud',
      ruleId: 'fraud',
      skippedRuleIds: ['urgent-fraud'],
    });
    expect(route(table, facts({ severity: 1 }), []).queueId).toBe('que_default');
  });
});
