import { describe, expect, it } from 'vitest';
import { addCondition, conditionText } from './conditions.ts';

describe('a condition', () => {
  it.each([
    ['team=pay', { label: 'team', is: 'equals', value: 'pay' }],
    ['team=', { label: 'team', is: 'equals', value: '' }],
    ['team!=pay', { label: 'team', is: 'notEquals', value: 'pay' }],
    ['host~db-*', { label: 'host', is: 'matches', pattern: 'db-*' }],
    ['query=a=b', { label: 'query', is: 'equals', value: 'a=b' }],
    ['team', { label: 'team', is: 'present' }],
  ] as const)('%s', (text, condition) => {
    expect(addCondition(text)).toEqual([condition]);
    expect(conditionText(condition)).toBe(text);
  });

  it('is added to those before it', () => {
    expect(addCondition('b', addCondition('a')).map(conditionText)).toEqual(['a', 'b']);
  });

  it.each(['', '=x', '!=x', '~x'])('%j is none', (text) => expect(() => addCondition(text)).toThrow('label=value'));
});
