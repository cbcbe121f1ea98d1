import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Actor } from '#domain/actor.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';

/** Task queues by resource need: an enforcement outage must never delay a page. */
export const queues = {
  orchestration: 'orchestration',
  paging: 'paging',
  detection: 'detection',
  enforcement: 'enforcement',
  mirroring: 'mirroring',
} as const;
export type Queue = (typeof queues)[keyof typeof queues];

/** Quick tries of one call to a platform, over about three minutes; then the order's own slow timer takes over. */
export const platformAttempts = 10;

/** Tries of one sweep; after them it is noted as failed and the schedule's next sweep reads on. */
export const sweepAttempts = 3;

/** Tries of one page on one channel before the person's next channel is used. */
export const pageAttempts = 6;

/**
 * A request on its way to a workflow. The update id is `commandId`; workflows keep the ids that they applied, so a
 * second delivery, also after continue-as-new, gets the first answer.
 */
export interface CommandEnvelope {
  readonly commandId: string;
  readonly name: string;
  readonly actor: Actor;
  readonly requestId: string | null;
  readonly input: { readonly [key: string]: Json };
}

/** What a command led to, after it was recorded: the version it made and what the asker should know. */
export interface CommandAnswer {
  readonly version: number;
  readonly [key: string]: Json;
}

/** What every aggregate's workflow starts with; `carried` is set by continue-as-new alone. */
export interface AggregateInput<Opening, Carried = Json> {
  readonly id: string;
  readonly opening: Opening;
  readonly cause: { readonly commandId: string; readonly actor: Actor; readonly requestId: string | null };
  readonly carried?: Carried;
}

interface AggregateContract {
  /** The workflow's type: the name of its function. */
  readonly workflow: string;
  readonly queue: Queue;
  /** Requests of people and services: updates, answered after they were recorded. */
  readonly updates: readonly string[];
  /** Facts from intake: signals, which need no worker to be accepted. */
  readonly signals: readonly string[];
}

/** The one table of what can be said to which aggregate. A command's name is the type of the machine's event. */
export const aggregates = {
  launch: {
    workflow: 'launchReadiness',
    queue: queues.orchestration,
    updates: [
      'answerIntake',
      'assignRole',
      'setTier',
      'attachEvidence',
      'reportCheck',
      'runChecks',
      'signRequirement',
      'signOff',
      'meetCondition',
      'overruleObjection',
      'requestWaiver',
      'approveWaiver',
      'refuseWaiver',
      'revokeWaiver',
      'requestNotApplicable',
      'approveNotApplicable',
      'refuseNotApplicable',
      'advanceStage',
      'hold',
      'release',
      'abort',
    ],
    signals: ['caseLinked', 'detectorDegraded'],
  },
  case: {
    workflow: 'reviewCase',
    queue: queues.orchestration,
    // A decision is an update although it comes from intake: should the case have moved on, its refusal is recorded.
    updates: ['decisionRecorded', 'escalate', 'merge'],
    signals: ['signalAdded', 'taskClaimed', 'enforcementSettled', 'drillClosed'],
  },
  enforcement: {
    workflow: 'enforce',
    queue: queues.orchestration,
    updates: ['approve', 'refuse', 'reverse', 'makePermanent', 'retry', 'settleByHand'],
    signals: ['killSwitchCleared'],
  },
  escalation: {
    workflow: 'escalationLadder',
    queue: queues.orchestration,
    updates: [
      'acknowledge',
      'unacknowledge',
      'escalateNow',
      'reassign',
      'snooze',
      'resolve',
      'addResponder',
      'stopOwnPages',
      'moveToCurrentPolicy',
    ],
    // A page is settled by what its activity answers, and again by a receipt that comes later.
    signals: ['sourceChanged', 'rosterChanged', 'maintenanceStarted', 'maintenanceEnded', 'pageSettled'],
  },
  canary: {
    workflow: 'canary',
    queue: queues.orchestration,
    updates: [],
    signals: ['detected', 'caseOpened', 'paged', 'acknowledged'],
  },
  heartbeat: {
    workflow: 'heartbeatMonitor',
    queue: queues.orchestration,
    updates: ['pause', 'resume', 'change', 'close'],
    // Left only for a monitor that waits for a beat: those of one that beats stand in Postgres, where it looks when due.
    signals: ['beat'],
  },
} as const satisfies Record<AggregateKind, AggregateContract>;

/** `kind:domainId`, the only form of a workflow id. */
export const workflowId = (kind: AggregateKind, id: string): string => `${kind}:${id}`;

/** Watches over schedules, minute by minute; there is one. */
export const oncallWatchWorkflow = 'oncallWatch';
export const oncallWatchId = 'oncall:watch';

/** Shows how an escalation stands wherever it is shown; there is at most one per escalation. */
export const mirrorWorkflow = 'statusMirror';
export const mirrorId = (escalationId: string): string => `mirror:${escalationId}`;
export const statusChanged = defineSignal('statusChanged');

export const sweepWorkflow = 'detectionSweep';
export const sweepScheduleId = (detectorVersionId: string): string => `sweep:${detectorVersionId}`;

export const update = (name: string) => defineUpdate<CommandAnswer, [CommandEnvelope]>(name);
export const fact = (name: string) => defineSignal<[CommandEnvelope]>(name);

/**
 * Answers once what the workflow knew when it was asked is recorded: how a start becomes read-your-write. `underway` is
 * enough where nobody reads what was written, as for what intake leaves to the relay: the workflow has come to its first
 * record, and an activity brings it home.
 */
export const settled = defineUpdate<CommandAnswer, [enough: 'recorded' | 'underway']>('settled');
export const getState = defineQuery<Json>('getState');
