import type { Command } from 'commander';
import { refusalReasons, reversalReasons } from '#domain/enforcement/order.ts';
import type { Run } from '../context.ts';
import { registerDecisions } from '../decisions.ts';
import type { Decision } from '../decisions.ts';
import { namesOf } from '../names.ts';
import type { Column, Style } from '../output.ts';
import { clean, lasting, when } from '../text.ts';

interface Order {
  readonly id: string;
  readonly caseId: string;
  readonly accountRef: string;
  readonly action: string;
  readonly durationMs: number | null;
  readonly decidedBy: string;
  readonly approvedBy: string | null;
  readonly version: number;
  readonly status: string;
  readonly openedAt: string;
  readonly endsAt: string | null;
}
interface Detailed extends Order {
  readonly actions: readonly {
    readonly operation: string;
    readonly action: string;
    readonly status: string;
    readonly attempts: number;
    readonly startedAt: string;
    readonly settledAt: string | null;
  }[];
  readonly notices: readonly { readonly kind: string; readonly status: string; readonly sentAt: string | null }[];
}

const path = '/v1/enforcement-orders';
const styleOf = (status: string): Style | null =>
  /failed|stopped/.test(status) ? 'bad' : /awaiting|applying|lifting/.test(status) ? 'warn' : null;
const columns: readonly Column<Order>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'status', value: ({ status }) => status, style: ({ status }) => styleOf(status) },
  { title: 'action', value: ({ action }) => action },
  { title: 'for', value: ({ durationMs }) => (durationMs === null ? 'ever' : lasting(durationMs)) },
  { title: 'opened', value: ({ openedAt }) => when(openedAt) },
  { title: 'ends', value: ({ endsAt }) => when(endsAt) },
  { title: 'account', value: ({ accountRef }) => accountRef },
];

/** What people do to an order. */
export const orderDecisions: readonly Decision[] = [
  { name: 'approve', resource: 'approvals', text: 'agree to an order that needs four eyes' },
  {
    name: 'refuse',
    resource: 'refusals',
    text: 'refuse it',
    fields: [{ flag: '--reason <code>', text: 'why', field: 'reasonCode', of: refusalReasons }],
  },
  {
    name: 'reverse',
    resource: 'reversals',
    text: 'undo it',
    fields: [{ flag: '--reason <code>', text: 'why', field: 'reasonCode', of: reversalReasons }],
  },
  { name: 'make-permanent', resource: 'permanence', text: 'let it hold without an end' },
  { name: 'retry', resource: 'retries', text: 'try again what failed' },
  { name: 'settle-by-hand', resource: 'settlements-by-hand', text: 'say that what is parked was done outside Vigil' },
];

export function registerOrders(program: Command, run: Run): void {
  const group = program
    .command('order')
    .description('what the platform is told to do about an account, and what came of it');

  group
    .command('list')
    .description('enforcement orders, newest first')
    .option('--open', 'only those that are not over', false)
    .option('--case <id>', 'only those of one case')
    .option('--limit <n>', 'at most this many', '50')
    .action(
      run<{ open: boolean; case?: string; limit: string }>(async ({ api, output }, options) => {
        const rows = await api.list<Order>(path, { open: options.open, caseId: options.case }, Number(options.limit));
        output.show(rows, (items) => output.table(items, columns, 'No orders.'));
      }),
    );

  group
    .command('show <order>')
    .description('one order with each call to the platform and each notice')
    .action(
      run(async ({ api, output }, _options, id) => {
        const order = await api.get<Detailed>(`${path}/${encodeURIComponent(id)}`);
        const nameOf = output.isJson ? (one: string) => one : await namesOf(api, [order.decidedBy, order.approvedBy]);
        output.show(order, (row) =>
          [
            output.paint('bold', clean(row.action.replaceAll('_', ' '))),
            output.fields([
              ['order', row.id],
              ['status', row.status],
              ['account', row.accountRef],
              ['for', row.durationMs === null ? 'ever' : lasting(row.durationMs)],
              ['ends', row.endsAt === null ? undefined : when(row.endsAt)],
              ['decided by', nameOf(row.decidedBy)],
              ['approved by', row.approvedBy === null ? undefined : nameOf(row.approvedBy)],
              ['case', row.caseId],
              ['version', row.version],
            ]),
            '',
            output.table(
              row.actions,
              [
                { title: 'called', value: (action) => when(action.startedAt) },
                { title: 'operation', value: (action) => action.operation },
                { title: 'became', value: (action) => action.status },
                { title: 'attempts', value: (action) => action.attempts },
              ],
              'The platform was not called yet.',
            ),
            '',
            output.table(
              row.notices,
              [
                { title: 'notice', value: (notice) => notice.kind },
                { title: 'became', value: (notice) => notice.status },
                { title: 'sent', value: (notice) => when(notice.sentAt) },
              ],
              'No notices.',
            ),
          ].join('\n'),
        );
      }),
    );

  registerDecisions(group, run, path, 'order', orderDecisions);
}
