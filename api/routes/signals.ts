import { z } from 'zod';
import { findVersion } from '#db/repositories/detector-documents.ts';
import { findProductEvent, findSignal, listAccountEvents, listSignals } from '#db/repositories/fact-lists.ts';
import { assertVisible } from '../auth.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { idOf, outInstant, pageOf, pageQuery, readProblems, withIsoDates } from '../schemas/common.ts';
import { signalSchema, toSignalView } from '../schemas/signal.ts';
import { visibleProduct } from './products.ts';
import type { Routes } from './types.ts';

const eventSchema = z
  .object({
    id: z.string(),
    productId: z.string(),
    sourceId: z.string(),
    kind: z.string(),
    accountRef: z.string(),
    attributes: z.record(z.string(), z.unknown()),
    contentId: z.string().nullable().describe('Content is shown to the reviewer of a claimed task only.'),
    synthetic: z.boolean(),
    occurredAt: outInstant,
    receivedAt: outInstant,
  })
  .meta({ id: 'ProductEvent' });

/** What products reported and detectors found: ids, numbers and attributes, never the content. */
export function registerSignals(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/signals',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({ detectorVersionId: idOf('detectorVersion') }),
        response: { 200: pageOf(signalSchema), ...readProblems },
      },
    },
    async (request) => {
      const { limit, cursor, detectorVersionId } = request.query;
      const { detector } = found(await findVersion(deps.db, detectorVersionId));
      assertVisible(principalOf(request), detector.teamId);
      const rows = await listSignals(deps.db, detectorVersionId, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, toSignalView);
    },
  );

  app.get(
    '/v1/signals/:signalId',
    {
      config: { access: 'any' },
      schema: { params: z.object({ signalId: idOf('signal') }), response: { 200: signalSchema, ...readProblems } },
    },
    async (request) => {
      const { signal, teamId } = found(await findSignal(deps.db, request.params.signalId));
      assertVisible(principalOf(request), teamId);
      return toSignalView(signal);
    },
  );

  app.get(
    '/v1/products/:productId/events',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ productId: idOf('product') }),
        querystring: pageQuery.extend({ accountRef: z.string().min(1).max(200) }),
        response: { 200: pageOf(eventSchema), ...readProblems },
      },
    },
    async (request) => {
      const { limit, cursor, accountRef } = request.query;
      const product = await visibleProduct(deps, request);
      const page = { limit, after: readCursor(cursor) };
      const rows = await listAccountEvents(deps.db, product.id, accountRef, page);
      return toPage(rows, limit, (row) => row.occurredAt, toEventView);
    },
  );

  app.get(
    '/v1/product-events/:eventId',
    {
      config: { access: 'any' },
      schema: { params: z.object({ eventId: idOf('productEvent') }), response: { 200: eventSchema, ...readProblems } },
    },
    async (request) => {
      const { event, teamId } = found(await findProductEvent(deps.db, request.params.eventId));
      assertVisible(principalOf(request), teamId);
      return toEventView(event);
    },
  );
}

const toEventView = (row: NonNullable<Awaited<ReturnType<typeof findProductEvent>>>['event']) => ({
  ...withIsoDates(row),
  attributes: row.attributes as Record<string, unknown>,
});
