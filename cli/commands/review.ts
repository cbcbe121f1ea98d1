import { Option } from 'commander';
import type { Command } from 'commander';
import { actionNames } from '#domain/enforcement/actions.ts';
import type { ApiClient } from '../http.ts';
import type { Context, Run } from '../context.ts';
import { readNumber } from '../decisions.ts';
import { exitCodes } from '../exit-codes.ts';
import { idOf } from '../keys.ts';
import { readSpan } from '../instants.ts';
import { UsageError } from '../io.ts';
import { clean, when } from '../text.ts';

interface Task {
  readonly id: string;
  readonly caseId: string;
  readonly status: string;
  readonly severity: number;
  readonly dueAt: string;
  readonly leaseOwner: string | null;
  readonly leaseToken: number;
  readonly leaseExpiresAt: string | null;
}
interface OpenedTask extends Task {
  readonly case: {
    readonly id: string;
    readonly accountRef: string;
    readonly harm: string;
    readonly signalCount: number;
  };
  readonly policy: {
    readonly key: string;
    readonly title: string;
    readonly number: number;
    readonly policyVersionId: string;
    readonly body: string;
  };
}
interface Shown {
  readonly items: readonly {
    readonly signalId: string;
    readonly score: number;
    readonly occurredAt: string;
    readonly text: string | null;
  }[];
}

const path = '/v1/review-tasks';
const verdicts = ['violation', 'no_violation', 'escalate', 'skip'] as const;
const lease = [
  '--lease <token>',
  'the lease token of your claim; without it the one that you hold now',
  readNumber,
] as const;
interface Leased {
  readonly lease?: number;
}

/** What a reviewer does with a task: claim, look, decide. */
export function registerReview(group: Command, run: Run): void {
  group
    .command('claim [task]')
    .description('take a task, or the next one of a queue: nobody else decides it while you hold it')
    .option('--queue <id-or-key>', 'take the next task of this queue')
    .action(
      run<{ queue?: string }>(async (context, { queue }, id?: string) => {
        if ((queue === undefined) === (id === undefined)) throw new UsageError('name a task, or a queue with --queue');
        const from =
          queue === undefined
            ? `${path}/${encodeURIComponent(id ?? '')}`
            : `/v1/review-queues/${await idOf(context.api, 'queue', queue)}`;
        const task = await context.api.post<Task | null>(`${from}/claims`);
        if (task === null) {
          context.output.show(null, () => 'No task waits for you.');
          return exitCodes.notFound;
        }
        await showTask(context, task.id);
        return exitCodes.done;
      }),
    );

  group
    .command('task <task>')
    .description('a task with its case and the policy version that it is pinned to')
    .action(run((context, _options, id) => showTask(context, id)));

  group
    .command('reveal <task>')
    .description('show the content of a task that you hold; each look is noted as an exposure')
    .option(...lease)
    .option('--limit <n>', 'at most this many pieces', readNumber, 20)
    .action(
      run<Leased & { limit: number }>(async ({ api, output }, options, id) => {
        const body = { leaseToken: await leaseOf(api, id, options), limit: options.limit };
        const shown = await api.post<Shown>(`${path}/${encodeURIComponent(id)}/reveals`, body);
        output.show(shown, ({ items }) =>
          items
            .map(
              ({ signalId, score, occurredAt, text }) =>
                `${output.paint('dim', `${signalId}  ${when(occurredAt)}  score ${score.toFixed(3)}`)}\n${linesOf(text)}`,
            )
            .join('\n\n'),
        );
      }),
    );

  group
    .command('decide <task>')
    .description('say what it is, under the policy version that you saw')
    .addOption(new Option('--verdict <verdict>', 'what you say').choices(verdicts).makeOptionMandatory())
    .addOption(new Option('--action <action>', 'what the platform is to do about it').choices(actionNames))
    .option('--for <time>', 'how long the action holds: 7d; for ever without it')
    .option('--policy-version <id>', 'the version that you judged by; without it the one that the task shows')
    .option('--note <text>', 'why; kept as a note, never in workflows')
    .option(...lease)
    .action(
      run<Leased & { verdict: string; action?: string; for?: string; policyVersion?: string; note?: string }>(
        async (context, options, id) => {
          const { api, output } = context;
          const { verdict, action, note } = options;
          if (action === undefined && options.for !== undefined) throw new UsageError('--for goes with --action');
          const policyVersionId =
            options.policyVersion ??
            (await api.get<OpenedTask>(`${path}/${encodeURIComponent(id)}`)).policy.policyVersionId;
          const durationMs = options.for === undefined ? null : readSpan(options.for);
          const decision = await api.post<{ decisionId: string }>(`${path}/${encodeURIComponent(id)}/decisions`, {
            leaseToken: await leaseOf(api, id, options),
            verdict,
            policyVersionId,
            enforcement: action === undefined ? null : { action, durationMs },
            note,
          });
          output.show(decision, ({ decisionId }) => `${output.paint('good', 'decided')}: ${decisionId}`);
        },
      ),
    );

  group
    .command('renew <task>')
    .description('hold a task for longer')
    .option(...lease)
    .action(
      run<Leased>(async ({ api, output }, options, id) => {
        const task = await api.post<Task>(`${path}/${encodeURIComponent(id)}/lease-renewals`, {
          leaseToken: await leaseOf(api, id, options),
        });
        output.show(task, ({ leaseExpiresAt }) => `yours until ${when(leaseExpiresAt)}`);
      }),
    );

  group
    .command('release <task>')
    .description('give a task back to its queue')
    .option(...lease)
    .action(
      run<Leased>(async ({ api, output }, options, id) => {
        await api.post(`${path}/${encodeURIComponent(id)}/lease-releases`, {
          leaseToken: await leaseOf(api, id, options),
        });
        output.show({ id, status: 'released' }, () => `released: ${id}`);
      }),
    );
}

/** The token of the lease that the caller holds. Somebody else's is never borrowed: fails with a `UsageError`. */
async function leaseOf(api: ApiClient, taskId: string, { lease: given }: Leased): Promise<number> {
  if (given !== undefined) return given;
  const [me, task] = await Promise.all([
    api.get<{ id: string }>('/v1/me'),
    api.get<Task>(`${path}/${encodeURIComponent(taskId)}`),
  ]);
  if (task.leaseOwner !== me.id) throw new UsageError(`you do not hold ${taskId}: claim it first`);
  return task.leaseToken;
}

async function showTask({ api, output }: Context, id: string): Promise<void> {
  const task = await api.get<OpenedTask>(`${path}/${encodeURIComponent(id)}`);
  output.show(task, (row) =>
    [
      output.fields([
        ['task', row.id],
        ['status', row.status],
        [
          'lease',
          row.leaseExpiresAt === null
            ? 'nobody holds it'
            : `token ${row.leaseToken}, until ${when(row.leaseExpiresAt)}`,
        ],
        ['due', when(row.dueAt)],
        ['case', row.case.id],
        ['harm', row.case.harm],
        ['severity', row.severity],
        ['signals', row.case.signalCount],
        ['account', row.case.accountRef],
        ['policy', `${row.policy.title}, version ${row.policy.number} (${row.policy.policyVersionId})`],
      ]),
      '',
      linesOf(row.policy.body),
    ].join('\n'),
  );
}

/** Text of others over several lines, each of them clean. */
const linesOf = (text: string | null): string =>
  text === null ? '(no content)' : text.split(/\r?\n/).map(clean).join('\n');
