import type { CaseEffect } from '#domain/review/case.ts';
import type { Database } from '#db/client.ts';
import {
  createTask,
  escalateCase,
  holdLaunch,
  moveSignals,
  raiseTask,
  resolveCaseEscalation,
  withdrawTask,
} from '#db/repositories/cases.ts';
import { openEnforcementOrder } from '#db/repositories/enforcement.ts';

type EffectOf<T extends CaseEffect['type']> = Extract<CaseEffect, { type: T }>;

/** What a case does to queues, orders, escalations and launches. All of it is Postgres; each call can be repeated. */
export const createCaseActivities = (db: Database) => ({
  createTask: (caseId: string, effect: EffectOf<'createTask'>): Promise<string> =>
    db.transaction((tx) => createTask(tx, caseId, effect)),
  withdrawTask: (caseId: string, round: number): Promise<void> =>
    db.transaction((tx) => withdrawTask(tx, caseId, round)),
  raiseTask: (caseId: string, round: number, severity: number): Promise<void> =>
    db.transaction((tx) => raiseTask(tx, caseId, round, severity)),
  openEnforcement: (effect: EffectOf<'openEnforcement'>): Promise<string> =>
    db.transaction((tx) => openEnforcementOrder(tx, effect)),
  escalateCase: (caseId: string, effect: EffectOf<'openEscalation'>): Promise<void> =>
    db.transaction((tx) => escalateCase(tx, caseId, effect)),
  resolveCaseEscalation: (caseId: string, effect: EffectOf<'resolveEscalation'>): Promise<void> =>
    db.transaction((tx) => resolveCaseEscalation(tx, caseId, effect)),
  holdLaunch: (caseId: string, launchId: string): Promise<void> =>
    db.transaction((tx) => holdLaunch(tx, caseId, launchId)),
  moveSignals: (caseId: string, effect: EffectOf<'moveSignals'>): Promise<void> =>
    db.transaction((tx) => moveSignals(tx, caseId, effect)),
});
