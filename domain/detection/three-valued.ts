/**
 * Truth of a condition whose input may be missing (Kleene's three-valued logic).
 *
 * `unknown` is not `false`: a detector that could not look has not found nothing.
 */
export type Truth = boolean | 'unknown';

export const not = (truth: Truth): Truth => (truth === 'unknown' ? 'unknown' : !truth);

/** False as soon as one is false; else unknown when one is unknown. All of nothing is true. Stops at the first false. */
export function allOf(truths: Iterable<Truth>): Truth {
  let result: Truth = true;
  for (const truth of truths) {
    if (truth === false) return false;
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}

/** True as soon as one is true; else unknown when one is unknown. Any of nothing is false. Stops at the first true. */
export function anyOf(truths: Iterable<Truth>): Truth {
  let result: Truth = false;
  for (const truth of truths) {
    if (truth === true) return true;
    if (truth === 'unknown') result = 'unknown';
  }
  return result;
}
