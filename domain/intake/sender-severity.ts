import type { Severity } from '../severity.ts';

/** How a sender's word becomes a severity: values are compared without regard to case. */
export interface SeverityTable {
  readonly values: Readonly<Record<string, Severity>>;
  /** For words that are not in the table, and for none at all: an alert is never lost for want of a severity. */
  readonly fallback: Severity;
}

/** Words that monitoring systems use, as most teams mean them. P1 to P5 are Opsgenie's priorities. */
export const usualSeverities: SeverityTable = {
  values: {
    '1': 1,
    page: 1,
    critical: 1,
    emergency: 1,
    fatal: 1,
    p1: 1,
    '2': 2,
    error: 2,
    high: 2,
    major: 2,
    p2: 2,
    '3': 3,
    warning: 3,
    warn: 3,
    medium: 3,
    minor: 3,
    p3: 3,
    '4': 4,
    info: 4,
    information: 4,
    informational: 4,
    low: 4,
    none: 4,
    ok: 4,
    p4: 4,
    p5: 4,
  },
  fallback: 3,
};

/** The word that stands for every other word, and for none. */
export const anyWord = '*';

/** The usual words, and before them those of the integration. */
export const severitiesWith = (own: Readonly<Record<string, Severity>>): SeverityTable => ({
  values: { ...usualSeverities.values, ...own },
  fallback: own[anyWord] ?? usualSeverities.fallback,
});

export function severityOf(word: string | null, { values, fallback }: SeverityTable): Severity {
  return word === null ? fallback : (valueIn(values, word) ?? fallback);
}

/** The value of a word in a table, whatever the case of either; null when it has none. */
export function valueIn<V>(values: Readonly<Record<string, V>>, word: string): V | null {
  const wanted = word.trim().toLowerCase();
  for (const [name, value] of Object.entries(values)) if (name.toLowerCase() === wanted) return value;
  return null;
}
