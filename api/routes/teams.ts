import { z } from 'zod';
import { findTeam, insertTeam, listTeams } from '#db/repositories/teams.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertEverywhere, auditChange, created, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  createProblems,
  idOf,
  key,
  listProblems,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import type { Routes } from './types.ts';

const teamSchema = z
  .object({ id: z.string(), key: z.string(), name: z.string(), createdAt: outInstant })
  .meta({ id: 'Team' });

/** Teams: whose object something is, and so who sees it. */
export function registerTeams(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/teams',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(teamSchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listTeams(deps.db, visibleTeams(principalOf(request)), { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.get(
    '/v1/teams/:teamId',
    {
      config: { access: 'any' },
      schema: { params: z.object({ teamId: idOf('team') }), response: { 200: teamSchema, ...readProblems } },
    },
    async (request) => {
      const row = found(await findTeam(deps.db, request.params.teamId));
      assertVisible(principalOf(request), row.id);
      return withIsoDates(row);
    },
  );

  app.post(
    '/v1/teams',
    {
      config: { access: ['admin'] },
      schema: {
        headers: idempotencyHeaders,
        body: z.object({ key, name: title }).strict(),
        response: { 201: teamSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        assertEverywhere(request);
        const team = created(await insertTeam(tx, request.body));
        await auditChange(tx, request, { kind: 'team', id: team.id }, 'created', { key: team.key });
        return { status: 201, body: withIsoDates(team) };
      }),
  );
}
