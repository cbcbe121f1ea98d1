import { expect } from 'vitest';
import type { LadderStatus } from '#domain/escalation/ladder.ts';
import type { LadderEvent } from '#domain/escalation/messages.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '#domain/time.ts';
import { person, policy, rung, to } from './ladder-story.ts';
import type { LadderStory } from './ladder-story.ts';

/** What a cell of the composite state machine leads to. Pages are `person:reason`, those of this event alone. */
interface Cell {
  readonly is: LadderStatus | 'ignored' | `refused ${string}`;
  readonly pages?: readonly string[];
  readonly also?: (story: LadderStory) => void;
}

export interface Row {
  readonly event: string;
  readonly send: (story: LadderStory) => LadderEvent;
  readonly cells: Readonly<Record<LadderStatus, Cell>>;
}

const by = person('eve');
const other = policy({ rungs: [rung(to('fay'))], catchAllPersonId: 'yan' }, 7);

const sameTrigger = (story: LadderStory): LadderEvent => ({
  type: 'sourceChanged',
  kind: 'trigger',
  severity: 2,
  firingCount: 3,
  alertEventId: `alr_${story.ladder.version}`,
});
const counted = (story: LadderStory) => {
  expect(story.ladder.triggerCount).toBe(2);
  expect(story.ladder.firingCount).toBe(3);
};
const rise = (story: LadderStory): LadderEvent => ({ ...sameTrigger(story), severity: 1 }) as LadderEvent;
const dueAfter =
  (ms: number) =>
  (story: LadderStory): LadderEvent => {
    story.now += ms;
    return { type: 'due' };
  };
const resolvedBy = (story: LadderStory) =>
  expect(story.ladder.resolution).toMatchObject({ kind: 'person', personId: 'eve' });

