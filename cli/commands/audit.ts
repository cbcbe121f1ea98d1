import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { AuditEvent } from '#domain/audit/event.ts';
import { readTemporalAddress } from '#config/env.ts';
import { bundleSha256, bundleText } from '../audit-bundle.ts';
import type { LeftOut } from '../audit-bundle.ts';
import { readChain } from '../audit-chains.ts';
import type { BundleFault } from '../audit-fault.ts';
import type { Verification } from '../audit-verify.ts';
import { readText } from '../context.ts';
import type { Context, Run } from '../context.ts';
import { readNumber } from '../decisions.ts';
import { exitCodes } from '../exit-codes.ts';
import { AwayError } from '../http.ts';
import { UsageError } from '../io.ts';
import { namesOf } from '../names.ts';
import type { Column } from '../output.ts';
import { when } from '../text.ts';

export function registerAudit(program: Command, run: Run): void {
  const group = program.command('audit').description('who did what, on which version and why; and proving it');

  group
    .command('timeline <kind> <id>')
    .description('the audit events of a launch, case, enforcement, escalation, canary or anything that is configured')
    .action(run((context, _options, kind, id) => showTimeline(context, kind, id)));

  group
    .command('export <kind> <id>')
    .description('one file: the events of this and all that it caused, and the raw histories of their workflows')
    .requiredOption('--out <file>', 'where to; must not exist')
    .option('--at-most <n>', 'aggregates beside the first; what is beyond is named', readNumber, 1_000)
    .option('--no-histories', 'leave the histories out, which need Temporal at TEMPORAL_ADDRESS')
    .action(
      run<{ out: string; atMost: number; histories: boolean }>(async (context, options, kind, id) => {
        const { output } = context;
        if (existsSync(options.out)) throw new UsageError(`${options.out} is there already`);
        // Loaded here alone: a Temporal client takes longer to read than most commands take.
        const { connectTemporal } = await import('#gateway/temporal.ts');
        const { exportBundle, historiesFrom } = await import('../audit-export.ts');
        const temporal = options.histories
          ? connectTemporal(readTemporalAddress(context.io.environment), 'vigil-cli')
          : null;
        try {
          await temporal?.client.connection.ensureConnected().catch((cause: unknown) => {
            throw new AwayError(`Temporal did not answer: ${(cause as Error).message}`, cause);
          });
          const bundle = await exportBundle({
            api: context.api,
            histories: temporal && historiesFrom(temporal.client),
            root: { kind, id },
            atMost: options.atMost,
            now: Date.now(),
          });
          const text = bundleText(bundle);
          writeFileSync(options.out, text, { flag: 'wx', mode: 0o600 });
          const { parts, leftOut } = bundle.manifest;
          const result = { file: options.out, sha256: bundleSha256(text), parts: parts.length, leftOut };
          output.show(result, ({ file, sha256 }) =>
            [
              output.fields([
                ['file', file],
                ['parts', parts.length],
                ['sha256', sha256],
              ]),
              ...(leftOut.length === 0 ? [] : ['', leftOutTable(context, leftOut)]),
              '',
              output.paint(
                'dim',
                'Keep the hash elsewhere: with it, verify --expect also finds a bundle that was replaced as a whole.',
              ),
            ].join('\n'),
          );
        } finally {
          await temporal?.close();
        }
      }),
    );

  group
    .command('verify')
    .description('check a bundle offline: chains, hashes, and that the shipped workflow code leads to each history')
    .requiredOption('--file <file>', 'the bundle')
    .option('--expect <sha256>', 'the hash that was kept elsewhere when it was exported')
    .action(
      run<{ file: string; expect?: string }>(async (context, { file, expect }) => {
        const text = readText(file);
        const { quietReplay, replayHistories } = await import('../audit-replay.ts');
        const { verifyBundle } = await import('../audit-verify.ts');
        quietReplay();
        const result = await verifyBundle(text, {
          replay: replayHistories,
          ...(expect === undefined ? {} : { expectedSha256: expect }),
        });
        context.output.show(result, () => verificationText(context, result));
        return result.faults.length === 0 ? exitCodes.done : exitCodes.auditFault;
      }),
    );
}

async function showTimeline({ api, output }: Context, kind: string, id: string): Promise<void> {
  const { events } = await readChain(api, { kind, id });
  const nameOf = output.isJson
    ? (one: string) => one
    : await namesOf(
        api,
        events.map(({ actorId }) => actorId),
      );
  const columns: readonly Column<AuditEvent>[] = [
    { title: 'seq', value: ({ seq }) => seq },
    { title: 'at', value: ({ at }) => when(at) },
    { title: 'version', value: ({ version }) => version },
    {
      title: 'who',
      value: ({ actorId, actorKind }) =>
        actorKind === 'person' ? nameOf(actorId) : `${nameOf(actorId)} (${actorKind})`,
    },
    {
      title: 'did',
      value: ({ action }) => action,
      style: ({ action }) => (/\.(refused|failed)$/.test(action) ? 'warn' : null),
    },
    { title: 'because', value: ({ reason }) => reason ?? '' },
  ];
  output.show(events, (rows) => output.table(rows, columns, 'No events.'));
}

function leftOutTable({ output }: Context, leftOut: readonly LeftOut[]): string {
  return output.table(
    leftOut,
    [
      { title: 'left out', value: ({ part }) => part },
      { title: 'of', value: ({ kind, id }) => `${kind} ${id}` },
      { title: 'because', value: ({ reason }) => reason.replaceAll('_', ' '), style: () => 'warn' },
    ],
    '',
  );
}

function verificationText(
  context: Context,
  { faults, sha256, manifest, chains, events, histories }: Verification,
): string {
  const { output } = context;
  const head = output.fields([
    [
      'bundle of',
      manifest === null
        ? undefined
        : `${manifest.root.kind} ${manifest.root.id}, exported ${when(manifest.exportedAt)}`,
    ],
    ['chains', `${chains} with ${events} events`],
    ['histories', histories],
    ['sha256', sha256],
  ]);
  const left = manifest === null || manifest.leftOut.length === 0 ? [] : ['', leftOutTable(context, manifest.leftOut)];
  if (faults.length === 0)
    return [
      head,
      ...left,
      '',
      output.paint('good', 'It verifies: nothing was changed, and the code leads to each history.'),
    ].join('\n');
  const columns: readonly Column<BundleFault>[] = [
    { title: 'fault', value: ({ code }) => code, style: () => 'bad' },
    {
      title: 'where',
      value: ({ aggregate, part }) =>
        aggregate === null ? (part ?? 'the bundle') : `${aggregate.kind} ${aggregate.id}`,
    },
    { title: 'seq', value: ({ seq }) => seq },
    { title: 'what', value: ({ detail }) => detail },
  ];
  return [head, ...left, '', output.table(faults, columns, ''), '', output.paint('bad', 'It does not verify.')].join(
    '\n',
  );
}
