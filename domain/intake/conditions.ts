/** What is asked of one label. A label that a report does not have is never equal, never matches, and is always `notEquals`. */
export type Condition =
  | { readonly label: string; readonly is: 'equals' | 'notEquals'; readonly value: string }
  /** `*` stands for any text, also none; all else is taken literally, and the whole value must fit. */
  | { readonly label: string; readonly is: 'matches'; readonly pattern: string }
  | { readonly label: string; readonly is: 'present' };

export type Labels = Readonly<Record<string, string>>;

/** True when every condition holds; no condition holds of everything. */
export const allHold = (conditions: readonly Condition[], labels: Labels): boolean =>
  conditions.every((condition) => holds(condition, labels));

export function holds(condition: Condition, labels: Labels): boolean {
  const value = Object.hasOwn(labels, condition.label) ? labels[condition.label] : undefined;
  switch (condition.is) {
    case 'present':
      return value !== undefined;
    case 'equals':
      return value === condition.value;
    case 'notEquals':
      return value !== condition.value;
    case 'matches':
      return value !== undefined && fits(condition.pattern, value);
  }
}

/**
 * True when the text fits the pattern from its first to its last character. The parts between stars are sought from left
 * to right, each at its first place, so no pattern and no text can make it slow.
 */
export function fits(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return text === pattern;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at === -1 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
