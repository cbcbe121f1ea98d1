/** 1 is the worst. Everything that is ranked (alerts, signals, cases, commands) uses this one scale. */
export const severities = [1, 2, 3, 4] as const;
export type Severity = (typeof severities)[number];

export const worse = (a: Severity, b: Severity): Severity => (a < b ? a : b);
