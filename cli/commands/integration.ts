import { Option } from 'commander';
import type { Command } from 'commander';
import { integrationKinds } from '#domain/intake/integration.ts';
import type { Run } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { idOf } from '../keys.ts';
import type { Output } from '../output.ts';
import { when } from '../text.ts';
import { broughtKey, importOption, keepKey } from '../sender-keys.ts';

interface Integration {
  readonly id: string;
  readonly serviceId: string;
  readonly kind: string;
  readonly name: string;
  readonly version: number;
  readonly disabledAt: string | null;
}
interface Key {
  readonly id: string;
  readonly createdAt: string;
}
/** Null: a key that was brought is not given back. */
type NewKey = Key & { readonly key: string | null };
interface Trial {
  readonly reports: readonly {
    readonly action: string;
    readonly dedupKey: string;
    readonly serviceId: string;
    readonly severity: number | null;
    readonly title: string | null;
    readonly labels: Readonly<Record<string, string>>;
    readonly firing: number | null;
    readonly resolved: number | null;
    readonly leftOut: number | null;
  }[];
  readonly refusal: { readonly title: string; readonly errors: readonly { pointer: string; detail: string }[] } | null;
}

const path = '/v1/integrations';
const own = (id: string): string => `${path}/${encodeURIComponent(id)}`;
const outOption = () =>
  new Option('--out <file>', 'write the key there, readable by you alone, instead of printing it').conflicts(
    'importFile',
  );

/** Where senders of each kind send; what stands for the key is not the key. */
const addresses: Readonly<Record<string, string>> = {
  alertmanager: '/v1/intake/alertmanager/KEY',
  grafana: '/v1/intake/grafana/KEY',
  generic: '/v1/intake/generic/KEY',
  opsgenie: '/v2/alerts, with Authorization: GenieKey KEY',
  pagerduty_events_v2: '/v2/enqueue, with routing_key KEY',
};

