import type { Command } from 'commander';
import type { Context, Run } from '../context.ts';
import { note, registerDecisions, seenVersion, show } from '../decisions.ts';
import type { CommandAnswer, Decision } from '../decisions.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { idOf } from '../keys.ts';
import { namesOf } from '../names.ts';
import type { Column, Style } from '../output.ts';
import { clean, when } from '../text.ts';
import { registerEscalationMetrics } from './on-call-reports.ts';

interface Escalation {
  readonly id: string;
  readonly serviceId: string;
  readonly title: string;
  readonly severity: number;
  readonly status: string;
  readonly version: number;
  readonly alertCount: number;
  readonly previousId: string | null;
  readonly isDrill: boolean;
  readonly openedAt: string;
  readonly acknowledgedAt: string | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: string | null;
}
interface Delivery {
  readonly pass: number;
  readonly rung: number;
  readonly personId: string;
  readonly channel: string;
  readonly status: string;
  readonly attempts: number;
  readonly possibleDuplicate: boolean;
  readonly errorCode: string | null;
  readonly startedAt: string;
}
interface Related {
  readonly id: string;
  readonly relation: string;
  readonly title: string;
  readonly status: string;
  readonly openedAt: string;
}
interface Timeline {
  readonly entries: readonly { readonly at: string; readonly version: number | null; readonly text: string }[];
  readonly related: readonly Related[];
  readonly changes: readonly { readonly happenedAt: string; readonly summary: string }[];
}
interface Mirror {
  readonly kind: string;
  readonly target: string;
  readonly shownVersion: number;
  readonly shownStatus: string | null;
  readonly errorCode: string | null;
}
type Detailed = Escalation & { readonly deliveries: readonly Delivery[]; readonly mirrors: readonly Mirror[] };

const path = '/v1/escalations';
const columns: readonly Column<Escalation>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'severity', value: ({ severity }) => severity, style: ({ severity }) => (severity === 1 ? 'bad' : null) },
  {
    title: 'status',
    value: ({ status, isDrill }) => (isDrill ? `${status} (drill)` : status),
    style: ({ status }) => styleOf(status),
  },
  { title: 'opened', value: ({ openedAt }) => when(openedAt) },
  { title: 'alerts', value: ({ alertCount }) => alertCount },
  { title: 'title', value: ({ title }) => title },
];
const relatedColumns: readonly Column<Related>[] = [
  { title: 'related', value: ({ relation }) => relation.replaceAll('_', ' ') },
  { title: 'id', value: ({ id }) => id },
  { title: 'status', value: ({ status }) => status, style: ({ status }) => styleOf(status) },
  { title: 'opened', value: ({ openedAt }) => when(openedAt) },
  { title: 'title', value: ({ title }) => title },
];
const mirrorColumns: readonly Column<Mirror>[] = [
  { title: 'shown in', value: ({ kind }) => kind },
  { title: 'as', value: ({ target }) => target },
  {
    title: 'shows',
    value: ({ shownStatus, shownVersion }) => (shownStatus === null ? '-' : `${shownStatus} (version ${shownVersion})`),
  },
  { title: 'hindered by', value: ({ errorCode }) => errorCode ?? '', style: () => 'warn' },
];
const styleOf = (status: string): Style | null =>
  status === 'acknowledged' || status === 'resolved'
    ? 'good'
    : status === 'triggered' || status === 'exhausted'
      ? 'bad'
      : 'warn';

/** Escalations: reading them, and everything that a person can do about one. */
/** What people do to an escalation beside `ack`, which can do without an id. */
export const escalationDecisions: readonly Decision[] = [
  {
    name: 'unack',
    resource: 'unacknowledgements',
    text: 'take an acknowledgement back: paging goes on',
    fields: [note, seenVersion],
  },
  { name: 'escalate', resource: 'escalations', text: 'page the next rung now', fields: [note, seenVersion] },
  {
    name: 'snooze',
    resource: 'snoozes',
    text: 'no pages until then, then the ladder begins again',
    fields: [
      { flag: '--until <time>', text: 'an instant, or from now: 30m, 8h', field: 'until', kind: 'instant' },
      note,
      seenVersion,
    ],
  },
  { name: 'resolve', resource: 'resolutions', text: 'it is over', fields: [note, seenVersion] },
  {
    name: 'reassign',
    resource: 'reassignments',
    text: 'to a person, or to the policy of another service',
    fields: [
      { flag: '--person <id>', text: 'who takes it', field: 'personId' },
      { flag: '--service <id>', text: 'whose policy takes it', field: 'serviceId' },
      note,
      seenVersion,
    ],
  },
  {
    name: 'add-responder',
    resource: 'responders',
    text: 'page one more person, without taking it from anyone',
    fields: [
      { flag: '--person <id>', text: 'whom', field: 'personId' },
      { flag: '--shadow', text: 'to learn: need not acknowledge', field: 'shadow', kind: 'flag' },
      note,
      seenVersion,
    ],
  },
  {
    name: 'stop-pages',
    resource: 'page-stops',
    text: 'no more pages to me about it; others are still paged',
    fields: [note, seenVersion],
  },
  {
    name: 'move-to-current-policy',
    resource: 'policy-moves',
    text: 'go on under the newest version of its policy',
    fields: [note, seenVersion],
  },
];

