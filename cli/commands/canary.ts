import type { Command } from 'commander';
import { canaryStages, stageDurations } from '#domain/detection/canary.ts';
import type { CanaryRun } from '#domain/detection/canary.ts';
import type { Run } from '../context.ts';
import { readNumber, show } from '../decisions.ts';
import type { CommandAnswer } from '../decisions.ts';
import type { Column } from '../output.ts';
import { lasting, when } from '../text.ts';

interface Canary {
  readonly id: string;
  readonly launchId: string | null;
  readonly detectorVersionId: string;
  readonly status: string;
  readonly openedAt: string;
  readonly closedAt: string | null;
}
type Detailed = Canary & { readonly state: CanaryRun | null };

const path = '/v1/canaries';
const columns: readonly Column<Canary>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'status', value: ({ status }) => status, style: ({ status }) => (status === 'missed' ? 'bad' : null) },
  { title: 'opened', value: ({ openedAt }) => when(openedAt) },
  { title: 'detector version', value: ({ detectorVersionId }) => detectorVersionId },
  { title: 'launch', value: ({ launchId }) => launchId },
];

export function registerCanaries(program: Command, run: Run): void {
  const group = program
    .command('canary')
    .description('synthetic abuse, driven until a person acknowledges the drill page');

  group
    .command('run')
    .description('plant one now')
    .requiredOption('--detector-version <id>', 'which must find it')
    .option('--launch <id>', 'whose check evidence its minutes become')
    .option('--deadline <minutes>', 'until when a person must have acknowledged', readNumber, 15)
    .action(
      run<{ detectorVersion: string; launch?: string; deadline: number }>(
        async (context, { detectorVersion, launch, deadline }) => {
          const body = { detectorVersionId: detectorVersion, launchId: launch ?? null, deadlineMinutes: deadline };
          show(context, await context.api.post<CommandAnswer>(path, body));
        },
      ),
    );

  group
    .command('list')
    .description('canary runs, newest first')
    .option('--launch <id>', 'only those of one launch')
    .action(
      run<{ launch?: string }>(async ({ api, output }, { launch }) => {
        const rows = await api.list<Canary>(path, { launchId: launch }, 200);
        output.show(rows, (items) => output.table(items, columns, 'No canary runs.'));
      }),
    );

  group
    .command('show <canary>')
    .description('one run: when each stage was reached, and how long it took')
    .action(
      run(async ({ api, output }, _options, id) => {
        const canary = await api.get<Detailed>(`${path}/${encodeURIComponent(id)}`);
        output.show(canary, ({ state, ...row }) => {
          const head = output.fields([
            ['canary', row.id],
            ['status', row.status],
            ['passed', state?.passed],
            ['minutes', state?.minutes?.toFixed(2)],
            ['case', state?.caseId],
            ['escalation', state?.escalationId],
          ]);
          if (state === null) return head;
          const took = stageDurations(state);
          const stages = output.table(
            canaryStages,
            [
              { title: 'stage', value: (stage) => stage.replaceAll('_', ' ') },
              { title: 'reached', value: (stage) => when(state.reachedAt[stage]) },
              { title: 'took', value: (stage) => (took[stage] === null ? null : lasting(took[stage])) },
            ],
            '',
          );
          return `${head}\n\n${stages}`;
        });
      }),
    );
}
