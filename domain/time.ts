/** Durations in milliseconds, so that a name says its unit: `6 * hourMs`. */
export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** RFC 3339 in UTC, milliseconds kept: the one text form of an instant. */
export const toIso = (epochMs: number): string => new Date(epochMs).toISOString();
