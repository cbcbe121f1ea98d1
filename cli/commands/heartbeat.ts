import { Option } from 'commander';
import type { Command } from 'commander';
import { secondMs } from '#domain/time.ts';
import type { Run } from '../context.ts';
import { readNumber, registerDecisions, show } from '../decisions.ts';
import type { CommandAnswer, Decision } from '../decisions.ts';
import { readSpan } from '../instants.ts';
import { UsageError } from '../io.ts';
import { idOf } from '../keys.ts';
import type { Column } from '../output.ts';
import { lasting, when } from '../text.ts';
import { broughtKey, importOption, keepKey } from '../sender-keys.ts';

interface Monitor {
  readonly id: string;
  readonly serviceId: string;
  readonly name: string;
  readonly intervalSeconds: number;
  readonly severity: number;
  readonly status: string;
  readonly beats: number;
  readonly lastBeatAt: string | null;
  readonly dueAt: string | null;
}
type NewMonitor = Monitor & { readonly key: string | null; readonly path: string | null };

const path = '/v1/heartbeat-monitors';
const columns: readonly Column<Monitor>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'status', value: ({ status }) => status, style: ({ status }) => (status === 'missed' ? 'bad' : null) },
  { title: 'every', value: ({ intervalSeconds }) => lasting(intervalSeconds * secondMs) },
  { title: 'last beat', value: ({ lastBeatAt }) => when(lastBeatAt) },
  { title: 'due', value: ({ dueAt }) => when(dueAt) },
  { title: 'name', value: ({ name }) => name },
];

export const heartbeatDecisions: readonly Decision[] = [
  { name: 'pause', resource: 'pauses', text: 'page nobody until it is resumed; what a miss opened is resolved' },
  { name: 'resume', resource: 'resumptions', text: 'watch again: a whole interval begins' },
  { name: 'close', resource: 'closures', text: 'for good: its key beats no more' },
];

const secondsOf = (span: string): number => readSpan(span) / secondMs;
const severityOption = () => new Option('--severity <n>', 'of the page: 1 is the worst').argParser(readNumber);

export function registerHeartbeats(program: Command, run: Run): void {
  const group = program
    .command('heartbeat')
    .description('expected beats: whoever keeps silent for too long is paged for');

  group
    .command('create <service> <name>')
    .description('a new monitor; its key is shown once')
    .requiredOption('--every <span>', 'a beat is missed this long after the last: 60s to 30d')
    .addOption(severityOption().default(2))
    .addOption(importOption())
    .addOption(
      new Option('--out <file>', 'write the key there, readable by you alone, instead of printing it').conflicts(
        'importFile',
      ),
    )
    .action(
      run<{ every: string; severity: number; importFile?: string; out?: string }>(
        async (context, options, service, name) => {
          const { api, output } = context;
          const body = {
            key: await broughtKey(context, options.importFile),
            serviceId: await idOf(api, 'service', service ?? ''),
            name,
            intervalSeconds: secondsOf(options.every),
            severity: options.severity,
          };
          const { key, path: beatPath, ...monitor } = await api.post<NewMonitor>(path, body);
          const fields: (readonly [string, string])[] = [
            ['monitor', monitor.id],
            ['status', monitor.status],
          ];
          const { shown, field } = keepKey(key, options.out);
          fields.push(field);
          const at = options.out === undefined ? { path: beatPath } : {};
          if (at.path) fields.push(['beats at', at.path]);
          output.show({ ...monitor, ...shown, ...at }, () => output.fields(fields));
        },
      ),
    );

  group
    .command('list')
    .description('monitors, newest first')
    .option('--service <service>', 'only those of one service')
    .option('--all', 'also closed ones', false)
    .action(
      run<{ service?: string; all: boolean }>(async ({ api, output }, { service, all }) => {
        const serviceId = service === undefined ? undefined : await idOf(api, 'service', service);
        const rows = await api.list<Monitor>(path, { open: !all, serviceId });
        output.show(rows, (items) => output.table(items, columns, 'No monitors.'));
      }),
    );

  group
    .command('show <monitor>')
    .description('one monitor')
    .action(
      run(async ({ api, output }, _options, id) => {
        const monitor = await api.get<Monitor>(`${path}/${encodeURIComponent(id ?? '')}`);
        output.show(monitor, (row) =>
          output.fields([
            ['monitor', row.id],
            ['name', row.name],
            ['status', row.status],
            ['every', lasting(row.intervalSeconds * secondMs)],
            ['severity', row.severity],
            ['beats', row.beats],
            ['last beat', when(row.lastBeatAt)],
            ['due', when(row.dueAt)],
            ['service', row.serviceId],
          ]),
        );
      }),
    );

  registerDecisions(group, run, path, 'monitor', heartbeatDecisions);

  group
    .command('change <monitor>')
    .description('another interval, counted from the last beat, or another severity')
    .option('--every <span>', 'the new interval: 60s to 30d')
    .addOption(severityOption())
    .action(
      run<{ every?: string; severity?: number }>(async (context, { every, severity }, id) => {
        if (every === undefined && severity === undefined) throw new UsageError('name --every, --severity or both');
        const own = `${path}/${encodeURIComponent(id ?? '')}`;
        const { etag } = await context.api.read<Monitor>(own);
        const body = {
          ...(every === undefined ? {} : { intervalSeconds: secondsOf(every) }),
          ...(severity === undefined ? {} : { severity }),
        };
        show(context, await context.api.post<CommandAnswer>(`${own}/changes`, body, { etag }));
      }),
    );

  group
    .command('beat')
    .description('beat once, as a sender does; needs the key and no token')
    .requiredOption('--key-file <file>', 'holds the key; - reads standard input')
    .action(
      run<{ keyFile: string }>(async ({ apiWith, output, text }, { keyFile }) => {
        const key = (await text(keyFile)).trim();
        const answer = await apiWith(null).post<{ status: string }>(`/v1/heartbeats/${encodeURIComponent(key)}`);
        output.show(answer, () => 'beat');
      }),
    );
}
