import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import type { Transaction } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { insertNote } from '#db/repositories/notes.ts';
import { assertMayFor } from './auth.ts';
import { commandResponses, idempotencyHeaders, runCommand } from './commands.ts';
import type { ApiDeps } from './deps.ts';
import { principalOf } from './plugins/authentication.ts';
import { note } from './schemas/common.ts';
import type { Routes } from './routes/types.ts';

/** Fields that are undefined are left out, as they are in JSON. */
export type CommandInput = { readonly [key: string]: Json | undefined };

/** The sub-resources that are created to ask something of one kind of aggregate. */
export interface CommandRoutes<Row extends { readonly id: string; readonly teamId: string }> {
  readonly kind: AggregateKind;
  /** `/v1/launches/:launchId`: the parameter is the aggregate's id. */
  readonly path: string;
  readonly params: z.ZodObject;
  /** Who may ask, unless a route says otherwise. */
  readonly roles: readonly Role[];
  readonly priority: number;
  /** The aggregate's row, if the asker may see it; else `resource.not_found`. */
  readonly find: (request: FastifyRequest, id: string) => Promise<Row>;
}

export interface CommandRoute<B, Row> {
  /** The sub-resource: a plural noun. */
  readonly resource: string;
  /** The machine's event, which is the command. */
  readonly name: string;
  readonly body: z.ZodType<B>;
  readonly roles?: readonly Role[];
  /** What the machine gets beside `by`. By default the body itself, without its note. */
  readonly toInput?: (body: B, row: Row, request: FastifyRequest) => Promise<CommandInput> | CommandInput;
  /** Rows that are written with the command, in one transaction. */
  readonly also?: (tx: Transaction, body: B, row: Row, input: { readonly [key: string]: Json }) => Promise<void>;
}

/** Optional free text of a command. The workflow gets the id of the note, or null. */
export const optionalNote = { note: note.optional() };
export const requiredNote = { note };

/**
 * Registers `POST <path>/<resource>` for one command. The text of `note` is kept as a note row, whose id goes with the
 * command as `noteId`: null when the body's schema has a note and none was given.
 */
export function commandRoutes<Row extends { readonly id: string; readonly teamId: string }>(
  app: Routes,
  deps: ApiDeps,
  of: CommandRoutes<Row>,
) {
  return <B extends Record<string, unknown>>(route: CommandRoute<B, Row>): void => {
    const roles = route.roles ?? of.roles;
    const hasNote = route.body instanceof z.ZodObject && 'note' in route.body.shape;
    app.post(
      `${of.path}/${route.resource}`,
      {
        config: { access: roles },
        schema: { params: of.params, headers: idempotencyHeaders, body: route.body, response: commandResponses },
      },
      async (request, reply) => {
        const id = Object.values(request.params as Record<string, string>)[0] ?? '';
        const row = await of.find(request, id);
        const principal = principalOf(request);
        assertMayFor(principal, roles, row.teamId);
        const { note: text, ...rest } = request.body as B & { note?: string };
        const noteId = text === undefined ? null : newId('note');
        const own = route.toInput
          ? await route.toInput(rest as unknown as B, row, request)
          : (rest as unknown as CommandInput);
        const input = withoutUndefined(hasNote ? { ...own, noteId } : own);
        return runCommand(deps, request, reply, {
          name: route.name,
          kind: of.kind,
          aggregateId: id,
          teamId: row.teamId,
          priority: of.priority,
          input,
          also: async (tx) => {
            if (noteId !== null && text !== undefined) await insertNote(tx, principal.id, text, noteId);
            await route.also?.(tx, rest as unknown as B, row, input);
          },
        });
      },
    );
  };
}

const withoutUndefined = (input: CommandInput): { readonly [key: string]: Json } =>
  JSON.parse(JSON.stringify(input)) as { readonly [key: string]: Json };
