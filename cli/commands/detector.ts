import { Option } from 'commander';
import type { Command } from 'commander';
import type { Run } from '../context.ts';
import { UsageError } from '../io.ts';
import { idOf } from '../keys.ts';
import type { Column } from '../output.ts';
import { clean, when } from '../text.ts';

interface Detector {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly harm: string;
  readonly severity: number;
  readonly title: string;
}
interface Version {
  readonly id: string;
  readonly number: number;
  readonly maturity: string;
  readonly mode: string;
  readonly threshold: number;
  readonly retiredAt: string | null;
  readonly sweeps?: {
    readonly lastRunAt: string | null;
    readonly lastStatus: string | null;
    readonly lastErrorCode: string | null;
    readonly runs: number;
    readonly failures: number;
  } | null;
}
interface Precision {
  readonly detectorVersionId: string;
  readonly decided: number;
  readonly violations: number;
  readonly observed: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
}

const path = '/v1/detectors';
const columns: readonly Column<Detector>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'key', value: ({ key }) => key },
  { title: 'kind', value: ({ kind }) => kind },
  { title: 'harm', value: ({ harm }) => harm },
  { title: 'severity', value: ({ severity }) => severity },
  { title: 'title', value: ({ title }) => title },
];

export function registerDetectors(program: Command, run: Run): void {
  const group = program.command('detector').description('what looks for abuse, and how well it does');

  group
    .command('list')
    .description('detectors, newest first')
    .action(
      run(async ({ api, output }) => {
        const rows = await api.list<Detector>(path);
        output.show(rows, (items) => output.table(items, columns, 'No detectors.'));
      }),
    );

  group
    .command('show <detector>')
    .description('one detector with its versions and their sweeps')
    .action(
      run(async ({ api, output }, _options, id) => {
        const detectorId = await idOf(api, 'detector', id);
        const detector = await api.get<Detector>(`${path}/${detectorId}`);
        const { items } = await api.get<{ items: readonly Version[] }>(`${path}/${detectorId}/versions`);
        const versions = await Promise.all(
          items.map((version) => api.get<Version>(`/v1/detector-versions/${version.id}`)),
        );
        output.show({ ...detector, versions }, (row) =>
          [
            output.paint('bold', clean(row.title)),
            output.fields([
              ['detector', row.id],
              ['key', row.key],
              ['kind', row.kind],
              ['harm', row.harm],
              ['severity', row.severity],
            ]),
            '',
            output.table(
              row.versions,
              [
                { title: 'version', value: (version) => version.id },
                { title: 'number', value: (version) => version.number },
                { title: 'maturity', value: (version) => version.maturity },
                { title: 'mode', value: (version) => (version.retiredAt === null ? version.mode : 'retired') },
                { title: 'threshold', value: (version) => version.threshold },
                { title: 'last sweep', value: ({ sweeps }) => when(sweeps?.lastRunAt) },
                {
                  title: 'became',
                  value: ({ sweeps }) =>
                    sweeps?.lastErrorCode ? `${sweeps.lastStatus}: ${sweeps.lastErrorCode}` : sweeps?.lastStatus,
                  style: ({ sweeps }) => (sweeps?.failures ? 'bad' : null),
                },
              ],
              'No versions.',
            ),
          ].join('\n'),
        );
      }),
    );

  group
    .command('precision <detector-or-version>')
    .description('how often people agreed with it, with its 95 % interval; nothing decided is unmeasured, not good')
    .action(
      run(async ({ api, output }, _options, id) => {
        const versions = id.startsWith('dtv_')
          ? [id]
          : (
              await api.get<{ items: readonly Version[] }>(`${path}/${await idOf(api, 'detector', id)}/versions`)
            ).items.map((version) => version.id);
        const rows = await Promise.all(
          versions.map((version) =>
            api.get<Precision>(`/v1/detector-versions/${encodeURIComponent(version)}/precision`),
          ),
        );
        output.show(rows, (items) =>
          output.table(
            items,
            [
              { title: 'version', value: ({ detectorVersionId }) => detectorVersionId },
              { title: 'decided', value: ({ decided }) => decided },
              { title: 'violations', value: ({ violations }) => violations },
              {
                title: 'precision',
                value: ({ observed }) => (observed === null ? 'unmeasured' : share(observed)),
                style: ({ observed }) => (observed === null ? 'warn' : null),
              },
              {
                title: '95 %',
                value: ({ interval }) =>
                  interval === null ? null : `${share(interval.low)} to ${share(interval.high)}`,
              },
            ],
            'No versions.',
          ),
        );
      }),
    );

  group
    .command('set-maturity <version>')
    .description('what the findings of a version may do: M0 off to M4 live; a person answers for it')
    .addOption(
      new Option('--to <maturity>', 'the maturity').choices(['M0', 'M1', 'M2', 'M3', 'M4']).makeOptionMandatory(),
    )
    .requiredOption('--note <text>', 'why')
    .action(
      run<{ to: string; note: string }>(async ({ api, output }, body, id) => {
        const version = await api.post<Version>(
          `/v1/detector-versions/${encodeURIComponent(id)}/maturity-changes`,
          body,
        );
        output.show(version, ({ maturity, mode }) => `${id} is ${maturity}: ${mode}`);
      }),
    );

  group
    .command('add-version <detector>')
    .description('what exactly runs next: a definition and a threshold')
    .requiredOption('--file <file>', 'definition, threshold and maturity as JSON; - reads standard input')
    .action(
      run<{ file: string }>(async (context, { file }, id) => {
        const body = await context.document(file);
        if (body === null || typeof body !== 'object') throw new UsageError('the document must be a JSON object');
        const version = await context.api.post<Version>(
          `${path}/${await idOf(context.api, 'detector', id)}/versions`,
          body,
        );
        context.output.show(version, (row) => `version ${row.number}: ${row.id}, ${row.maturity} (${row.mode})`);
      }),
    );

  group
    .command('retire <version>')
    .description('a version runs no more')
    .action(
      run(async ({ api, output }, _options, id) => {
        const version = await api.post<Version>(`/v1/detector-versions/${encodeURIComponent(id)}/retirements`);
        output.show(version, ({ retiredAt }) => `${id} is retired since ${when(retiredAt)}`);
      }),
    );
}

const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
