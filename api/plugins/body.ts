import type { FastifyInstance } from 'fastify';
import { VigilError } from '#domain/errors.ts';

const deepest = 32;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The only parser of bodies: JSON in valid UTF-8, at most 32 levels deep, without NUL, lone surrogates or keys that
 * touch prototypes. Postgres and later code would choke on what is refused here.
 */
export function registerBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/*+json'],
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseBody(body),
  );
}

/** Refuses a NUL in the address, as the body parser does in bodies: no key, name or search that has one can be stored or found. */
export function registerAddressCheck(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (!raw.url?.includes('%00')) return;
    const detail = 'must not hold a NUL character';
    throw new VigilError('request.invalid', { errors: [{ pointer: '/url', code: 'invalid', detail }] });
  });
}

/** For a scope whose routes take any body at all, and throw it away. */
export function throwAwayBodies(scope: FastifyInstance, bodyLimit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, _body, parsed) =>
    parsed(null, undefined),
  );
}

export function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    const text = decoder.decode(body);
    assertShallow(text);
    const value: unknown = JSON.parse(text);
    assertClean(value);
    return value;
  } catch (cause) {
    if (cause instanceof VigilError) throw cause;
    throw new VigilError('request.unreadable', {}, { cause });
  }
}

/** Counts brackets before parsing: a hundred thousand of them would overflow the stack of whoever walks the value. */
function assertShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (inString) {
      if (char === 0x5c) index++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > deepest) throw new VigilError('request.unreadable', { deepest });
    } else if (char === 0x7d || char === 0x5d) depth--;
  }
}

function assertClean(value: unknown): void {
  if (typeof value === 'string') assertText(value);
  else if (typeof value === 'number' && !Number.isFinite(value)) throw new VigilError('request.unreadable');
  else if (Array.isArray(value)) for (const item of value) assertClean(item);
  else if (value !== null && typeof value === 'object') {
    for (const key of Object.keys(value)) {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype')
        throw new VigilError('request.unreadable');
      assertText(key);
      assertClean((value as Record<string, unknown>)[key]);
    }
  }
}

function assertText(text: string): void {
  if (text.includes('\u0000') || !text.isWellFormed()) throw new VigilError('request.unreadable');
}