/** The composite state machine, one row an event. */
export const ladderTable: readonly Row[] = [
  {
    event: 'trigger, same key',
    send: sameTrigger,
    cells: {
      triggered: { is: 'triggered', pages: [], also: counted },
      acknowledged: { is: 'acknowledged', pages: [], also: counted },
      snoozed: { is: 'snoozed', pages: [], also: counted },
      held: { is: 'held', pages: [], also: counted },
      exhausted: { is: 'exhausted', pages: [], also: counted },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'trigger, worse severity',
    send: rise,
    cells: {
      triggered: { is: 'triggered', pages: ['ann:re_page'], also: counted },
      acknowledged: { is: 'acknowledged', pages: [], also: counted },
      snoozed: { is: 'triggered', pages: ['ann:rung'], also: counted },
      held: { is: 'held', pages: [], also: counted },
      exhausted: { is: 'triggered', pages: ['ann:rung'], also: counted },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'acknowledge',
    send: () => ({ type: 'acknowledge', by }),
    cells: {
      triggered: {
        is: 'acknowledged',
        pages: [],
        also: ({ ladder }) => {
          expect(ladder.pending).toEqual([]);
          expect(ladder.acknowledgedBy).toBe('eve');
          expect(ladder.acks.at(-1)).toMatchObject({ personId: 'eve', paged: false });
        },
      },
      acknowledged: {
        is: 'acknowledged',
        pages: [],
        also: ({ ladder }) => {
          expect(ladder.acknowledgedBy).toBe('ann');
          expect(ladder.acks.map((ack) => ack.personId)).toEqual(['ann', 'eve']);
        },
      },
      snoozed: { is: 'acknowledged', pages: [], also: ({ ladder }) => expect(ladder.snoozedUntilAt).toBeNull() },
      held: { is: 'acknowledged', pages: [] },
      exhausted: { is: 'acknowledged', pages: [] },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'un-acknowledge',
    send: () => ({ type: 'unacknowledge', by }),
    cells: {
      triggered: { is: 'refused escalation.not_acknowledged' },
      acknowledged: {
        is: 'triggered',
        pages: [],
        also: (story) => {
          expect(story.pass(10 * secondMs - 1).pages).toEqual([]);
          expect(story.pass(1).pages).toMatchObject([{ personId: 'ann', rung: 0, reason: 'rung' }]);
        },
      },
      snoozed: { is: 'refused escalation.not_acknowledged' },
      held: { is: 'refused escalation.not_acknowledged' },
      exhausted: { is: 'refused escalation.not_acknowledged' },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'escalate as of the present page',
    send: ({ ladder: { walk } }) => ({ type: 'escalateNow', by, asOfPage: { pass: walk.pass, rung: walk.rung } }),
    cells: {
      triggered: { is: 'triggered', pages: ['bob:rung'] },
      acknowledged: { is: 'triggered', pages: ['bob:rung'] },
      snoozed: { is: 'triggered', pages: ['bob:rung'] },
      held: { is: 'refused escalation.held' },
      exhausted: { is: 'triggered', pages: ['ann:rung'] },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'escalate as of a page before',
    send: (story) => {
      const { walk } = story.ladder;
      if (story.ladder.status === 'triggered') story.pass(5 * minuteMs);
      story.pages.length = 0;
      return {
        type: 'escalateNow',
        by,
        asOfPage: { pass: walk.pass, rung: walk.rung - Number(story.ladder.status !== 'triggered') },
      };
    },
    cells: {
      triggered: { is: 'refused escalation.already_escalated' },
      acknowledged: { is: 'refused escalation.already_escalated' },
      snoozed: { is: 'refused escalation.already_escalated' },
      held: { is: 'refused escalation.held' },
      exhausted: { is: 'refused escalation.already_escalated' },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'reassign to a person',
    send: () => ({ type: 'reassign', by, to: { kind: 'person', personId: 'gil' } }),
    cells: {
      triggered: { is: 'triggered', pages: ['gil:rung'] },
      acknowledged: {
        is: 'triggered',
        pages: ['gil:rung'],
        also: ({ ladder }) => {
          expect(ladder.acknowledgedBy).toBeNull();
          expect(ladder.acks.map((ack) => ack.personId)).toEqual(['ann']);
        },
      },
      snoozed: { is: 'triggered', pages: ['gil:rung'], also: ({ ladder }) => expect(ladder.snoozedUntilAt).toBeNull() },
      held: { is: 'held', pages: [], also: ({ ladder }) => expect(ladder.ownerPersonId).toBe('gil') },
      exhausted: { is: 'triggered', pages: ['gil:rung'] },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: "reassign to another team's policy",
    send: () => ({ type: 'reassign', by, to: { kind: 'policy', policy: other, teamId: 'tea_2' } }),
    cells: {
      triggered: { is: 'triggered', pages: ['fay:rung'], also: ({ ladder }) => expect(ladder.teamId).toBe('tea_2') },
      acknowledged: { is: 'triggered', pages: ['fay:rung'] },
      snoozed: { is: 'triggered', pages: ['fay:rung'] },
      held: {
        is: 'held',
        pages: [],
        also: (story) => expect(story.pass(2 * hourMs).pages[0]).toMatchObject({ personId: 'fay', rung: 0 }),
      },
      exhausted: { is: 'triggered', pages: ['fay:rung'] },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'snooze',
    send: ({ now }) => ({ type: 'snooze', by, until: now + 7 * dayMs }),
    cells: {
      triggered: { is: 'snoozed', pages: [] },
      acknowledged: {
        is: 'snoozed',
        pages: [],
        also: (story) => {
          expect(story.pass(7 * dayMs - 1).pages).toEqual([]);
          expect(story.pass(1).ladder.status).toBe('triggered');
          expect(story.pages).toMatchObject([{ personId: 'ann', rung: 0 }]);
        },
      },
      snoozed: { is: 'snoozed', also: ({ ladder, now }) => expect(ladder.snoozedUntilAt).toBe(now + 7 * dayMs) },
      held: { is: 'refused escalation.held' },
      exhausted: { is: 'snoozed', pages: [] },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'a timer at the time of the rung',
    send: dueAfter(5 * minuteMs),
    cells: {
      triggered: { is: 'triggered', pages: ['bob:rung'] },
      acknowledged: { is: 'ignored' },
      snoozed: { is: 'ignored' },
      held: { is: 'ignored' },
      exhausted: { is: 'ignored' },
      resolved: { is: 'ignored' },
    },
  },
  {
    event: 'a timer when acknowledgement, snooze or hold end',
    send: dueAfter(2 * hourMs),
    cells: {
      triggered: { is: 'triggered', pages: ['bob:rung'] },
      acknowledged: { is: 'triggered', pages: ['ann:rung'] },
      snoozed: { is: 'triggered', pages: ['ann:rung'] },
      held: { is: 'triggered', pages: ['ann:rung'] },
      exhausted: { is: 'ignored' },
      resolved: { is: 'ignored' },
    },
  },
  {
    event: 'a timer at the time of the last rung',
    send: (story) => {
      if (story.ladder.status === 'triggered') story.pass(5 * minuteMs);
      story.pages.length = 0;
      return dueAfter(5 * minuteMs)(story);
    },
    cells: {
      triggered: {
        is: 'exhausted',
        pages: ['zoe:catch_all'],
        also: ({ ladder }) => expect(ladder.noOneReached).toBe(false),
      },
      acknowledged: { is: 'ignored' },
      snoozed: { is: 'ignored' },
      held: { is: 'ignored' },
      exhausted: { is: 'ignored' },
      resolved: { is: 'ignored' },
    },
  },
  {
    event: 'resolve by a person',
    send: () => ({ type: 'resolve', by }),
    cells: {
      triggered: { is: 'resolved', pages: [], also: resolvedBy },
      acknowledged: { is: 'resolved', pages: [], also: resolvedBy },
      snoozed: { is: 'resolved', pages: [], also: resolvedBy },
      held: { is: 'resolved', pages: [], also: resolvedBy },
      exhausted: { is: 'resolved', pages: [], also: resolvedBy },
      resolved: { is: 'refused escalation.resolved' },
    },
  },
  {
    event: 'resolve by the source',
    send: () => ({ type: 'sourceChanged', kind: 'resolve', severity: 2, firingCount: 0, alertEventId: 'alr_9' }),
    cells: {
      triggered: { is: 'resolved', pages: [] },
      acknowledged: { is: 'resolved', pages: [] },
      snoozed: { is: 'resolved', pages: [] },
      held: { is: 'resolved', pages: [] },
      exhausted: { is: 'resolved', pages: [] },
      resolved: { is: 'ignored' },
    },
  },
  {
    event: 'maintenance starts',
    send: ({ now }) => ({ type: 'maintenanceStarted', windowId: 'mnt_2', until: now + 3 * hourMs }),
    cells: {
      triggered: { is: 'held', pages: [] },
      acknowledged: {
        is: 'acknowledged',
        pages: [],
        also: (story) => {
          expect(story.pass(hourMs).ladder.status).toBe('held');
          expect(story.pass(2 * hourMs).pages[0]).toMatchObject({ personId: 'ann' });
        },
      },
      snoozed: { is: 'snoozed', pages: [], also: (story) => expect(story.pass(hourMs).ladder.status).toBe('held') },
      held: { is: 'held', pages: [], also: (story) => expect(story.pass(3 * hourMs - 1).pages).toEqual([]) },
      exhausted: { is: 'exhausted', pages: [] },
      resolved: { is: 'ignored' },
    },
  },
];
