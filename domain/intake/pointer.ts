import { objectOf } from './sender-values.ts';

/** The longest path that is taken, in characters. */
export const pointerLimit = 300;

/**
 * What stands at a place of a JSON value: RFC 6901 (`/alerts/0/name`, `~1` for a slash, `~0` for a tilde). Undefined where
 * nothing does. It names one place and computes nothing.
 */
export function valueAt(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  let inner = value;
  for (const step of pointer.slice(1).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(inner)) inner = /^(0|[1-9]\d{0,5})$/.test(name) ? inner[Number(name)] : undefined;
    else {
      const object = objectOf(inner);
      inner = object !== null && Object.hasOwn(object, name) ? object[name] : undefined;
    }
    if (inner === undefined) return undefined;
  }
  return inner;
}

/** Null when the text is a pointer; else what is wrong with it. */
export function pointerFault(text: string): string | null {
  if (text.length > pointerLimit) return `must be at most ${pointerLimit} characters`;
  if (text !== '' && !text.startsWith('/')) return 'must be empty or begin with a slash';
  return /~(?![01])/.test(text) ? 'must write a tilde as ~0' : null;
}
