/**
 * What may be told of an error that nobody expected: its kind and its place, never its message. A driver quotes the
 * statement with its parameters there, a parser the text that it could not read.
 */
export function describeError(error: unknown): { readonly kinds: string; readonly frames: string } {
  return { kinds: kindsOf(error).join(' < '), frames: framesOf(error) };
}

/** The names of an error and of its causes, each with its code when it has one. */
function kindsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [typeof error];
  const code =
    'code' in error && typeof error.code === 'string' && /^\w{1,40}$/.test(error.code) ? ` ${error.code}` : '';
  // The database library and its driver name their errors by their classes alone.
  const name = /^error$/i.test(error.name) ? error.constructor.name : error.name;
  return [`${name}${code}`, ...(error.cause === undefined ? [] : kindsOf(error.cause))].slice(0, 5);
}

/** Where it was thrown, without the text above it, which repeats the message. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const end = error.stack.indexOf(error.message);
  return end < 0 ? '' : error.stack.slice(end + error.message.length);
}
