import { InvalidArgumentError } from 'commander';

/** One condition over a label, as the API takes it. */
export type Condition =
  | { readonly label: string; readonly is: 'equals' | 'notEquals'; readonly value: string }
  | { readonly label: string; readonly is: 'matches'; readonly pattern: string }
  | { readonly label: string; readonly is: 'present' };

/**
 * Reads `label=value`, `label!=value`, `label~pattern` (`*` stands for any text) or a label alone, which must be there; to be
 * repeated. Fails with an `InvalidArgumentError` when there is no label.
 */
export function addCondition(text: string, known: readonly Condition[] = []): readonly Condition[] {
  const [, label = '', sign = '', value = ''] = /^([^=!~]+)(?:(!=|=|~)(.*))?$/s.exec(text) ?? [];
  if (label === '') throw new InvalidArgumentError('write label=value, label!=value, label~pattern or a label alone');
  if (sign === '') return [...known, { label, is: 'present' }];
  if (sign === '~') return [...known, { label, is: 'matches', pattern: value }];
  return [...known, { label, is: sign === '=' ? 'equals' : 'notEquals', value }];
}

/** As it is typed. */
export const conditionText = (condition: Condition): string => {
  if (condition.is === 'present') return condition.label;
  if (condition.is === 'matches') return `${condition.label}~${condition.pattern}`;
  return `${condition.label}${condition.is === 'equals' ? '=' : '!='}${condition.value}`;
};