export function registerEscalations(program: Command, run: Run): void {
  const group = program.command('escalation').alias('esc').description('who is being woken for what, and answering it');
  registerEscalationMetrics(group, run);

  group
    .command('list')
    .description('escalations, newest first')
    .option('--open', 'only those that are open', false)
    .option('--service <id-or-key>', 'only those of one service')
    .option('--limit <n>', 'at most this many', '50')
    .action(
      run<{ open: boolean; service?: string; limit: string }>(async ({ api, output }, { open, service, limit }) => {
        const rows = await api.list<Escalation>(
          path,
          { open, serviceId: service === undefined ? undefined : await idOf(api, 'service', service) },
          Number(limit),
        );
        output.show(rows, (items) => output.table(items, columns, 'No escalations.'));
      }),
    );

  group
    .command('show <escalation>')
    .description('one escalation with the pages that left')
    .action(
      run(async (context, _options, id) =>
        showOne(context, await context.api.get<Detailed>(`${path}/${encodeURIComponent(id)}`)),
      ),
    );

  group
    .command('timeline <escalation>')
    .description(
      'its whole story: who was paged by which rule, what became of it, who decided what; and what is related',
    )
    .action(
      run(async ({ api, output }, _options, id) => {
        const story = await api.get<Timeline>(`${path}/${encodeURIComponent(id)}/timeline`);
        output.show(story, ({ entries, related, changes }) =>
          [
            ...entries.map(({ at, version, text }) =>
              clean(`${at}  ${(version === null ? '-' : `v${version}`).padEnd(5)} ${text}`),
            ),
            ...(changes.length === 0 ? [] : ['', 'Changes of the service:']),
            ...changes.map(({ happenedAt, summary }) => clean(`${happenedAt}  ${summary}`)),
            ...(related.length === 0 ? [] : ['', output.table(related, relatedColumns, '')]),
          ].join('\n'),
        );
      }),
    );

  group
    .command('ack [escalation]')
    .description('acknowledge: no further page leaves. Without an id: the only open one that paged me')
    .option('--note <text>', note.text)
    .option('--seen-version <n>', seenVersion.text)
    .action(
      run<{ note?: string; seenVersion?: string }>(async (context, options, given?: string) => {
        const id = given ?? (await onlyOneThatPagedMe(context));
        if (typeof id === 'number') return id;
        const body = {
          note: options.note,
          ...(options.seenVersion === undefined ? {} : { seenVersion: Number(options.seenVersion) }),
        };
        show(
          context,
          await context.api.post<CommandAnswer>(`${path}/${encodeURIComponent(id)}/acknowledgements`, body),
        );
        return exitCodes.done;
      }),
    );

  registerDecisions(group, run, path, 'escalation', escalationDecisions);

  group
    .command('restart <escalation>')
    .description('let one whose workflow was stopped in Temporal, or lost by it, go on where it stood')
    .option('--from-record', 'from the state that was recorded last: after a restore of Postgres', false)
    .action(
      run<{ fromRecord: boolean }>(async ({ api, output }, { fromRecord }, id) => {
        const body = { from: fromRecord ? 'record' : 'history' };
        const restarted = await api.post<{ endedAs: string }>(`${path}/${encodeURIComponent(id)}/restarts`, body);
        output.show(restarted, ({ endedAs }) => `It goes on. Its workflow was ${endedAs}.`);
      }),
    );
}

/** The one open escalation that paged the caller and that nobody has acknowledged; else says which there are. */
async function onlyOneThatPagedMe({ api, output, io }: Context): Promise<string | ExitCode> {
  const me = await api.get<{ id: string }>('/v1/me');
  const open = (await api.list<Escalation>(path, { open: true }, 50)).filter(({ status }) => status !== 'acknowledged');
  const detailed = await Promise.all(open.map(({ id }) => api.get<Detailed>(`${path}/${id}`)));
  const mine = detailed.filter(({ deliveries }) => deliveries.some(({ personId }) => personId === me.id));
  const [only] = mine;
  if (only && mine.length === 1) return only.id;
  if (!only) {
    io.err('vigil: no open escalation has paged you. "vigil escalation list --open" lists all.\n');
    return exitCodes.notFound;
  }
  output.show(mine, (items) => output.table(items, columns, ''));
  io.err(`vigil: ${mine.length} open escalations have paged you: name the one that you take.\n`);
  return exitCodes.usage;
}

async function showOne({ api, output }: Context, value: Detailed): Promise<void> {
  const nameOf = output.isJson
    ? (id: string) => id
    : await namesOf(api, [value.acknowledgedBy, ...value.deliveries.map(({ personId }) => personId)]);
  const pages: readonly Column<Delivery>[] = [
    { title: 'paged at', value: ({ startedAt }) => when(startedAt) },
    { title: 'rung', value: ({ pass, rung }) => `${rung + 1} (pass ${pass + 1})` },
    { title: 'person', value: ({ personId }) => nameOf(personId) },
    { title: 'channel', value: ({ channel }) => channel },
    { title: 'became', value: ({ status, errorCode }) => (errorCode === null ? status : `${status}: ${errorCode}`) },
    {
      title: 'attempts',
      value: ({ attempts, possibleDuplicate }) => (possibleDuplicate ? `${attempts}, maybe twice` : attempts),
    },
  ];
  output.show(value, (row) =>
    [
      output.paint('bold', clean(row.title)),
      output.fields([
        ['escalation', row.id],
        ['status', row.isDrill ? `${row.status} (drill)` : row.status],
        ['severity', row.severity],
        ['version', row.version],
        ['opened', when(row.openedAt)],
        [
          'acknowledged',
          row.acknowledgedAt === null
            ? undefined
            : `${when(row.acknowledgedAt)} by ${nameOf(row.acknowledgedBy ?? '')}`,
        ],
        ['resolved', row.resolvedAt === null ? undefined : when(row.resolvedAt)],
        ['after', row.previousId ?? undefined],
      ]),
      '',
      output.table(row.deliveries, pages, 'Nobody was paged yet.'),
      ...(row.mirrors.length === 0 ? [] : ['', output.table(row.mirrors, mirrorColumns, '')]),
    ].join('\n'),
  );
}
