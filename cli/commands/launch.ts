import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { registerDecisions, show } from '../decisions.ts';
import type { CommandAnswer } from '../decisions.ts';
import { launchDecisions } from '../launch-decisions.ts';
import { emptyIntake, intakeHelp } from '../intake-form.ts';
import { idOf } from '../keys.ts';
import { namesOf } from '../names.ts';
import type { Column } from '../output.ts';
import { peopleIn, readinessText } from '../readiness-text.ts';
import type { Readiness } from '../readiness-text.ts';
import { signOffBody, signOffFields } from '../sign-off.ts';
import type { SignOffOptions } from '../sign-off.ts';
import { clean, when } from '../text.ts';

interface Launch {
  readonly id: string;
  readonly productId: string;
  readonly name: string;
  readonly openedBy: string;
  readonly version: number;
  readonly status: string;
  readonly tier: string | null;
  readonly stagePercent: number;
  readonly onHold: boolean;
  readonly openedAt: string;
  readonly closedAt: string | null;
}

const path = '/v1/launches';
const columns: readonly Column<Launch>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'tier', value: ({ tier }) => tier },
  { title: 'status', value: ({ status }) => status },
  { title: 'stage', value: ({ stagePercent }) => `${stagePercent} %` },
  { title: 'hold', value: ({ onHold }) => onHold, style: ({ onHold }) => (onHold ? 'bad' : null) },
  { title: 'opened', value: ({ openedAt }) => when(openedAt) },
  { title: 'name', value: ({ name }) => name },
];

export function registerLaunches(program: Command, run: Run): void {
  const group = program.command('launch').description('what a product must show before and while it goes out');

  group
    .command('start')
    .description('open a launch; with --file its intake is answered at once')
    .requiredOption('--product <id-or-key>', 'what is launched')
    .requiredOption('--name <text>', 'how people call it')
    .option('--file <file>', 'the intake as JSON; - reads standard input')
    .action(
      run<{ product: string; name: string; file?: string }>(async (context, { product, name, file }) => {
        const intake = file === undefined ? undefined : await context.document(file);
        const opened = await context.api.post<CommandAnswer>(
          path,
          { productId: await idOf(context.api, 'product', product), name },
          { part: 'open' },
        );
        if (intake === undefined) return show(context, opened);
        context.output.remark(`launch ${opened.aggregate.id} is open`);
        const answers = `${path}/${opened.aggregate.id}/intake-answers`;
        return show(context, await context.api.post<CommandAnswer>(answers, { intake }, { part: 'intake' }));
      }),
    );

  group
    .command('list')
    .description('launches, newest first')
    .option('--open', 'only those that are not over', false)
    .option('--product <id-or-key>', 'only those of one product')
    .action(
      run<{ open: boolean; product?: string }>(async ({ api, output }, { open, product }) => {
        const rows = await api.list<Launch>(path, {
          open,
          productId: product === undefined ? undefined : await idOf(api, 'product', product),
        });
        output.show(rows, (items) => output.table(items, columns, 'No launches.'));
      }),
    );

  group
    .command('show <launch>')
    .description('one launch, in a few lines; --json also prints its state')
    .action(
      run(async ({ api, output }, _options, id) => {
        const launch = await api.get<Launch>(`${path}/${encodeURIComponent(id)}`);
        const nameOf = output.isJson ? (one: string) => one : await namesOf(api, [launch.openedBy]);
        output.show(launch, (row) =>
          [
            output.paint('bold', clean(row.name)),
            output.fields([
              ['launch', row.id],
              ['product', row.productId],
              ['tier', row.tier],
              ['status', row.onHold ? `${row.status}, on hold` : row.status],
              ['stage', `${row.stagePercent} %`],
              ['version', row.version],
              ['opened', `${when(row.openedAt)} by ${nameOf(row.openedBy)}`],
              ['closed', row.closedAt === null ? undefined : when(row.closedAt)],
            ]),
          ].join('\n'),
        );
      }),
    );

  group
    .command('readiness <launch>')
    .description('what blocks, whose it is, and when it is due')
    .option('--all', 'also what does not block', false)
    .action(
      run<{ all: boolean }>(async ({ api, output }, { all }, id) => {
        const view = await api.get<Readiness>(`${path}/${encodeURIComponent(id)}/readiness`);
        const nameOf = output.isJson ? (one: string) => one : await namesOf(api, peopleIn(view));
        output.show(view, () => readinessText(view, output, nameOf, all));
      }),
    );

  group
    .command('answer <launch>')
    .description('answer the intake; unknown answers block, the form is taken')
    .requiredOption('--file <file>', 'the intake as JSON; - reads standard input')
    .action(
      run<{ file: string }>(async (context, { file }, id) => {
        const intake = await context.document(file);
        show(
          context,
          await context.api.post<CommandAnswer>(`${path}/${encodeURIComponent(id)}/intake-answers`, { intake }),
        );
      }),
    );

  group
    .command('form')
    .description('the intake with every answer unknown, as JSON to fill in')
    .option('--explain', 'say what each answer may be instead', false)
    .action(
      run<{ explain: boolean }>(async ({ output }, { explain }) => {
        output.show(emptyIntake(), (form) => (explain ? intakeHelp() : JSON.stringify(form, null, 2)));
      }),
    );

  signOffFields(
    group.command('sign-off <launch>').description('sign for the launch in one role, for the evidence that you saw'),
  ).action(
    run<SignOffOptions>(async (context, options, id) => {
      const launch = `${path}/${encodeURIComponent(id)}`;
      const { evidenceSet } = await context.api.get<Readiness>(`${launch}/readiness`);
      const body = await signOffBody(context, options, evidenceSet);
      show(context, await context.api.post<CommandAnswer>(`${launch}/sign-offs`, body));
    }),
  );

  registerDecisions(group, run, path, 'launch', launchDecisions);
}
