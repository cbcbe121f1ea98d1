import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { UsageError } from '../io.ts';
import type { Column } from '../output.ts';

interface Listed {
  readonly id: string;
  readonly key?: string;
  readonly name?: string;
  readonly title?: string;
  readonly kind?: string;
}

const lists = {
  teams: '/v1/teams',
  principals: '/v1/principals',
  products: '/v1/products',
  services: '/v1/services',
  schedules: '/v1/schedules',
  'escalation-policies': '/v1/escalation-policies',
  policies: '/v1/policies',
  queues: '/v1/review-queues',
  detectors: '/v1/detectors',
} as const;
const methods = ['get', 'post', 'put', 'delete'] as const;

/** What belongs to no group: who I am, what there is, and any call that has no command of its own. */
export function registerGeneral(program: Command, run: Run): void {
  program
    .command('whoami')
    .description('whose token this is, and what it may do')
    .action(
      run(async ({ api, output }) => {
        const me = await api.get<{
          id: string;
          kind: string;
          name: string;
          grants: readonly { role: string; teamId: string | null }[];
        }>('/v1/me');
        output.show(me, ({ id, kind, name, grants }) =>
          output.fields([
            ['name', name],
            [kind, id],
            [
              'roles',
              grants.length === 0
                ? 'none'
                : grants
                    .map(({ role, teamId }) => (teamId === null ? `${role} (all teams)` : `${role} (${teamId})`))
                    .join(', '),
            ],
          ]),
        );
      }),
    );

  program
    .command('list')
    .description('what is configured, with ids and keys')
    .addArgument(new Argument('<what>', 'which list').choices(Object.keys(lists)))
    .action(
      run(async ({ api, output }, _options, what) => {
        const rows = await api.list<Listed>(lists[what as keyof typeof lists]);
        const columns: readonly Column<Listed>[] = [
          { title: 'id', value: ({ id }) => id },
          ...(rows.some(({ key }) => key !== undefined) ? [{ title: 'key', value: ({ key }: Listed) => key }] : []),
          ...(rows.some(({ kind }) => kind !== undefined)
            ? [{ title: 'kind', value: ({ kind }: Listed) => kind }]
            : []),
          { title: 'name', value: ({ name, title }) => name ?? title },
        ];
        output.show(rows, (items) => output.table(items, columns, `No ${what}.`));
      }),
    );

  program
    .command('api')
    .description('any call of the API, for which there is no command of its own; the answer is printed as JSON')
    .addArgument(new Argument('<method>', 'how').choices(methods))
    .argument('<path>', 'as /v1/notes')
    .option('--file <file>', 'the body as JSON; - reads standard input')
    .action(
      run<{ file?: string }>(async (context, { file }, method, path) => {
        if (!path.startsWith('/')) throw new UsageError('the path begins with /');
        const body = file === undefined ? undefined : await context.document(file);
        const answer = await call(context.api, method as (typeof methods)[number], path, body);
        context.output.show(answer, (value) => JSON.stringify(value, null, 2));
      }),
    );

  program
    .command('note')
    .description('free text, which workflows and intakes name by its id')
    .command('add')
    .description('keep a text; prints the id of the note')
    .requiredOption('--file <file>', 'the text; - reads standard input')
    .action(
      run<{ file: string }>(async (context, { file }) => {
        const note = await context.api.post<{ id: string }>('/v1/notes', { body: await context.text(file) });
        context.output.show(note, ({ id }) => id);
      }),
    );
}

async function call(
  api: Parameters<Parameters<Run>[0]>[0]['api'],
  method: (typeof methods)[number],
  path: string,
  body: unknown,
): Promise<unknown> {
  switch (method) {
    case 'get':
      return api.get(path);
    case 'post':
      return api.post(path, body);
    case 'put': {
      // The change is held to what is there now, where that has a version.
      const { etag } = await api.read(path);
      return api.put(path, body, etag);
    }
    case 'delete':
      await api.delete(path);
      return null;
    default:
      return method satisfies never;
  }
}
