import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { registerDecisions } from '../decisions.ts';
import type { Decision } from '../decisions.ts';
import { namesOf } from '../names.ts';
import type { Column } from '../output.ts';
import { clean, when } from '../text.ts';
import { registerReview } from './review.ts';

interface Case {
  readonly id: string;
  readonly accountRef: string;
  readonly harm: string;
  readonly severity: number;
  readonly status: string;
  readonly synthetic: boolean;
  readonly launchId: string | null;
  readonly policyVersionId: string;
  readonly version: number;
  readonly signalCount: number;
  readonly openedAt: string;
  readonly decidedAt: string | null;
  readonly closedAt: string | null;
}
interface Detailed extends Case {
  readonly tasks: readonly {
    readonly id: string;
    readonly queueId: string;
    readonly round: number;
    readonly status: string;
    readonly dueAt: string;
    readonly leaseOwner: string | null;
  }[];
  readonly decisions: readonly {
    readonly verdict: string;
    readonly decidedBy: string;
    readonly decidedAsRole: string;
    readonly decidedAt: string;
  }[];
  readonly signals: readonly {
    readonly id: string;
    readonly detectorVersionId: string;
    readonly severity: number;
    readonly score: number;
    readonly occurredAt: string;
  }[];
}

const path = '/v1/cases';
const columns: readonly Column<Case>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'severity', value: ({ severity }) => severity, style: ({ severity }) => (severity === 1 ? 'bad' : null) },
  { title: 'status', value: ({ status, synthetic }) => (synthetic ? `${status} (drill)` : status) },
  { title: 'harm', value: ({ harm }) => harm },
  { title: 'signals', value: ({ signalCount }) => signalCount },
  { title: 'opened', value: ({ openedAt }) => when(openedAt) },
  { title: 'account', value: ({ accountRef }) => accountRef },
];

/** What people do to a case itself; tasks are claimed and decided in review.ts. */
export const caseDecisions: readonly Decision[] = [
  { name: 'escalate', resource: 'escalations', text: 'hand the case to senior reviewers' },
  {
    name: 'merge',
    resource: 'merges',
    text: 'let another case take its signals',
    fields: [{ flag: '--into <case>', text: 'which takes them', field: 'into' }],
  },
];

export function registerCases(program: Command, run: Run): void {
  const group = program.command('case').description('what was found about one account and harm, and deciding it');

  group
    .command('list')
    .description('cases, newest first')
    .option('--open', 'only those that are not closed', false)
    .option('--launch <id>', 'only those of one launch')
    .option('--limit <n>', 'at most this many', '50')
    .action(
      run<{ open: boolean; launch?: string; limit: string }>(async ({ api, output }, { open, launch, limit }) => {
        const rows = await api.list<Case>(path, { open, launchId: launch }, Number(limit));
        output.show(rows, (items) => output.table(items, columns, 'No cases.'));
      }),
    );

  group
    .command('show <case>')
    .description('one case with its signals, tasks and decisions, without content')
    .action(
      run(async ({ api, output }, _options, id) => {
        const found = await api.get<Detailed>(`${path}/${encodeURIComponent(id)}`);
        const ids = [
          ...found.tasks.map(({ leaseOwner }) => leaseOwner),
          ...found.decisions.map(({ decidedBy }) => decidedBy),
        ];
        const nameOf = output.isJson ? (one: string) => one : await namesOf(api, ids);
        const owner = (task: Detailed['tasks'][number]) => (task.leaseOwner === null ? null : nameOf(task.leaseOwner));
        output.show(found, (row) =>
          [
            output.paint('bold', clean(`${row.harm}, severity ${row.severity}${row.synthetic ? ' (drill)' : ''}`)),
            output.fields([
              ['case', row.id],
              ['status', row.status],
              ['account', row.accountRef],
              ['launch', row.launchId],
              ['policy version', row.policyVersionId],
              ['version', row.version],
              ['opened', when(row.openedAt)],
              ['decided', row.decidedAt === null ? undefined : when(row.decidedAt)],
              ['closed', row.closedAt === null ? undefined : when(row.closedAt)],
            ]),
            '',
            output.table(
              row.tasks,
              [
                { title: 'task', value: (task) => task.id },
                { title: 'round', value: (task) => task.round },
                { title: 'status', value: (task) => task.status },
                { title: 'due', value: (task) => when(task.dueAt) },
                { title: 'held by', value: owner },
              ],
              'No tasks.',
            ),
            '',
            output.table(
              row.decisions,
              [
                { title: 'decided', value: (decision) => when(decision.decidedAt) },
                { title: 'verdict', value: (decision) => decision.verdict },
                { title: 'by', value: (decision) => nameOf(decision.decidedBy) },
                { title: 'as', value: (decision) => decision.decidedAsRole },
              ],
              'No decisions.',
            ),
            '',
            output.table(
              row.signals,
              [
                { title: 'signal', value: (signal) => signal.id },
                { title: 'detector version', value: (signal) => signal.detectorVersionId },
                { title: 'score', value: (signal) => signal.score.toFixed(3) },
                { title: 'occurred', value: (signal) => when(signal.occurredAt) },
              ],
              'No signals.',
            ),
          ].join('\n'),
        );
      }),
    );

  registerReview(group, run);
  registerDecisions(group, run, path, 'case', caseDecisions);
}