export function registerIntegrations(program: Command, run: Run): void {
  const group = program.command('integration').description('senders that may report on a service, and their keys');

  group
    .command('create <service> <name>')
    .description('a new sender; its key is shown once')
    .addOption(new Option('--kind <kind>', 'what it speaks').choices([...integrationKinds]).makeOptionMandatory())
    .option('--document <file>', 'how its reports are read and where they go, as JSON; - reads standard input')
    .addOption(importOption())
    .addOption(outOption())
    .action(
      run<{ kind: string; document?: string; importFile?: string; out?: string }>(
        async (context, options, service, name) => {
          const { api, output } = context;
          const document = options.document === undefined ? undefined : await context.document(options.document);
          const key = await broughtKey(context, options.importFile);
          const of = await idOf(api, 'service', service ?? '');
          const body = { kind: options.kind, name, document, key };
          const { key: made, ...row } = await api.post<Integration & { key: NewKey }>(
            `/v1/services/${of}/integrations`,
            body,
          );
          const fields: (readonly [string, string])[] = [['integration', row.id]];
          const address = addresses[row.kind];
          if (address !== undefined) fields.push(['sends to', address]);
          showKey(output, { ...row }, fields, made, options.out);
        },
      ),
    );

  group
    .command('list <service>')
    .description('senders of a service, newest first')
    .action(
      run(async ({ api, output }, _options, service) => {
        const rows = await api.list<Integration>(
          `/v1/services/${await idOf(api, 'service', service ?? '')}/integrations`,
        );
        const columns = [
          { title: 'id', value: ({ id }: Integration) => id },
          { title: 'kind', value: ({ kind }: Integration) => kind },
          { title: 'version', value: ({ version }: Integration) => version },
          { title: 'disabled', value: ({ disabledAt }: Integration) => disabledAt !== null },
          { title: 'name', value: ({ name }: Integration) => name },
        ];
        output.show(rows, (items) => output.table(items, columns, 'No integrations.'));
      }),
    );

  group
    .command('show <integration>')
    .description('one sender, its document and its keys')
    .action(
      run(async ({ api, output }, _options, id) => {
        const row = await api.get<Integration & { document: object; keys: readonly Key[] }>(own(id ?? ''));
        output.show(row, ({ document, keys, ...one }) =>
          [
            output.fields([
              ['integration', one.id],
              ['kind', one.kind],
              ['name', one.name],
              ['service', one.serviceId],
              ['disabled', one.disabledAt === null ? undefined : when(one.disabledAt)],
              ...keys.map(({ id: keyId, createdAt }) => ['key', `${keyId}, made ${when(createdAt)}`] as const),
            ]),
            JSON.stringify(document, null, 2),
          ].join('\n'),
        );
      }),
    );

  group
    .command('change <integration>')
    .description('another document: how its reports are read and where they go')
    .requiredOption('--document <file>', 'the whole document as JSON; - reads standard input')
    .action(
      run<{ document: string }>(async (context, { document: file }, id) => {
        const { etag } = await context.api.read<Integration>(own(id ?? ''));
        const row = await context.api.put<Integration>(own(id ?? ''), { document: await context.document(file) }, etag);
        context.output.show(row, ({ version }) => `changed: ${row.id}, version ${version}`);
      }),
    );

  group
    .command('try <integration>')
    .description('show what a body would become; nothing is stored and nobody is paged')
    .requiredOption('--file <file>', 'the body as the sender would send it; - reads standard input')
    .option('--document <file>', "a document to try instead of the integration's own")
    .action(
      run<{ file: string; document?: string }>(async (context, { file, document }, id) => {
        const tried = {
          body: await context.document(file),
          ...(document === undefined ? {} : { document: await context.document(document) }),
        };
        const trial = await context.api.post<Trial>(`${own(id ?? '')}/mapping-trials`, tried);
        context.output.show(trial, (shown) => trialText(context.output, shown));
        return trial.refusal === null ? exitCodes.done : exitCodes.refused;
      }),
    );

  group
    .command('new-key <integration>')
    .description('a second key, so that senders can move to it; shown once, unless it is one that they have already')
    .addOption(importOption())
    .addOption(outOption())
    .action(
      run<{ importFile?: string; out?: string }>(async (context, { importFile, out }, id) => {
        const key = await broughtKey(context, importFile);
        const body = key === undefined ? undefined : { key };
        showKey(context.output, {}, [], await context.api.post<NewKey>(`${own(id ?? '')}/keys`, body), out);
      }),
    );

  group
    .command('revoke-key <integration> <key-id>')
    .description('whoever still shows it is turned away')
    .action(
      run(async ({ api, output }, _options, id, keyId) => {
        await api.delete(`${own(id ?? '')}/keys/${encodeURIComponent(keyId ?? '')}`);
        output.show({ id: keyId, revoked: true }, () => `revoked: ${keyId}`);
      }),
    );

  group
    .command('disable <integration>')
    .description('for good: all its keys are turned away')
    .action(
      run(async ({ api, output }, _options, id) => {
        const { serviceId } = await api.get<Integration>(own(id ?? ''));
        await api.delete(`/v1/services/${serviceId}/integrations/${encodeURIComponent(id ?? '')}`);
        output.show({ id, disabled: true }, () => `disabled: ${id}`);
      }),
    );
}

function showKey(
  output: Output,
  row: object,
  fields: readonly (readonly [string, string])[],
  { key, ...rest }: NewKey,
  out: string | undefined,
): void {
  const { shown, field } = keepKey(key, out);
  output.show({ ...row, key: { ...rest, ...shown } }, () => output.fields([...fields, ['key id', rest.id], field]));
}

function trialText(output: Output, { reports, refusal }: Trial): string {
  if (refusal !== null)
    return [
      `refused: ${refusal.title}`,
      ...refusal.errors.map(({ pointer, detail }) => `  ${pointer}: ${detail}`),
    ].join('\n');
  if (reports.length === 0) return 'No alert is in it.';
  const texts = reports.map((report) =>
    output.fields([
      [report.action, report.title ?? undefined],
      ['severity', report.severity ?? undefined],
      ['dedup key', report.dedupKey],
      ['service', report.serviceId],
      [
        'group',
        report.firing === null
          ? undefined
          : `${report.firing} firing, ${report.resolved} resolved, ${report.leftOut} left out`,
      ],
      ...Object.entries(report.labels).map(([name, value]) => [`label ${name}`, value] as const),
    ]),
  );
  return texts.join('\n\n');
}
