import type { Ladder } from '#domain/escalation/ladder.ts';
import { ladderMachine } from '#domain/escalation/machine.ts';
import type { LadderEffect, LadderEvent } from '#domain/escalation/messages.ts';
import { hourMs } from '#domain/time.ts';
import { assertLadderRun } from './escalation-invariants.ts';
import { anyMessage, performEffect, startLadder } from './escalation-world.ts';
import type { Scenario } from './simulate.ts';

/** An escalation whose people, schedules, providers and senders do anything they can, in any order. */
export const escalationScenario: Scenario<Ladder, LadderEvent, LadderEffect> = {
  name: 'escalation',
  machine: ladderMachine,
  start: startLadder,
  message: anyMessage,
  perform: performEffect,
  check: assertLadderRun,
  messages: 40,
  longestPauseMs: 3 * hourMs,
};
