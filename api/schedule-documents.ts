import type { FastifyRequest } from 'fastify';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { namedPersons } from '#domain/oncall/schedule.ts';
import type { Schedule } from '#domain/oncall/schedule.ts';
import { scheduleProblemTitles, validateSchedule } from '#domain/oncall/validate-schedule.ts';
import type { ScheduleProblem } from '#domain/oncall/validate-schedule.ts';
import type { Transaction } from '#db/client.ts';
import { unknownPersons } from '#db/repositories/people.ts';
import { findSchedule, replaceSchedule, tellOfRoster } from '#db/repositories/schedules.ts';
import type { ScheduleDocument, ScheduleRow } from '#db/repositories/schedules.ts';
import { assertVisible } from './auth.ts';
import { auditChange, found } from './configuration.ts';
import type { ApiDeps } from './deps.ts';
import { principalOf } from './plugins/authentication.ts';
import type { FieldError } from './problem.ts';

/** Whoever may change a schedule in every way. */
export const scheduleManagers: readonly Role[] = ['oncall_manager', 'ops_lead'];

/** The schedule named in the path, or 404 when it is of a team that the asker does not see. */
export async function visibleSchedule(deps: ApiDeps, request: FastifyRequest): Promise<ScheduleRow> {
  const row = found(await findSchedule(deps.db, (request.params as { scheduleId: string }).scheduleId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

export const toSchedule = ({ id, version, document }: Pick<ScheduleRow, 'id' | 'version' | 'document'>): Schedule => ({
  ...document,
  id,
  version,
});

/**
 * Holds a document to the rules of schedules and to people who exist. Fails with `oncall.schedule_invalid`; `pointTo`
 * turns a place in the document into one in the request, for problems that are the request's.
 */
export async function assertDocument(
  tx: Transaction,
  document: ScheduleDocument,
  pointTo: (pointer: string) => string,
  people: readonly string[] = namedPersons(document),
): Promise<void> {
  const errors: FieldError[] = validateSchedule({ ...document, id: 'new', version: 0 }).map(
    ({ pointer, reason }: ScheduleProblem) => ({
      pointer: pointTo(pointer),
      code: reason,
      detail: scheduleProblemTitles[reason],
    }),
  );
  for (const id of await unknownPersons(tx, people))
    errors.push({ pointer: pointTo(''), code: 'unknown_person', detail: id });
  if (errors.length > 0)
    throw new VigilError('oncall.schedule_invalid', { errors: errors.map((error) => ({ ...error })) });
}

/**
 * Puts the next version of a schedule in place: open escalations that read it hear of it, and its audit event says what
 * was changed. The caller holds the row's lock and has checked the version and the document.
 */
export async function changeSchedule(
  tx: Transaction,
  request: FastifyRequest,
  id: string,
  change: {
    readonly document: ScheduleDocument;
    readonly action: string;
    readonly data: { readonly [key: string]: Json };
  },
): Promise<ScheduleRow> {
  const after = found(await replaceSchedule(tx, id, change.document));
  await tellOfRoster(tx, id, after.version);
  await auditChange(tx, request, { kind: 'schedule', id }, change.action, {
    scheduleVersion: after.version,
    ...change.data,
  });
  return after;
}
