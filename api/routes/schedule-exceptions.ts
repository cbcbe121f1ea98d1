import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { IdKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import { markRefusal, temporaryScheduleRefusal } from '#domain/oncall/additions.ts';
import type { AdditionRefusal } from '#domain/oncall/additions.ts';
import { overrideRefusal } from '#domain/oncall/overrides.ts';
import type { Period } from '#domain/oncall/schedule.ts';
import { newId } from '#db/ids.ts';
import { databaseNow } from '#db/now.ts';
import { lockSchedule } from '#db/repositories/schedules.ts';
import type { ScheduleDocument } from '#db/repositories/schedules.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertMatch, etagOf, found, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { assertDocument, changeSchedule, scheduleManagers, visibleSchedule } from '../schedule-documents.ts';
import { changeProblems, idOf, ifMatch, nothing } from '../schemas/common.ts';
import {
  fromPeriods,
  mark,
  newMark,
  newOverride,
  newTemporarySchedule,
  override,
  temporarySchedule,
  toPeriods,
} from '../schemas/schedule.ts';
import type { Routes } from './types.ts';

const params = z.object({ scheduleId: idOf('schedule') });

type List = 'overrides' | 'temporarySchedules' | 'marks';
type Entry<L extends List> = ScheduleDocument[L][number];
type Draft<L extends List> = Entry<L> extends infer E ? (E extends unknown ? Omit<E, 'id'> : never) : never;

/** One of the lists that stand beside a schedule's layers. */
interface Exception<L extends List> {
  readonly list: L;
  /** The sub-resource: a plural noun. */
  readonly resource: string;
  readonly idKind: IdKind;
  /** As it stands in the audit event: `schedule.overrideAdded`. */
  readonly word: string;
  readonly body: z.ZodObject | z.ZodUnion;
  readonly view: z.ZodType;
  readonly refusal: (existing: ScheduleDocument[L], draft: Draft<L>) => AdditionRefusal | null;
  readonly people: (draft: Draft<L>) => readonly string[];
  /** Whether it only brings its author in, so that a responder may add it. */
  readonly isOwn: (draft: Draft<L>, personId: string) => boolean;
}

/**
 * What changes a schedule for a time: each added and removed alone, under the schedule's ETag, and each raises its version.
 * Managers may add and remove all of them. A responder may stand in for another, come in addition, or shadow; who takes
 * somebody off the rota must be a manager.
 */
export function registerScheduleExceptions(app: Routes, deps: ApiDeps): void {
  exceptionRoutes(app, deps, {
    list: 'overrides',
    resource: 'overrides',
    idKind: 'override',
    word: 'override',
    body: newOverride,
    view: override,
    refusal: (existing, draft) => {
      const refusal = overrideRefusal(existing, draft);
      return refusal === null ? null : { code: refusal.code, conflictsWith: refusal.overrideId };
    },
    people: (draft) => (draft.kind === 'replace' ? [draft.personId, draft.byPersonId] : [draft.personId]),
    isOwn: (draft, id) =>
      draft.kind === 'replace' ? draft.byPersonId === id : draft.kind === 'add' && draft.personId === id,
  });
  exceptionRoutes(app, deps, {
    list: 'temporarySchedules',
    resource: 'temporary-schedules',
    idKind: 'temporarySchedule',
    word: 'temporarySchedule',
    body: newTemporarySchedule,
    view: temporarySchedule,
    refusal: temporaryScheduleRefusal,
    people: ({ shifts }) => [...new Set(shifts.map(({ personId }) => personId))],
    isOwn: () => false,
  });
  exceptionRoutes(app, deps, {
    list: 'marks',
    resource: 'marks',
    idKind: 'mark',
    word: 'mark',
    body: newMark,
    view: mark,
    refusal: markRefusal,
    people: ({ personId }) => [personId],
    isOwn: ({ kind, personId }, id) => kind === 'shadow' && personId === id,
  });
}

function exceptionRoutes<L extends List>(app: Routes, deps: ApiDeps, of: Exception<L>): void {
  const mayAdd: readonly Role[] =
    of.list === 'temporarySchedules' ? scheduleManagers : [...scheduleManagers, 'responder'];
  const path = `/v1/schedules/:scheduleId/${of.resource}`;

  app.post(
    path,
    {
      config: { access: mayAdd },
      schema: {
        params,
        headers: idempotencyHeaders.extend(ifMatch.shape),
        body: of.body,
        response: { 201: of.view, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleSchedule(deps, request);
      const draft = toPeriods(request.body) as Draft<L>;
      const principal = principalOf(request);
      assertMayFor(principal, of.isOwn(draft, principal.id) ? mayAdd : scheduleManagers, teamId);
      return once(deps, request, reply, async (tx) => {
        const { version, document } = found(await lockSchedule(tx, id));
        assertMatch(request, version);
        if ((draft as unknown as Period).endAt <= (await databaseNow(tx))) throw new VigilError('oncall.period_over');
        const refusal = of.refusal(document[of.list], draft);
        if (refusal) {
          const { code, conflictsWith } = refusal;
          throw new VigilError(code, conflictsWith === null ? {} : { conflictsWith });
        }
        const entry = { id: newId(of.idKind), ...draft } as unknown as Entry<L>;
        const next = { ...document, [of.list]: [...document[of.list], entry] };
        await assertDocument(tx, next, placeIn(of.list, document[of.list].length), of.people(draft));
        const after = await changeSchedule(tx, request, id, {
          document: next,
          action: `${of.word}Added`,
          data: { [of.word]: entry as unknown as Json },
        });
        return {
          status: 201,
          body: fromPeriods(entry) as object,
          headers: { etag: etagOf(after.version), location: `/v1/schedules/${id}/${of.resource}/${entry.id}` },
        };
      });
    },
  );

  app.delete(
    `${path}/:entryId`,
    {
      config: { access: scheduleManagers },
      schema: {
        params: params.extend({ entryId: z.string().min(1).max(100) }),
        headers: ifMatch,
        response: { 204: nothing, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleSchedule(deps, request);
      assertMayFor(principalOf(request), scheduleManagers, teamId);
      const { entryId } = request.params;
      const after = await deps.db.transaction(async (tx) => {
        const { version, document } = found(await lockSchedule(tx, id));
        const entry = found(document[of.list].find((one) => one.id === entryId));
        assertMatch(request, version);
        return changeSchedule(tx, request, id, {
          document: { ...document, [of.list]: document[of.list].filter((one) => one !== entry) },
          action: `${of.word}Removed`,
          data: { [of.word]: entry as unknown as Json },
        });
      });
      withEtag(reply, after);
      return reply.code(204).send(null);
    },
  );
}

/** Places in the added entry become places in the request; what is said of the list or the rest stays named as it is. */
const placeIn =
  (list: List, index: number) =>
  (pointer: string): string =>
    pointer === '' || pointer.startsWith(`/${list}/${index}`)
      ? `/body${pointer.slice(`/${list}/${index}`.length)}`
      : pointer;
