import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { historiesFolder } from '#scripts/history-file.ts';
import { buildWorkflowBundle } from '#scripts/workflow-bundle.ts';
import { aggregates, mirrorWorkflow, oncallWatchWorkflow, sweepWorkflow } from '#workflows/contract.ts';
import { textsOf } from '../support/histories.ts';

interface Recorded {
  readonly workflow: string;
  readonly name: string;
  readonly json: string;
  readonly history: History;
}

const recorded: Recorded[] = readdirSync(historiesFolder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const [workflow = '', name = ''] = file.replace(/\.json$/, '').split('/');
    const json = readFileSync(join(historiesFolder, file), 'utf8');
    return { workflow, name, json, history: historyFromJSON(JSON.parse(json)) };
  });
const workflows = [
  ...Object.values(aggregates).map(({ workflow }) => workflow),
  sweepWorkflow,
  oncallWatchWorkflow,
  mirrorWorkflow,
];
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

let workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;

beforeAll(async () => {
  // The core warns of every violation, also of those that these tests cause.
  const logging = { filter: makeTelemetryFilterString({ core: 'ERROR' }) };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging }, shutdownSignals: [] });
  workflowBundle = { codePath: await buildWorkflowBundle({ folder: path('../../.vigil/bundles') }) };
});

/** What went wrong in each replay, in the order of the histories; undefined where nothing did. */
async function replay(
  histories: readonly History[],
  bundle: NonNullable<WorkerOptions['workflowBundle']> = workflowBundle,
): Promise<(Error | undefined)[]> {
  const results: (Error | undefined)[] = [];
  const runs = histories.map((history, index) => ({ workflowId: `replay-${index}`, history }));
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, runs)) results.push(error);
  return results;
}

const historyOf = (workflow: string, name: string): History => {
  const found = recorded.find((one) => one.workflow === workflow && one.name === name);
  if (!found) throw new Error(`no history ${workflow}/${name}`);
  return historyFromJSON(JSON.parse(found.json));
};

describe('recorded histories', () => {
  it('are there for every workflow: short, long and odd', () => {
    for (const workflow of workflows) {
      expect(recorded.filter((one) => one.workflow === workflow).length, workflow).toBeGreaterThanOrEqual(3);
    }
    const renewed = recorded.filter(({ history }) =>
      history.events?.some((event) => event.workflowExecutionContinuedAsNewEventAttributes),
    );
    expect(new Set(renewed.map(({ workflow }) => workflow)).size).toBe(Object.keys(aggregates).length);
  });

  it('all replay with the code as it is', async () => {
    const errors = await replay(recorded.map(({ history }) => history));
    const failed = errors.flatMap((error, index) =>
      error ? [`${recorded[index]?.workflow}/${recorded[index]?.name}: ${error.message}`] : [],
    );
    expect(failed).toEqual([]);
    expect(errors).toHaveLength(recorded.length);
  });

  it('hold ids, hashes and short words only', () => {
    const long = recorded.flatMap(({ workflow, name, history }) =>
      contentsOf(history)
        .filter((text) => !/^[\w:.@/+-]{0,200}$/.test(text))
        .map((text) => `${workflow}/${name}: ${text}`),
    );
    expect(long).toEqual([]);
    expect(recorded.filter(({ json }) => /stackTrace|"identity": "(?!recorded")/.test(json))).toEqual([]);
  });
});

describe('a change that running workflows could not follow is found', () => {
  it('when the code asks for something else first', async () => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: path('./changed-workflows.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    const names = recorded.filter(({ workflow }) => workflow === sweepWorkflow).map(({ name }) => name);
    const errors = await replay(
      names.map((name) => historyOf(sweepWorkflow, name)),
      { code },
    );
    expect(errors.map((error) => error instanceof DeterminismViolationError)).toEqual(names.map(() => true));
  });

  it.each([
    ['escalationLadder', 'exhausted-acknowledged-twice', 'sendPage', 'recordTransitions'],
    ['enforce', 'lifted-in-time', 'applyAction', 'sendNotice'],
    ['reviewCase', 'cleared', 'createTask', 'withdrawTask'],
  ])('when %s did another thing in that place', async (workflow, name, was, is) => {
    const history = historyOf(workflow, name);
    const scheduled = history.events?.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === was,
    )?.activityTaskScheduledEventAttributes;
    if (!scheduled?.activityType) throw new Error(`no ${was} in ${workflow}/${name}`);
    scheduled.activityType.name = is;
    const [error] = await replay([history]);
    expect(error).toBeInstanceOf(DeterminismViolationError);
  });
});

/** Every text inside the payloads of a history, keys left out: what workflows and activities told each other. */
function contentsOf(history: History): string[] {
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  for (const text of textsOf(history)) if (/^[[{"]/.test(text)) visit(JSON.parse(text));
  return texts;
}
