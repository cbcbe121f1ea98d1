import { Client, Connection } from '@temporalio/client';
import { queues, workflowId } from '#workflows/contract.ts';

/** The steps of a rung that came due, in their order, as Temporal's history has them. */
export const rungSteps = ['timer fired', 'workflow task begun', 'page begun'] as const;
export type RungStep = (typeof rungSteps)[number];

/**
 * When each of these ladders took the steps of the first rung that came due after `from`, epoch milliseconds of the
 * server's clock. A step that a history does not have is missing.
 */
export async function stepsOf(
  address: string,
  ids: readonly string[],
  from: number,
): Promise<ReadonlyMap<string, Partial<Record<RungStep, number>>>> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const steps = new Map<string, Partial<Record<RungStep, number>>>();
    const left = [...ids];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let id = left.pop(); id !== undefined; id = left.pop())
          steps.set(id, stepsIn(await client.workflow.getHandle(workflowId('escalation', id)).fetchHistory(), from));
      }),
    );
    return steps;
  } finally {
    await connection.close();
  }
}

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

function stepsIn({ events }: History, from: number): Partial<Record<RungStep, number>> {
  const steps: Partial<Record<RungStep, number>> = {};
  const queueOf = new Map<string, string>();
  const note = (step: RungStep, before: RungStep | null, at: number): void => {
    if (steps[step] === undefined && (before === null || steps[before] !== undefined)) steps[step] = at;
  };
  for (const event of events ?? []) {
    const at = Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
    if (event.activityTaskScheduledEventAttributes)
      queueOf.set(String(event.eventId), event.activityTaskScheduledEventAttributes.taskQueue?.name ?? '');
    if (at < from) continue;
    if (event.timerFiredEventAttributes) note('timer fired', null, at);
    if (event.workflowTaskStartedEventAttributes) note('workflow task begun', 'timer fired', at);
    if (event.activityTaskStartedEventAttributes) {
      const queue = queueOf.get(String(event.activityTaskStartedEventAttributes.scheduledEventId));
      if (queue === queues.paging) note('page begun', 'workflow task begun', at);
    }
  }
  return steps;
}
