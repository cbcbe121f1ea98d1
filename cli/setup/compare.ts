const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * True when what is there says what is wanted. Instants are compared as such, however they are written; what the API
 * adds on its own as empty (null, an empty list) is no difference.
 */
export function says(there: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(there) && there.length === wanted.length && wanted.every((item, index) => says(there[index], item))
    );
  }
  if (isObject(wanted)) {
    if (!isObject(there)) return false;
    const added = Object.keys(there).filter((name) => !Object.hasOwn(wanted, name));
    return holds(there, wanted) && added.every((name) => isEmpty(there[name]));
  }
  if (typeof wanted === 'string' && typeof there === 'string' && instant.test(wanted) && instant.test(there)) {
    return Date.parse(wanted) === Date.parse(there);
  }
  return there === wanted || (isEmpty(wanted) && isEmpty(there));
}

/** True when every field that is wanted is there as wanted; other fields are passed over. */
export function holds(there: object, wanted: object): boolean {
  const fields: Readonly<Record<string, unknown>> = { ...there };
  return Object.entries(wanted).every(([name, value]) => says(fields[name], value));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);
