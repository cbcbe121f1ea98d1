/** What every key of a sender looks like: one that Vigil makes has 32 characters, one of another product 20 to 64. */
export const senderKeyShape = /^[\dA-Za-z_-]{20,64}$/;

/** Of a random key of 20 characters or more it is next to impossible that it has fewer. */
const differentAtLeast = 10;

/** Whether a key looks made up rather than random: anybody could guess it. */
export const looksWeak = (key: string): boolean => new Set(key).size < differentAtLeast;

/** Why no sender of this kind could ever show the key; null when one can. Does not repeat the key. */
export function misfitOf(key: string, kind: string): string | null {
  if (kind === 'email') return 'a mail address cannot hold it: these integrations get a key of their own';
  if (kind === 'pagerduty_events_v2' && !/^[\dA-Za-z]{32}$/.test(key))
    return 'must have 32 letters and digits, as every routing key';
  return null;
}
