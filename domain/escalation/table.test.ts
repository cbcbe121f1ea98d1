import { describe, expect, it } from 'vitest';
import { LadderStory, person, policy } from '#test/support/ladder-story.ts';
import { ladderTable } from '#test/support/ladder-table.ts';
import { hourMs, minuteMs } from '../time.ts';
import { ladderStatuses } from './ladder.ts';
import type { LadderStatus } from './ladder.ts';

/** Severity 2 of high urgency, a person on each of two rungs, acknowledgements that lapse after an hour. */
function storyIn(status: LadderStatus): LadderStory {
  const maintenance = status === 'held' ? [{ windowId: 'mnt_1', untilAt: Date.UTC(2026, 0, 5, 11) }] : [];
  const story = new LadderStory({ severity: 2, policy: policy({ ackTimeoutMs: hourMs }), maintenance }).open();
  if (status === 'acknowledged') story.acknowledge('ann');
  if (status === 'snoozed') story.accept({ type: 'snooze', by: person('eve'), until: story.now + hourMs });
  if (status === 'exhausted') story.pass(10 * minuteMs);
  if (status === 'resolved') story.accept({ type: 'resolve', by: person('ann') });
  expect(story.ladder.status).toBe(status);
  story.pages.length = 0;
  return story;
}

describe('the composite state machine, cell by cell', () => {
  for (const row of ladderTable) {
    describe(row.event, () => {
      for (const status of ladderStatuses) {
        const cell = row.cells[status];
        it(`${status}: ${cell.is}${cell.pages?.length ? `, pages ${cell.pages.join(' and ')}` : ''}`, () => {
          const story = storyIn(status);
          const event = row.send(story);
          const before = story.ladder;
          const step = story.send(event);
          const outcome =
            step.outcome === 'refused'
              ? `refused ${step.code}`
              : step.outcome === 'moved'
                ? story.ladder.status
                : 'ignored';
          expect(outcome).toBe(cell.is);
          if (step.outcome !== 'moved') expect(story.ladder).toBe(before);
          if (step.outcome === 'refused' && step.code === 'escalation.resolved')
            expect(step.detail).toMatchObject({ resolvedAt: before.resolution?.at });
          expect(story.pages.map((page) => `${page.personId}:${page.reason}`)).toEqual(cell.pages ?? []);
          cell.also?.(story);
        });
      }
    });
  }
});
